#include "capture/tcp/fingerprint.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

__extension__ typedef unsigned __int128 wide;

static const uint64_t keys[2] = {UINT64_C(0x9e3779b97f4a7c15), UINT64_C(0xc4ceb9fe1a85ec53)};

static uint64_t load(const uint8_t *data)
{
    uint64_t word;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Multiplies to 128 bits and folds them. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* In two lanes that the processor takes side by side, sixteen bytes a multiplication. */
uint32_t fingerprint_portable(struct bytes data)
{
    uint64_t lanes[2] = {data.size, 1};
    size_t at = 0;
    for (; at + 32 <= data.size; at += 32) {
        lanes[0] = fold(load(data.data + at) ^ keys[0], load(data.data + at + 8) ^ lanes[0]);
        lanes[1] = fold(load(data.data + at + 16) ^ keys[1], load(data.data + at + 24) ^ lanes[1]);
    }
    uint8_t tail[32] = {0};
    if (at < data.size)
        memcpy(tail, data.data + at, data.size - at);
    lanes[0] = fold(load(tail) ^ keys[0], load(tail + 8) ^ lanes[0]);
    lanes[1] = fold(load(tail + 16) ^ keys[1], load(tail + 24) ^ lanes[1]);
    return (uint32_t)fold(lanes[0] ^ keys[1], lanes[1] ^ keys[0]);
}

#if defined(__x86_64__)

#define WITH_AES __attribute__((target("aes,avx")))

WITH_AES static inline __m128i load_128(const uint8_t *data)
{
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

WITH_AES static inline __m128i take(__m128i lane, const uint8_t *data)
{
    return _mm_aesenc_si128(lane, load_128(data));
}

/* A round of AES mixes a lane and takes sixteen bytes into it with one instruction; four lanes go side by side. */
WITH_AES static uint32_t fingerprint_aes(struct bytes data)
{
    const __m128i key = _mm_set_epi64x((long long)keys[1], (long long)keys[0]);
    const uint8_t *at = data.data, *end = at + data.size;
    __m128i a = _mm_set1_epi64x((long long)data.size), b = key, c = _mm_setzero_si128(), d = _mm_set1_epi8(1);
    for (; end - at >= 64; at += 64) {
        a = take(a, at);
        b = take(b, at + 16);
        c = take(c, at + 32);
        d = take(d, at + 48);
    }
    if (end - at >= 32) {
        a = take(a, at);
        b = take(b, at + 16);
        at += 32;
    }
    if (end - at >= 16) {
        c = take(c, at);
        at += 16;
    }
    if (at < end && data.size >= 16) {
        d = take(d, end - 16); /* some of it was taken before, which does no harm */
    } else if (at < end) {
        uint8_t tail[16] = {0};
        memcpy(tail, at, (size_t)(end - at));
        d = take(d, tail);
    }
    __m128i all = _mm_aesenc_si128(_mm_aesenc_si128(a, b), _mm_aesenc_si128(c, d));
    all = _mm_aesenc_si128(_mm_aesenc_si128(all, key), key);
    return (uint32_t)_mm_cvtsi128_si32(all);
}

uint32_t fingerprint(struct bytes data)
{
    if (__builtin_cpu_supports("aes") && __builtin_cpu_supports("avx"))
        return fingerprint_aes(data);
    return fingerprint_portable(data);
}

#else

uint32_t fingerprint(struct bytes data)
{
    return fingerprint_portable(data);
}

#endif
