#include "filters/strategy/strategy.h"

static const char *const kinds[STRATEGY_KINDS] = {
    [STRATEGY_PRESERVE] = "preserve", [STRATEGY_NULL] = "null", [STRATEGY_REMOVE] = "remove",
    [STRATEGY_MASK] = "mask",         [STRATEGY_HASH] = "hash", [STRATEGY_FAKE] = "fake",
};

const char *strategy_kind_name(enum strategy_kind kind)
{
    return kinds[kind];
}

/* Whether |byte| begins a character of UTF-8, or is one by itself. */
static bool begins_character(uint8_t byte)
{
    return (byte & 0xc0) != 0x80;
}

static void mask(const struct strategy *strategy, struct bytes value, struct buffer *out)
{
    size_t characters = 0, number = 0;
    for (size_t i = 0; i < value.size; i++)
        characters += begins_character(value.data[i]);
    size_t first = strategy->keep_first, last = strategy->keep_last;
    if (first + last >= characters)
        first = last = 0; /* so much of so little would be all of it */
    for (size_t i = 0; i < value.size; i++) {
        bool begins = begins_character(value.data[i]);
        number += begins;
        if (number <= first || number > characters - last)
            buffer_append_byte(out, value.data[i]);
        else if (begins)
            buffer_append_byte(out, '*');
    }
}

/* What is ours stays, and what has no shape becomes a pseudonym: better than to keep it. */
static void fake(const struct strategy *strategy, const struct keys *keys, struct bytes value,
                 struct bytes subject, struct buffer *out)
{
    if (pseudonym_is(keys_recognition(keys), value) || !fake_make(keys, strategy->fake, value, subject, out))
        pseudonym_make(keys, value, out, NULL);
}

void strategy_apply(const struct strategy *strategy, const struct keys *keys, struct bytes value,
                    struct bytes subject, struct buffer *out)
{
    switch (strategy->kind) {
    case STRATEGY_HASH:
        pseudonym_make(keys, value, out, NULL);
        return;
    case STRATEGY_PRESERVE:
        buffer_append_bytes(out, value);
        return;
    case STRATEGY_MASK:
        mask(strategy, value, out);
        return;
    case STRATEGY_FAKE:
        fake(strategy, keys, value, subject, out);
        return;
    case STRATEGY_NULL:
    case STRATEGY_REMOVE:
        return;
    }
}

bool strategy_fake_of(enum detect_class class, enum fake_type *ret_type)
{
    switch (class) {
    case DETECT_EMAIL:
        *ret_type = FAKE_EMAIL;
        return true;
    case DETECT_CARD:
        *ret_type = FAKE_CARD;
        return true;
    case DETECT_IBAN:
        *ret_type = FAKE_IBAN;
        return true;
    case DETECT_SSN:
        *ret_type = FAKE_SSN;
        return true;
    case DETECT_PHONE:
        *ret_type = FAKE_PHONE;
        return true;
    case DETECT_IPV4:
    case DETECT_IPV6:
        *ret_type = FAKE_IP;
        return true;
    case DETECT_MAC:
        *ret_type = FAKE_MAC;
        return true;
    case DETECT_NATIONAL_ID:
    case DETECT_JWT:
    case DETECT_BASIC:
    case DETECT_AUTH:
    case DETECT_PRIVATE_KEY:
    case DETECT_PROVIDER_TOKEN:
    case DETECT_URL_CREDENTIAL:
    case DETECT_HIGH_ENTROPY:
    case DETECT_NAMES:
        break;
    }
    return false;
}

bool strategy_is_ours(const uint8_t recognition_key[SEGMENT_KEY_SIZE], enum detect_class class,
                      struct bytes value)
{
    enum fake_type type;
    return pseudonym_is(recognition_key, value) ||
           (strategy_fake_of(class, &type) && fake_is(recognition_key, type, value));
}
