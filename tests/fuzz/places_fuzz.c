/* Property: whatever a target answers, a value that is found lies in the answer and holds nothing of the next one; a value
 * put into the coding of a place comes out the same, and brings no byte that ends the place. Input: one byte number, one
 * byte length of the name, the name, the answer. */
#include "replay/places.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void inside(struct bytes whole, struct bytes part)
{
    assert(part.size == 0 || (part.data >= whole.data && part.data + part.size <= whole.data + whole.size));
}

static void find(struct bytes text, struct bytes name, size_t nth)
{
    struct bytes value, found_name;
    if (places_find_header(text, name, nth, &value))
        inside(text, value);
    if (places_find_set_cookie(text, name, nth, &value)) {
        inside(text, value);
        assert(!value.size || !memchr(value.data, ';', value.size));
    }
    if (places_find_form(text, name, nth, &value)) {
        inside(text, value);
        assert(!value.size || !memchr(value.data, '&', value.size));
    }
    if (places_find_json(text, name, nth, &value))
        inside(text, value);
    struct bytes rest = text;
    while (places_next_cookie(&rest, &found_name, &value)) {
        inside(text, found_name);
        inside(text, value);
    }
    assert(rest.size == 0);
}

/* Bytes that end a value in a place, or the line or text around it. */
static const char *enders(enum link_place place)
{
    switch (place) {
    case LINK_PLACE_PATH:
    case LINK_PLACE_QUERY:
    case LINK_PLACE_FORM:
        return "/?#&=+ \r\n";
    case LINK_PLACE_COOKIE:
        return ";, \"\r\n";
    case LINK_PLACE_HEADER:
    case LINK_PLACE_JSON:
        return "\r\n";
    case LINK_PLACE_BODY:
    case LINK_PLACE_COUNT:
        return "";
    }
    return "";
}

static void there_and_back(enum link_place place, struct bytes plain)
{
    struct buffer raw = {0}, back = {0};
    if (places_encode(place, plain, &raw)) {
        places_decode(place, buffer_bytes(&raw), &back);
        assert(bytes_equal(buffer_bytes(&back), plain));
        for (const char *byte = enders(place); *byte && raw.size; byte++)
            assert(!memchr(raw.data, *byte, raw.size));
    } else {
        assert(raw.size == 0);
    }
    buffer_clear(&back);
    places_decode(place, plain, &back);
    assert(back.size <= plain.size);
    buffer_free(&raw);
    buffer_free(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    struct bytes rest = bytes_make(data + 2, size - 2), name;
    if (!bytes_take(&rest, data[1], &name))
        return 0;
    find(rest, name, data[0] % 4);
    for (int place = 0; place < LINK_PLACE_COUNT; place++)
        there_and_back((enum link_place)place, rest);
    return 0;
}
