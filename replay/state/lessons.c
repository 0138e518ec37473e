#include "replay/state/lessons.h"

#include "common/scan16.h"

#include <stdint.h>
#include <string.h>

/* Adds what the field that |line| begins with, of four letters at least, may teach. */
static void note_field(struct lessons *lessons, const uint8_t *line)
{
    uint32_t word;
    memcpy(&word, line, sizeof word);
    word |= UINT32_C(0x20202020); /* small letters */
    lessons->cookies |= memcmp(&word, "set-", 4) == 0;
    lessons->validators |= memcmp(&word, "etag", 4) == 0 || memcmp(&word, "last", 4) == 0;
    lessons->places |= memcmp(&word, "loca", 4) == 0;
}

struct lessons lessons_of(struct bytes head)
{
    struct lessons lessons = {0};
    size_t at = 0;
    for (; head.size - at >= SCAN16_SIZE + sizeof(uint32_t); at += SCAN16_SIZE)
        for (uint32_t ends = scan16_equal(scan16_load(head.data + at), '\n'); ends; ends &= ends - 1)
            note_field(&lessons, head.data + at + scan16_first(ends) + 1);
    for (; head.size - at > sizeof(uint32_t); at++)
        if (head.data[at] == '\n')
            note_field(&lessons, head.data + at + 1);
    return lessons;
}
