#include "filters/strategy/fake_kinds.h"

#include <string.h>

/* Words that can be spoken: sixteen bits are five letters, consonant and vowel by turns (proquints, arXiv:0901.4016). */
#define QUINT     5
#define PARTS_MAX 4

static const char consonants[] = "bdfghjklmnprstvz";
static const char vowels[] = "aiou";

static void put_quint(uint16_t bits, struct buffer *out)
{
    for (unsigned i = 0, left = 16; i < QUINT; i++) {
        left -= i % 2 ? 2 : 4;
        buffer_append_byte(out, (uint8_t)(i % 2 ? vowels[bits >> left & 3] : consonants[bits >> left & 15]));
    }
}

/* Appends |count| quints as one word with a capital. */
static void put_word(const uint16_t *quints, size_t count, struct buffer *out)
{
    size_t start = out->size;
    for (size_t i = 0; i < count; i++)
        put_quint(quints[i], out);
    out->data[start] &= 0xdf;
}

/* Reads |count| quints, in any case, from the front of |rest|. */
static bool take_word(struct bytes *rest, uint16_t *ret_quints, size_t count)
{
    if (rest->size < count * QUINT)
        return false;
    for (size_t i = 0; i < count * QUINT; i++) {
        unsigned place = i % QUINT;
        const char *letters = place % 2 ? vowels : consonants, *found = strchr(letters, rest->data[i] | 0x20);
        if (!found || !*found)
            return false;
        unsigned quint = place == 0 ? 0 : ret_quints[i / QUINT];
        ret_quints[i / QUINT] = (uint16_t)(quint << (place % 2 ? 2 : 4) | (unsigned)(found - letters));
    }
    *rest = bytes_make(rest->data + count * QUINT, rest->size - count * QUINT);
    return true;
}

static void write_id(uint64_t id, uint8_t ret_id[8])
{
    for (size_t i = 0; i < 8; i++)
        ret_id[i] = (uint8_t)(id >> (8 * i));
}

/* Names: in two words the first half of each is who it is, the other the check; in one word the first 24 bits are. */
static void put_name(const uint8_t *recognition_key, uint32_t id, bool single, struct buffer *out)
{
    uint8_t text[8];
    write_id((uint64_t)single << 32 | id, text);
    uint64_t check = fake_check(recognition_key, FAKE_NAME, text, sizeof text);
    if (single) {
        uint16_t word[3] = {(uint16_t)(id >> 8), (uint16_t)((id & 0xff) << 8 | (check >> 16 & 0xff)),
                            (uint16_t)check};
        put_word(word, 3, out);
        return;
    }
    uint16_t words[4] = {(uint16_t)(id >> 16), (uint16_t)(check >> 16), (uint16_t)id, (uint16_t)check};
    put_word(words, 2, out);
    buffer_append_byte(out, ' ');
    put_word(words + 2, 2, out);
}

bool fake_name_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    bool single = !memchr(value.data, ' ', value.size);
    struct fake_draw draw = fake_draw_begin(keys, FAKE_NAME, value);
    put_name(keys_recognition(keys), (uint32_t)fake_draw(&draw, UINT64_C(1) << (single ? 24 : 32)), single,
             out);
    return true;
}

/* Returns whether |value| is what |right| holds, whatever the case; frees it. */
static bool is_same(struct bytes value, struct buffer *right)
{
    bool same = bytes_equal_nocase(value, buffer_bytes(right));
    buffer_free(right);
    return same;
}

bool fake_name_is(const uint8_t *recognition_key, struct bytes value)
{
    uint16_t quints[PARTS_MAX];
    struct bytes rest = value;
    struct buffer right = {0};
    bool single = value.size == 3 * QUINT;
    if (single) {
        if (!take_word(&rest, quints, 3))
            return false;
        put_name(recognition_key, (uint32_t)quints[0] << 8 | quints[1] >> 8, true, &right);
        return is_same(value, &right);
    }
    if (value.size != 4 * QUINT + 1 || !take_word(&rest, quints, 2) || rest.data[0] != ' ')
        return false;
    rest = bytes_make(rest.data + 1, rest.size - 1);
    if (!take_word(&rest, quints + 2, 2))
        return false;
    put_name(recognition_key, (uint32_t)quints[0] << 16 | quints[2], false, &right);
    return is_same(value, &right);
}

/* Streets: twelve bits are the number, 24 the first half of the name, the other is the check. */
static void put_street(const uint8_t *recognition_key, uint64_t id, struct buffer *out)
{
    uint8_t text[8];
    write_id(id, text);
    uint64_t check = fake_check(recognition_key, FAKE_STREET, text, sizeof text);
    uint32_t name = id & 0xffffff;
    uint16_t word[3] = {(uint16_t)(name >> 8), (uint16_t)((name & 0xff) << 8 | (check >> 16 & 0xff)),
                        (uint16_t)check};
    buffer_printf(out, "%u ", (unsigned)(id >> 24) + 1);
    put_word(word, 3, out);
    buffer_append_text(out, " Street");
}

bool fake_street_make(const struct keys *keys, struct bytes value, struct buffer *out)
{
    struct fake_draw draw = fake_draw_begin(keys, FAKE_STREET, value);
    put_street(keys_recognition(keys), fake_draw(&draw, UINT64_C(1) << 36), out);
    return true;
}

bool fake_street_is(const uint8_t *recognition_key, struct bytes value)
{
    uint16_t quints[3];
    size_t at = 0;
    unsigned number = 0;
    for (; at < value.size && at < 4 && value.data[at] >= '0' && value.data[at] <= '9'; at++)
        number = number * 10 + (value.data[at] - '0');
    struct bytes rest = bytes_make(value.data + at, value.size - at);
    if (number == 0 || number > 4096 || rest.size == 0 || rest.data[0] != ' ')
        return false;
    rest = bytes_make(rest.data + 1, rest.size - 1);
    if (!take_word(&rest, quints, 3))
        return false;
    struct buffer right = {0};
    put_street(recognition_key, (uint64_t)(number - 1) << 24 | (uint32_t)quints[0] << 8 | quints[1] >> 8,
               &right);
    return is_same(value, &right);
}
