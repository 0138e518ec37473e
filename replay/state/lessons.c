#include "replay/state/lessons.h"

#include <stdint.h>
#include <string.h>

struct lessons lessons_of(struct bytes head)
{
    struct lessons lessons = {0};
    if (!head.size)
        return lessons;
    const uint8_t *at = head.data, *end = head.data + head.size;
    while (at && end - at > 5) {
        uint32_t word;
        memcpy(&word, at, sizeof word);
        word |= UINT32_C(0x20202020); /* small letters */
        lessons.cookies |= memcmp(&word, "set-", 4) == 0;
        lessons.validators |= memcmp(&word, "etag", 4) == 0 || memcmp(&word, "last", 4) == 0;
        lessons.places |= memcmp(&word, "loca", 4) == 0;
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    return lessons;
}
