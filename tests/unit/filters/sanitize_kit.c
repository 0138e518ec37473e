#include "tests/unit/filters/sanitize_kit.h"

struct keys *keys;
struct sanitizer *sanitizer;
struct exchange exchange;

int sanitize_kit_set_up(void **state)
{
    (void)state;
    keys = keys_random();
    sanitizer = sanitizer_create(policy_builtin(), keys);
    return 0;
}

int sanitize_kit_tear_down(void **state)
{
    (void)state;
    exchange_free(&exchange);
    sanitizer_free(sanitizer);
    keys_free(keys);
    return 0;
}
