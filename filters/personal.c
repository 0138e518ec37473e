#include "filters/personal.h"

#include "common/fast_hash.h"

#include "filters/detect/detect_chars.h"
#include "filters/detect/number_detectors.h"
#include "filters/links.h"
#include "filters/policy/policy_build.h"
#include "filters/strategy/fake.h"

#include <string.h>

void personal_done(struct personal *personal)
{
    detector_done(&personal->detector);
    explicit_bzero(personal->memos, sizeof personal->memos);
}

/* Returns whether |value| may be a number, an address or an account: most names and texts of people may not. Of an email the pseudonym is the
 * fake already. */
static bool may_look(struct bytes value)
{
    if (value.size < 7 || value.size > PERSONAL_VALUE_SIZE)
        return false;
    const uint8_t *data = value.data;
    bool account = char_is(data[2], CHAR_DIGIT) && char_is(data[3], CHAR_DIGIT) && value.size >= 15;
    return char_is(data[0], CHAR_DIGIT) || data[0] == '+' || data[0] == '(' || account ||
           (char_is(data[0], CHAR_HEX) && memchr(data, ':', 5));
}

/* Takes the digits of |value|, between which blanks and dashes may stand. Returns their number, 0 where there is anything else. */
static size_t take_digits(struct bytes value, uint8_t ret_digits[PERSONAL_VALUE_SIZE])
{
    size_t count = 0;
    for (size_t i = 0; i < value.size; i++) {
        if (char_is(value.data[i], CHAR_DIGIT))
            ret_digits[count++] = value.data[i];
        else if (value.data[i] != ' ' && value.data[i] != '-')
            return 0;
    }
    return count;
}

/* Fakes that no detector takes for what they stand for: of cards and of social security numbers, also under other keys. */
static bool is_as_faked(uint32_t hints, struct bytes value, enum detect_class *ret_class)
{
    uint8_t digits[PERSONAL_VALUE_SIZE];
    size_t count = take_digits(value, digits);
    if (count >= 12 && count <= 19 && memcmp(digits, "9999", 4) == 0) {
        *ret_class = DETECT_CARD;
        return true;
    }
    bool written =
        value.size == 11 && !char_is(value.data[3], CHAR_DIGIT) && !char_is(value.data[6], CHAR_DIGIT);
    *ret_class = DETECT_SSN;
    return count == 9 && digits[0] == '9' && (written || (hints & HINT_SSN));
}

/* Tells what all of |value|, which stands under |name|, is by its look. Returns false where it is nothing, or not all of it. */
static bool look_of(struct personal *personal, struct bytes name, struct bytes value, uint32_t classes,
                    enum detect_class *ret_class)
{
    struct detection found;
    uint32_t hints = detect_name_hints(name);
    if ((hints & HINT_PHONE) && (classes & DETECT_BIT(DETECT_PHONE)) && phone_is_plausible(value)) {
        *ret_class = DETECT_PHONE;
        return true;
    }
    if (is_as_faked(hints, value, ret_class))
        return true;
    if (detect_find(&personal->detector, value, name, classes, &found, 1) != 1 || found.size != value.size ||
        found.wrapping != WRAPPING_NONE)
        return false;
    *ret_class = found.class;
    return true;
}

/* Appends the fake of |atom| and returns the rule that it is made by, NULL where there is none. */
static const struct policy_rule *make(struct personal *personal, const struct policy *policy,
                                      const struct keys *keys, const struct atom *atom, struct buffer *out)
{
    enum detect_class class;
    if (!look_of(personal, atom->name, atom->value, policy_detect_classes(policy), &class))
        return NULL;
    const struct policy_rule *rule = policy_rule_of(policy, policy_of_detected(policy, class).rule);
    if (!rule || rule->strategy.kind != STRATEGY_FAKE)
        return NULL;
    strategy_apply(&rule->strategy, keys, atom->value, (struct bytes){0}, out);
    return rule;
}

/* Returns whether a value called |name| is somebody's date of birth. */
static bool is_birth(struct bytes name)
{
    char key[POLICY_KEY_MAX];
    size_t size = policy_key(name, false, key);
    return (size >= 3 && memcmp(key + size - 3, "dob", 3) == 0) || memmem(key, size, "birth", 5);
}

/* Appends what the date |value| of |personal|'s exchange becomes and returns the rule that says so, NULL where it is no date. */
static const struct policy_rule *put_birth(const struct personal *personal, const struct policy *policy,
                                           const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct bytes subject = personal->exchange ? links_subject(personal->exchange) : (struct bytes){0};
    return fake_make(keys, FAKE_DATE, value, subject, out) ? policy_birth_rule(policy) : NULL;
}

static bool is_of(const struct personal_memo *memo, const struct atom *atom)
{
    return memo->value_size == atom->value.size && memo->name_size == atom->name.size &&
           memcmp(memo->value, atom->value.data, atom->value.size) == 0 &&
           (atom->name.size == 0 || memcmp(memo->name, atom->name.data, atom->name.size) == 0);
}

/* Remembers that |atom| became |fake| by |rule|. */
static void learn(struct personal_memo *memo, const struct atom *atom, struct bytes fake,
                  const struct policy_rule *rule)
{
    if (fake.size > sizeof memo->fake)
        return;
    *memo = (struct personal_memo){.value_size = (uint8_t)atom->value.size,
                                   .name_size = (uint8_t)atom->name.size,
                                   .fake_size = (uint8_t)fake.size,
                                   .rule = rule};
    memcpy(memo->value, atom->value.data, atom->value.size);
    if (atom->name.size > 0)
        memcpy(memo->name, atom->name.data, atom->name.size);
    if (fake.size > 0)
        memcpy(memo->fake, fake.data, fake.size);
}

const struct policy_rule *personal_put(struct personal *personal, const struct locator *locator,
                                       const struct keys *keys, const struct atom *atom, struct buffer *out)
{
    bool by_name = !locator->found && !locator->unclear && atom->decision.rule == POLICY_NO_RULE;
    if (!by_name || atom->decision.class != POLICY_PERSONAL || atom->place == LINK_PLACE_HEADER ||
        !may_look(atom->value))
        return NULL;
    const struct policy_rule *birth =
        is_birth(atom->name) ? put_birth(personal, locator->policy, keys, atom->value, out) : NULL;
    if (birth)
        return birth;
    if (atom->name.size > PERSONAL_NAME_SIZE)
        return make(personal, locator->policy, keys, atom, out);
    struct personal_memo *memo = &personal->memos[fast_hash(atom->value) >> 20 & (PERSONAL_SLOTS - 1)];
    if (is_of(memo, atom)) {
        buffer_append(out, memo->fake, memo->fake_size);
        return memo->rule;
    }
    size_t before = out->size;
    const struct policy_rule *rule = make(personal, locator->policy, keys, atom, out);
    learn(memo, atom, rule ? bytes_make(out->data + before, out->size - before) : (struct bytes){0}, rule);
    return rule;
}
