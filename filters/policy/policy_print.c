#include "filters/policy/policy_print.h"

#include "filters/policy/policy_build.h"

#include <string.h>

#define LINE_SIZE 100

/* Appends |names|, separated by blanks, as a list in brackets, broken into lines. */
static void print_names(struct buffer *out, const char *key, const char *names)
{
    size_t column = strlen(key) + 7;
    buffer_printf(out, "    %s: [", key);
    for (const char *at = names; *at;) {
        size_t size = strcspn(at, " ");
        if (column + size > LINE_SIZE) {
            buffer_append_text(out, "\n      ");
            column = 6;
        }
        buffer_append(out, at, size);
        at += size + strspn(at + size, " ");
        if (*at)
            buffer_append_text(out, ", ");
        column += size + 2;
    }
    buffer_append_text(out, "]\n");
}

static void print_rule(struct buffer *out, const struct policy_names *rule)
{
    const char *comma = "";
    buffer_printf(out, "  - title: %s\n    class: %s\n    in: [", rule->title,
                  policy_class_name(rule->class));
    for (unsigned i = 0; i < POLICY_PLACES_COUNT; i++) {
        if (!(rule->places & 1u << i))
            continue;
        buffer_printf(out, "%s%s", comma, policy_place_name(i));
        comma = ", ";
    }
    buffer_append_text(out, "]\n");
    if (rule->shape != POLICY_WHOLE)
        buffer_printf(out, "    shape: %s\n", policy_shape_name(rule->shape));
    if (rule->scalar_only)
        buffer_append_text(out, "    plain_values_only: true\n");
    print_names(out, rule->stem ? "stems" : "names", rule->names);
}

void policy_print_default(struct buffer *out)
{
    enum fake_type type;
    buffer_append_text(out, "# The policy that is on where no other is given; see rehearse-policy(5).\n"
                            "# Values of cookies are credentials. Bodies are kept of JSON, urlencoded forms "
                            "and multipart without\n"
                            "# files; of every other type length and keyed digest.\n"
                            "version: 1\n"
                            "extends: none\n"
                            "otherwise: keep\n"
                            "detect:\n");
    for (unsigned class = 0; class < DETECT_CLASSES; class ++)
        buffer_printf(out, "  %s: %s\n", detect_class_name((enum detect_class) class),
                      strategy_kind_name(strategy_fake_of((enum detect_class) class, &type) ? STRATEGY_FAKE
                                                                                            : STRATEGY_HASH));
    buffer_append_text(out, "names:\n");
    for (size_t i = 0; i < policy_tables_count; i++)
        print_rule(out, &policy_tables[i]);
}
