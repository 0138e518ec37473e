/* Exchanges from JSON as `inspect --format json --bodies` writes it (CLI.md), and as someone writes it by hand: every member may be missing. */
#ifndef FILTERS_EXCHANGE_JSON_H
#define FILTERS_EXCHANGE_JSON_H

#include "common/error.h"
#include "common/exchange.h"

#include <stdio.h>

enum exchange_json_status { EXCHANGE_JSON_READ, EXCHANGE_JSON_END, EXCHANGE_JSON_FAILED };

/* Reads the next JSON object of |file| into |exchange| (cleared first). Objects stand one after another, in one line each or not; |line| counts lines and is 0 before the
 * first call. FAILED: |err| says which line is wrong and how, and tells nothing of what stands there; ERROR_IO where |file| cannot be read.
 *
 * Read are id, connection, method, path, version, host (where no Host is among the headers), request_headers and response_headers (lists of name and value), status, flags,
 * request_body and response_body (text, or JSON that is written as such) with their _state and _reason, and the lists "bytes" and "base64". Content is taken to have the content coding that
 * its headers name where the flags say "unsanitized": otherwise it has none. */
enum exchange_json_status exchange_json_read(FILE *file, unsigned *line, struct exchange *exchange,
                                             struct error *err);

#endif
