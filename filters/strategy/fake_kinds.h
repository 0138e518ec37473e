/* For the files of fakes: a function that makes and one that recognises for each type, and what they share. */
#ifndef FILTERS_STRATEGY_FAKE_KINDS_H
#define FILTERS_STRATEGY_FAKE_KINDS_H

#include "filters/strategy/fake.h"

/* What a fake is drawn from: 128 bits that the value decides, taken piece by piece. */
struct fake_draw {
    unsigned __int128 left;
};

/* Begins to draw for |value| in its plain spelling. */
struct fake_draw fake_draw_begin(const struct keys *keys, enum fake_type type, struct bytes value);
/* Draws a number below |count|. */
static inline uint64_t fake_draw(struct fake_draw *draw, uint64_t count)
{
    uint64_t drawn = (uint64_t)(draw->left % count);
    draw->left /= count;
    return drawn;
}

/* Returns the check on |part|, which says who it is: 64 bits of a keyed hash. */
uint64_t fake_check(const uint8_t *recognition_key, enum fake_type type, const void *part, size_t size);

/* A number whose digits may have others between them. */
#define FAKE_DIGITS_MAX 32
struct fake_digits {
    uint8_t digits[FAKE_DIGITS_MAX]; /* as characters */
    size_t count;
};

/* Takes the digits of |value|, between which any of |others| may stand. Returns false for other characters, and more digits than fit. */
bool fake_digits_of(struct bytes value, const char *others, struct fake_digits *ret_digits);
/* Appends |value| to |out| with its digits, which are as many, replaced. */
void fake_digits_put(struct bytes value, const uint8_t *digits, struct buffer *out);
/* Returns the last |count| decimal digits of |number| as characters. */
void fake_digits_write(uint64_t number, size_t count, uint8_t *ret_digits);

/* The types. |value| is not empty. Those that make append nothing where they return false. */
bool fake_name_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_name_is(const uint8_t *recognition_key, struct bytes value);
bool fake_street_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_street_is(const uint8_t *recognition_key, struct bytes value);
bool fake_phone_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_phone_is(const uint8_t *recognition_key, struct bytes value);
bool fake_zip_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_zip_is(const uint8_t *recognition_key, struct bytes value);
bool fake_card_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_card_is(const uint8_t *recognition_key, struct bytes value);
bool fake_iban_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_iban_is(const uint8_t *recognition_key, struct bytes value);
bool fake_ip_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_ip_is(const uint8_t *recognition_key, struct bytes value);
bool fake_mac_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_mac_is(const uint8_t *recognition_key, struct bytes value);
bool fake_uuid_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_uuid_is(const uint8_t *recognition_key, struct bytes value);
bool fake_number_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_number_is(const uint8_t *recognition_key, struct bytes value);
bool fake_date_make(const struct keys *keys, struct bytes value, struct bytes subject, struct buffer *out);
bool fake_date_is(struct bytes value);
bool fake_ssn_make(const struct keys *keys, struct bytes value, struct buffer *out);
bool fake_ssn_is(const uint8_t *recognition_key, struct bytes value);

#endif
