/* Tokens that providers give out with a prefix of their own, so that they can be found. */
#ifndef FILTERS_DETECT_PROVIDER_TOKENS_H
#define FILTERS_DETECT_PROVIDER_TOKENS_H

#include "common/buffer.h"

/* Returns the size of the provider's token that begins at |at|, which is below text.size, or 0. */
size_t provider_token_at(struct bytes text, size_t at);

#endif
