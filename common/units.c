#include "common/units.h"

#include "common/clock.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint64_t ns;
} durations[] = {{"ns", 1},       {"us", NS_PER_US},    {"ms", NS_PER_MS},
                 {"s", NS_PER_S}, {"m", 60 * NS_PER_S}, {"h", 3600 * NS_PER_S},
                 {"", NS_PER_S}};

/* strtod with what it also takes (spaces, signs, hex, inf, nan) refused. */
static bool parse_decimal(const char *text, double *ret_value, const char **ret_rest)
{
    if (!isdigit((unsigned char)text[0]) && text[0] != '.')
        return false;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        return false;
    char *end;
    errno = 0;
    double value = strtod(text, &end);
    if (end == text || errno == ERANGE || !isfinite(value))
        return false;
    *ret_value = value;
    *ret_rest = end;
    return true;
}

bool units_parse_duration(const char *text, uint64_t *ret_ns)
{
    double value;
    const char *unit;
    if (!parse_decimal(text, &value, &unit))
        return false;
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        if (strcmp(unit, durations[i].name) != 0)
            continue;
        double ns = value * (double)durations[i].ns;
        if (ns >= 9.2e18)
            return false;
        *ret_ns = (uint64_t)(ns + 0.5);
        return true;
    }
    return false;
}

bool units_parse_count(const char *text, uint64_t *ret_count)
{
    if (!isdigit((unsigned char)text[0]))
        return false;
    char *end;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno == ERANGE || *end)
        return false;
    *ret_count = value;
    return true;
}

bool units_parse_size(const char *text, uint64_t *ret_bytes)
{
    char digits[24];
    size_t length = strlen(text);
    if (length == 0 || length >= sizeof digits)
        return false;
    memcpy(digits, text, length + 1);
    unsigned shift = 0;
    switch (toupper((unsigned char)digits[length - 1])) {
    case 'K':
        shift = 10;
        break;
    case 'M':
        shift = 20;
        break;
    case 'G':
        shift = 30;
        break;
    default:
        break;
    }
    if (shift)
        digits[length - 1] = '\0';
    uint64_t value;
    if (!units_parse_count(digits, &value) || value > (UINT64_MAX >> shift))
        return false;
    *ret_bytes = value << shift;
    return true;
}

bool units_parse_number(const char *text, double *ret_value)
{
    const char *rest;
    double value;
    if (!parse_decimal(text, &value, &rest) || *rest)
        return false;
    *ret_value = value;
    return true;
}

bool units_parse_percent(const char *text, double *ret_pct)
{
    const char *rest;
    double value;
    if (!parse_decimal(text, &value, &rest) || (strcmp(rest, "%") != 0 && *rest) || value > 100)
        return false;
    *ret_pct = value;
    return true;
}

static char *format_scaled(double value, const char *unit, char *text)
{
    int digits = value >= 100 || value == floor(value) ? 0 : value >= 10 ? 1 : 2;
    snprintf(text, UNITS_TEXT_SIZE, "%.*f %s", digits, value, unit);
    return text;
}

char *units_format_duration(uint64_t ns, char text[UNITS_TEXT_SIZE])
{
    if (ns < NS_PER_US)
        return format_scaled((double)ns, "ns", text);
    if (ns < NS_PER_MS)
        return format_scaled((double)ns / 1e3, "us", text);
    if (ns < NS_PER_S)
        return format_scaled((double)ns / 1e6, "ms", text);
    return format_scaled((double)ns / 1e9, "s", text);
}

char *units_format_size(uint64_t bytes, char text[UNITS_TEXT_SIZE])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < sizeof names / sizeof names[0]) {
        value /= 1024;
        unit++;
    }
    return format_scaled(value, names[unit], text);
}
