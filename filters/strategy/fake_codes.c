#include "filters/detect/detect_chars.h"
#include "filters/detect/number_detectors.h"
#include "filters/strategy/fake_kinds.h"

#include <string.h>

#define SIGNS_MAX  34 /* of an IBAN */
#define IBAN_HEAD  4  /* country and check digits */
#define IBAN_BANK  4  /* signs that are of no bank */
#define IBAN_CHECK 6  /* signs at most */

/* Letters and digits of a value, the letters as capitals. */
struct signs {
    uint8_t signs[SIGNS_MAX];
    size_t count;
};

/* Takes the letters and digits of |value|, between which blanks and dashes may stand. */
static bool signs_of(struct bytes value, struct signs *ret_signs)
{
    ret_signs->count = 0;
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        bool sign = char_is(byte, CHAR_WORD);
        if (sign ? ret_signs->count == SIGNS_MAX : byte != ' ' && byte != '-')
            return false;
        if (sign)
            ret_signs->signs[ret_signs->count++] = char_is(byte, CHAR_LOWER) ? byte & 0xdf : byte;
    }
    return ret_signs->count > 0;
}

/* Appends |value| to |out| with its letters and digits, which are as many, replaced; the case of letters stays. */
static void signs_put(struct bytes value, const uint8_t *signs, struct buffer *out)
{
    for (size_t i = 0; i < value.size; i++) {
        uint8_t byte = value.data[i];
        if (!char_is(byte, CHAR_WORD)) {
            buffer_append_byte(out, byte);
            continue;
        }
        buffer_append_byte(out, char_is(byte, CHAR_LOWER) ? char_lower(*signs) : *signs);
        signs++;
    }
}

static unsigned kinds_of(uint8_t sign)
{
    return char_is(sign, CHAR_DIGIT) ? 10 : 26;
}

/* Returns the letter or digit with |number| of the kind that |sign| is of. */
static uint8_t sign_of_kind(uint8_t sign, uint64_t number)
{
    return (uint8_t)((char_is(sign, CHAR_DIGIT) ? '0' : 'A') + number);
}

/* Writes what is not drawn of an IBAN: the bank, the check and the check digits (ISO 13616). */
static void iban_finish(const uint8_t *recognition_key, struct signs *iban)
{
    uint8_t *own = iban->signs + IBAN_HEAD;
    size_t count = iban->count - IBAN_HEAD, checks = (count - IBAN_BANK) / 3;
    checks = checks > IBAN_CHECK ? IBAN_CHECK : checks;
    for (size_t i = 0; i < IBAN_BANK; i++)
        own[i] = char_is(own[i], CHAR_DIGIT) ? '0' : 'X';
    uint8_t part[SIGNS_MAX];
    memcpy(part, iban->signs, 2);
    memcpy(part + 2, own, count - checks);
    uint64_t check = fake_check(recognition_key, FAKE_IBAN, part, 2 + count - checks);
    for (size_t i = count - checks; i < count; i++) {
        unsigned kinds = kinds_of(own[i]);
        own[i] = sign_of_kind(own[i], check % kinds);
        check /= kinds;
    }
    unsigned remainder = 0;
    memcpy(iban->signs + 2, "00", 2);
    for (size_t i = 0; i < iban->count; i++) {
        uint8_t sign = iban->signs[(i + IBAN_HEAD) % iban->count];
        remainder =
            char_is(sign, CHAR_DIGIT) ? remainder * 10 + (sign - '0') : remainder * 100 + (sign - 'A') + 10u;
        remainder %= 97;
    }
    fake_digits_write(98 - remainder, 2, iban->signs + 2);
}

static bool iban_signs(struct bytes value, struct signs *ret_signs)
{
    return iban_at(value, 0) == value.size && signs_of(value, ret_signs);
}

static bool digits_only(const struct signs *signs, size_t from, size_t to)
{
    while (from < to && char_is(signs->signs[from], CHAR_DIGIT))
        from++;
    return from == to;
}

/* Returns whether groups of four of |iban|, or all from one on, are the number of a card by themselves. */
static bool iban_holds_card(const struct signs *iban)
{
    for (size_t from = IBAN_HEAD + IBAN_BANK; from + 12 <= iban->count; from += 4)
        for (size_t to = from + 12; to <= iban->count && char_is(iban->signs[to - 1], CHAR_DIGIT); to++)
            if ((to % 4 == 0 || to == iban->count) && digits_only(iban, from, to) &&
                card_is_valid(iban->signs + from, to - from))
                return true;
    return false;
}

bool fake_iban_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct signs iban;
    if (!iban_signs(value, &iban))
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_IBAN, bytes_make(iban.signs, iban.count));
    for (size_t i = IBAN_HEAD + IBAN_BANK; i < iban.count; i++)
        iban.signs[i] = sign_of_kind(iban.signs[i], fake_draw(&draw, kinds_of(iban.signs[i])));
    iban_finish(keys_recognition(keys), &iban);
    for (unsigned next = 0; next < 10 && iban_holds_card(&iban); next++) {
        uint8_t *sign = &iban.signs[IBAN_HEAD + IBAN_BANK];
        *sign = sign_of_kind(*sign, (uint64_t)(*sign - (char_is(*sign, CHAR_DIGIT) ? '0' : 'A') + 1) %
                                        kinds_of(*sign));
        iban_finish(keys_recognition(keys), &iban);
    }
    signs_put(value, iban.signs, out);
    return true;
}

