/* Parsing of select.h expressions: text to program. Used by select.c. */
#ifndef COMMON_SELECT_PARSE_H
#define COMMON_SELECT_PARSE_H

#include "common/select_program.h"

/* Makes the program of |select|, which holds the text and nothing else yet, and may be left half made on failure:
 * see select_compile. |size|: bytes of the text. */
int select_parse(struct select *select, size_t size, struct select_span *ret_span, struct error *err);

#endif
