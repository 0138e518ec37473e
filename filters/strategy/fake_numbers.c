#include "filters/detect/detect_chars.h"
#include "filters/detect/number_detectors.h"
#include "filters/strategy/fake_kinds.h"

#include <string.h>

#define CARD_BEGINNING "9999"
#define CARD_CHECK     3

/* Writes the digits of the card that |id|, the first of it, begins. */
static void card_finish(const uint8_t *recognition_key, uint8_t *digits, size_t count)
{
    size_t id = count - CARD_CHECK - 1;
    unsigned sum = 0;
    fake_digits_write(fake_check(recognition_key, FAKE_CARD, digits, id), CARD_CHECK, digits + id);
    for (size_t i = 0; i + 1 < count; i++) {
        unsigned digit = digits[i] - '0', twice = 2 * digit;
        sum += (count - i) % 2 ? digit : twice > 9 ? twice - 9 : twice;
    }
    digits[count - 1] = (uint8_t)('0' + (10 - sum % 10) % 10);
}

static bool card_digits(struct bytes value, struct fake_digits *ret_digits)
{
    return fake_digits_of(value, " -", ret_digits) && ret_digits->count >= 12 && ret_digits->count <= 19;
}

/* Moves the last digit of who it is on to the next. */
static void next_id(uint8_t *last)
{
    *last = *last == '9' ? '0' : *last + 1;
}

/* Returns whether some groups of the card would be a card of somebody by themselves: they have three digits or more. */
static bool card_within(const uint8_t *digits, size_t count)
{
    for (size_t from = 3; from + 12 <= count; from++)
        for (size_t to = from + 12; to <= count; to++)
            if ((to == count || to + 3 <= count) && card_is_valid(digits + from, to - from))
                return true;
    return false;
}

bool fake_card_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct fake_digits card;
    if (!card_digits(value, &card))
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_CARD, bytes_make(card.digits, card.count));
    memcpy(card.digits, CARD_BEGINNING, strlen(CARD_BEGINNING));
    for (size_t i = strlen(CARD_BEGINNING); i < card.count - CARD_CHECK - 1; i++)
        card.digits[i] = (uint8_t)('0' + fake_draw(&draw, 10));
    card_finish(keys_recognition(keys), card.digits, card.count);
    for (unsigned next = 0; next < 10 && card_within(card.digits, card.count); next++) {
        next_id(&card.digits[card.count - CARD_CHECK - 2]);
        card_finish(keys_recognition(keys), card.digits, card.count);
    }
    fake_digits_put(value, card.digits, out);
    return true;
}

bool fake_card_is(const uint8_t *recognition_key, struct bytes value)
{
    struct fake_digits card, right;
    if (!card_digits(value, &card) || memcmp(card.digits, CARD_BEGINNING, strlen(CARD_BEGINNING)) != 0)
        return false;
    right = card;
    card_finish(recognition_key, right.digits, right.count);
    return memcmp(right.digits, card.digits, card.count) == 0;
}

/* A social security number: areas of 9dd are of no place, and the groups of ITINs begin with 50. The last two digits are the check; those before are never
 * 00, since no number ends in 0000. */
#define SSN_DIGITS 9
#define SSN_CHECK  2

static void ssn_finish(const uint8_t *recognition_key, uint8_t digits[SSN_DIGITS])
{
    size_t id = SSN_DIGITS - SSN_CHECK;
    fake_digits_write(fake_check(recognition_key, FAKE_SSN, digits, id), SSN_CHECK, digits + id);
}

bool fake_ssn_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct fake_digits ssn;
    if (!fake_digits_of(value, " -", &ssn) || ssn.count != SSN_DIGITS)
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_SSN, bytes_make(ssn.digits, ssn.count));
    fake_digits_write(900 + fake_draw(&draw, 100), 3, ssn.digits);
    fake_digits_write(1 + fake_draw(&draw, 49), 2, ssn.digits + 3);
    fake_digits_write(1 + fake_draw(&draw, 99), 2, ssn.digits + 5);
    ssn_finish(keys_recognition(keys), ssn.digits);
    fake_digits_put(value, ssn.digits, out);
    return true;
}

bool fake_ssn_is(const uint8_t *recognition_key, struct bytes value)
{
    struct fake_digits ssn, right;
    if (!fake_digits_of(value, " -", &ssn) || ssn.count != SSN_DIGITS || ssn.digits[0] != '9' ||
        ssn.digits[3] >= '5' || memcmp(ssn.digits + 3, "00", 2) == 0 || memcmp(ssn.digits + 5, "00", 2) == 0)
        return false;
    right = ssn;
    ssn_finish(recognition_key, right.digits);
    return memcmp(right.digits, ssn.digits, SSN_DIGITS) == 0;
}

/* Any digits: half of them are the check. */
#define NUMBER_MIN       6
#define NUMBER_CHECK_MAX 9

static size_t number_id_size(size_t count)
{
    return count - (count / 2 > NUMBER_CHECK_MAX ? NUMBER_CHECK_MAX : count / 2);
}

/* Writes the check, and of so few digits that there is no room for one, all of them. */
static void number_finish(const uint8_t *recognition_key, uint8_t *digits, size_t count)
{
    if (count < NUMBER_MIN) {
        memset(digits, '0', count);
        digits[0] = '1';
        return;
    }
    size_t id = number_id_size(count);
    fake_digits_write(fake_check(recognition_key, FAKE_DIGITS, digits, id), count - id, digits + id);
}

/* Returns whether |value|, with its digits replaced by |digits|, reads as nothing: no card, not even of some groups, and no social security number. */
static bool number_may_be(struct bytes value, const uint8_t *digits, size_t count)
{
    uint8_t text[FAKE_VALUE_MAX];
    size_t used = 0;
    for (size_t i = 0; i < value.size; i++)
        text[i] = char_is(value.data[i], CHAR_DIGIT) ? digits[used++] : value.data[i];
    struct bytes spelled = bytes_make(text, value.size);
    for (size_t i = 0; i < value.size; i++)
        if (char_is(text[i], CHAR_DIGIT) && card_at(spelled, i) > 0)
            return false;
    return count != 9 || (digits[0] == '9' && digits[3] < '5');
}

bool fake_number_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct fake_digits number;
    if (!fake_digits_of(value, " -", &number))
        return false;
    size_t count = number.count, id = number_id_size(count);
    struct fake_draw draw = fake_draw_begin(keys, FAKE_DIGITS, bytes_make(number.digits, count));
    number.digits[0] = (uint8_t)(count == 9 ? '9' : '1' + fake_draw(&draw, 9)); /* JSON has no 007 */
    for (size_t i = 1; i < id; i++)
        number.digits[i] = (uint8_t)('0' + fake_draw(&draw, count == 9 && i == 3 ? 5 : 10));
    number_finish(keys_recognition(keys), number.digits, count);
    /* One of many may be a card: then the next. */
    for (unsigned next = 0; next < 10 && !number_may_be(value, number.digits, count); next++) {
        next_id(&number.digits[id - 1]);
        number_finish(keys_recognition(keys), number.digits, count);
    }
    fake_digits_put(value, number.digits, out);
    return true;
}

bool fake_number_is(const uint8_t *recognition_key, struct bytes value)
{
    struct fake_digits number, right;
    if (!fake_digits_of(value, " -", &number))
        return false;
    right = number;
    number_finish(recognition_key, right.digits, right.count);
    return number.digits[0] != '0' && memcmp(right.digits, number.digits, number.count) == 0 &&
           number_may_be(value, number.digits, number.count);
}
