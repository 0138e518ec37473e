#include "common/crc32c.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#define POLYNOMIAL UINT32_C(0x82f63b78)

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void fill_table(void)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
        table[0][i] = crc;
    }
    for (uint32_t i = 0; i < 256; i++)
        for (int slice = 1; slice < 8; slice++)
            table[slice][i] = table[slice - 1][i] >> 8 ^ table[0][table[slice - 1][i] & 0xff];
}

uint32_t crc32c_extend_portable(uint32_t crc, const void *data, size_t size)
{
    pthread_once(&table_once, fill_table);
    const uint8_t *byte = data;
    crc = ~crc;
    for (; size >= 8; size -= 8, byte += 8) {
        uint32_t low = crc ^ ((uint32_t)byte[0] | (uint32_t)byte[1] << 8 | (uint32_t)byte[2] << 16 |
                              (uint32_t)byte[3] << 24);
        crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
              table[4][low >> 24] ^ table[3][byte[4]] ^ table[2][byte[5]] ^ table[1][byte[6]] ^
              table[0][byte[7]];
    }
    for (; size > 0; size--, byte++)
        crc = crc >> 8 ^ table[0][(crc ^ *byte) & 0xff];
    return ~crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static uint32_t extend_sse42(uint32_t crc, const uint8_t *byte, size_t size)
{
    uint64_t wide = ~crc;
    for (; size >= 8; size -= 8, byte += 8) {
        uint64_t word;
        memcpy(&word, byte, sizeof word);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    uint32_t narrow = (uint32_t)wide;
    for (; size > 0; size--, byte++)
        narrow = __builtin_ia32_crc32qi(narrow, *byte);
    return ~narrow;
}
#endif

uint32_t crc32c_extend(uint32_t crc, const void *data, size_t size)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2"))
        return extend_sse42(crc, data, size);
#endif
    return crc32c_extend_portable(crc, data, size);
}

uint32_t crc32c(const void *data, size_t size)
{
    return crc32c_extend(0, data, size);
}
