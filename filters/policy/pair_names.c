#include "filters/policy/pair_names.h"

#include "filters/policy/policy_build.h"

#include <string.h>

/* Whether the letters and digits of |name| are one of |whole| or end in one of |ends|; both end with NULL. */
static bool is_any(struct bytes name, const char *const *whole, const char *const *ends)
{
    char key[POLICY_KEY_MAX];
    if (name.size > PAIR_NAME_MAX)
        return false;
    size_t size = policy_key(name, false, key);
    for (; *whole; whole++)
        if (strlen(*whole) == size && memcmp(*whole, key, size) == 0)
            return true;
    for (; *ends; ends++) {
        size_t end = strlen(*ends);
        if (size >= end && memcmp(*ends, key + size - end, end) == 0)
            return true;
    }
    return false;
}

bool pair_names_is_name(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        char key;
        if (!policy_key_byte(text.data[i], false, &key) && (!text.data[i] || !strchr("_-.[] ", text.data[i])))
            return false;
    }
    return text.size > 0 && text.size <= PAIR_NAME_MAX;
}

bool pair_names_name(struct bytes name)
{
    static const char *const whole[] = {"k", "n", "attr", "var", "kind", "ref", "slug", NULL};
    static const char *const ends[] = {"name",      "key",      "id",       "field",     "label",
                                       "type",      "param",    "header",   "title",     "property",
                                       "attribute", "variable", "question", "parameter", NULL};
    return is_any(name, whole, ends);
}

bool pair_names_value(struct bytes name)
{
    static const char *const whole[] = {"v", "val", "values", NULL};
    static const char *const ends[] = {"value", NULL};
    return is_any(name, whole, ends);
}
