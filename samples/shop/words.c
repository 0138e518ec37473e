#include "samples/shop/words.h"

static const char *const nouns[SHOP_NOUNS] = {
    "lamp",   "chair",  "desk",   "shelf", "clock", "mirror", "kettle", "carpet", "vase",  "basket",
    "pillow", "ladder", "teapot", "bench", "stool", "mug",    "bowl",   "candle", "frame", "planter"};
static const char *const adjectives[SHOP_ADJECTIVES] = {"red",   "tall",    "small", "oak",   "brass",
                                                        "green", "folding", "round", "linen", "plain"};

const char *words_noun(size_t index)
{
    return nouns[index];
}

const char *words_adjective(size_t index)
{
    return adjectives[index];
}

uint64_t words_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