bool fake_iban_is(const uint8_t *recognition_key, struct bytes value)
{
    struct signs iban, right;
    if (!iban_signs(value, &iban))
        return false;
    right = iban;
    iban_finish(recognition_key, &right);
    return memcmp(right.signs, iban.signs, iban.count) == 0;
}

/* Codes of five digits, also with four more, are taken for ZIP codes: those below 00500 are of no post office. */
static bool zip_is_us(const struct signs *zip)
{
    return digits_only(zip, 0, zip->count) && (zip->count == 5 || zip->count == 9);
}

static bool zip_signs(struct bytes value, struct signs *ret_signs)
{
    return signs_of(value, ret_signs) && ret_signs->count >= 3 && ret_signs->count <= 10;
}

/* Writes the beginning that no code has. */
static void zip_finish(struct signs *zip)
{
    if (!char_is(zip->signs[0], CHAR_DIGIT)) {
        zip->signs[0] = 'Q';
        return;
    }
    zip->signs[0] = '0';
    if (char_is(zip->signs[1], CHAR_DIGIT))
        zip->signs[1] = '0';
    if (zip_is_us(zip))
        zip->signs[2] = (uint8_t)('0' + (zip->signs[2] - '0') % 5);
}

bool fake_zip_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct signs zip;
    if (!zip_signs(value, &zip))
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_ZIP, bytes_make(zip.signs, zip.count));
    for (size_t i = 0; i < zip.count; i++)
        zip.signs[i] = sign_of_kind(zip.signs[i], fake_draw(&draw, kinds_of(zip.signs[i])));
    zip_finish(&zip);
    signs_put(value, zip.signs, out);
    return true;
}

bool fake_zip_is(const uint8_t *recognition_key, struct bytes value)
{
    struct signs zip, right;
    (void)recognition_key;
    if (!zip_signs(value, &zip))
        return false;
    right = zip;
    zip_finish(&right);
    return memcmp(right.signs, zip.signs, zip.count) == 0;
}

/* Area codes of the North American Numbering Plan that are in use: what checks numbers knows them. */
static const char areas[] =
    "201202203205206207208209210212213214215216217218219224225228229231234239240248251252253254256260262267"
    "269270276281301302303304305307308309310312313314315316317318319320321323325330331334336337339347351352"
    "360361385386401402404405406407408409410412413414415417419423424425430432434435440443469478479480484501"
    "502503504505507508509510512513515516517518520530540541551559561562563567570571573574580585586601602603"
    "605606607608609610612614615616617618619620623626630631636641646650651660661662678682701702703704706707"
    "708712713714715716717718719720724727731732734740754757760763765770772773774775781785786787801802803804"
    "805806808810812813814815816817818828830831832843845847848850856857858859860862863864865870878901903904"
    "906907908909910912913914915916917918919920925928931936937940941949951952954956970971972973978979980985";
#define AREAS ((sizeof areas - 1) / 3)

/* Returns whether |digits| are 555-01dd, which is kept for fiction in every area. */
static bool is_fiction(const uint8_t *digits)
{
    return memcmp(digits, "55501", 5) == 0;
}

bool fake_phone_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct fake_digits phone;
    if (!fake_digits_of(value, "+-./() ", &phone) || phone.count < 7 || phone.count > 15)
        return false;
    struct fake_draw draw = fake_draw_begin(keys, FAKE_PHONE, bytes_make(phone.digits, phone.count));
    uint8_t digits[11] = "1";
    memcpy(digits + 1, areas + 3 * fake_draw(&draw, AREAS), 3);
    memcpy(digits + 4, "55501", 5);
    fake_digits_write(fake_draw(&draw, 100), 2, digits + 9);
    bool abroad = value.data[0] == '+' || memcmp(phone.digits, "00", 2) == 0;
    if (phone.count == 7 && !abroad)
        fake_digits_put(value, digits + 4, out);
    else if (phone.count == 10 && !abroad)
        fake_digits_put(value, digits + 1, out);
    else if (phone.count == 11 && phone.digits[0] == '1')
        fake_digits_put(value, digits, out);
    else if (abroad)
        buffer_printf(out, "+%.11s", (const char *)digits);
    else
        buffer_append(out, digits + 1, 10);
    return true;
}

bool fake_phone_is(const uint8_t *recognition_key, struct bytes value)
{
    struct fake_digits phone;
    (void)recognition_key;
    if (!fake_digits_of(value, "+-./() ", &phone))
        return false;
    if (phone.count == 7)
        return value.data[0] != '+' && is_fiction(phone.digits);
    if (phone.count != 10 && (phone.count != 11 || phone.digits[0] != '1'))
        return false;
    const uint8_t *area = phone.digits + phone.count - 10;
    /* Of 800 and its kin only one number is kept. */
    return area[0] >= '2' && !(area[0] == '8' && area[1] == area[2]) && is_fiction(area + 3) &&
           (phone.count == 11 || value.data[0] != '+');
}
