#include "filters/personal.h"

#include "filters/detect/detect_chars.h"
#include "filters/strategy/fake.h"

#include <string.h>

#define LOOK_MAX 64 /* longer values are none of these */

void personal_done(struct personal *personal)
{
    detector_done(&personal->detector);
}

/* Returns whether |value| may be a number, an address or an account: most names and texts of people may not. The pseudonym of an email is its
 * fake already, but where it has other letters than ASCII. */
static bool may_look(struct bytes value)
{
    if (value.size < 7 || value.size > LOOK_MAX)
        return false;
    const uint8_t *data = value.data;
    if (char_is(data[0], CHAR_DIGIT) || char_is(data[1], CHAR_DIGIT) || data[0] == '+' || data[0] == '(')
        return true;
    bool account = value.size >= 15 && char_is(data[2], CHAR_DIGIT) && char_is(data[3], CHAR_DIGIT);
    uint8_t high = 0;
    for (size_t i = 0; i < value.size; i++)
        high |= data[i];
    bool email = high >= 0x80 && memchr(data, '@', value.size);
    return account || email || memchr(data, ':', value.size);
}

/* Takes the digits of |value|, between which blanks and dashes may stand. Returns their number, 0 where there is anything else. */
static size_t take_digits(struct bytes value, uint8_t ret_digits[LOOK_MAX])
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
static bool is_as_faked(struct bytes name, struct bytes value, enum detect_class *ret_class)
{
    uint8_t digits[LOOK_MAX];
    size_t count = take_digits(value, digits);
    if (count >= 12 && count <= 19 && memcmp(digits, "9999", 4) == 0) {
        *ret_class = DETECT_CARD;
        return true;
    }
    bool written =
        value.size == 11 && !char_is(value.data[3], CHAR_DIGIT) && !char_is(value.data[6], CHAR_DIGIT);
    *ret_class = DETECT_SSN;
    return count == 9 && digits[0] == '9' && (written || (detect_name_hints(name) & HINT_SSN));
}

/* Tells what all of |value|, which stands under |name|, is by its look. Returns false where it is nothing, or not all of it. */
static bool look_of(struct personal *personal, struct bytes name, struct bytes value, uint32_t classes,
                    enum detect_class *ret_class)
{
    struct detection found;
    if (!may_look(value))
        return false;
    if (is_as_faked(name, value, ret_class))
        return true;
    if (detect_find(&personal->detector, value, name, classes, &found, 1) != 1 || found.size != value.size ||
        found.wrapping != WRAPPING_NONE)
        return false;
    *ret_class = found.class;
    return true;
}

const struct policy_rule *personal_rule(struct personal *personal, const struct locator *locator,
                                        const struct atom *atom)
{
    enum detect_class class;
    const struct policy *policy = locator->policy;
    bool by_name = !locator->found && !locator->unclear && atom->decision.rule == POLICY_NO_RULE;
    if (!by_name || atom->decision.class != POLICY_PERSONAL || atom->place == LINK_PLACE_HEADER ||
        !look_of(personal, atom->name, atom->value, policy_detect_classes(policy), &class))
        return NULL;
    const struct policy_rule *rule = policy_rule_of(policy, policy_of_detected(policy, class).rule);
    return rule && rule->strategy.kind == STRATEGY_FAKE ? rule : NULL;
}
