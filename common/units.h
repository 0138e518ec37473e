/* What people write for times, sizes and rates (CLI.md), and how such figures are printed. */
#ifndef COMMON_UNITS_H
#define COMMON_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* Parses a duration: a decimal number and one of ns us ms s m h; a bare number is seconds. Returns false
 * where |text| is not one, is negative or does not fit 64 bits. */
bool units_parse_duration(const char *text, uint64_t *ret_ns);
/* Parses a size: a whole number with an optional K, M or G (powers of 1024). */
bool units_parse_size(const char *text, uint64_t *ret_bytes);
/* Parses a whole number. */
bool units_parse_count(const char *text, uint64_t *ret_count);
/* Parses a non-negative decimal number (rates, factors). */
bool units_parse_number(const char *text, double *ret_value);
/* Parses a percentage "5%" or "0.1%"; the sign may be left out. Returns the number of percent, 0 to 100. */
bool units_parse_percent(const char *text, double *ret_pct);

#define UNITS_TEXT_SIZE 24
/* Writes a duration for people with three significant digits: "812 us", "1.21 ms", "3.4 s". Returns |text|. */
char *units_format_duration(uint64_t ns, char text[UNITS_TEXT_SIZE]);
/* Writes a size for people: "812 B", "1.2 KiB", "3.4 MiB". Returns |text|. */
char *units_format_size(uint64_t bytes, char text[UNITS_TEXT_SIZE]);

#endif
