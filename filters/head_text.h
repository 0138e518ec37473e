/* What of the text of a head can be told apart in one way only: lines, tokens, folds. What cannot is not kept. Pure. */
#ifndef FILTERS_HEAD_TEXT_H
#define FILTERS_HEAD_TEXT_H

#include "common/buffer.h"
#include "common/http1_head.h"

#include <stdbool.h>
#include <string.h>

/* Returns whether |name| is a token (RFC 9110 §5.6.2). */
bool head_text_is_token(struct bytes name);
/* Returns the size of the line at the front of |text|, with its LF where it has one. */
static inline size_t head_text_line_size(struct bytes text)
{
    const uint8_t *lf = text.size ? memchr(text.data, '\n', text.size) : NULL;
    return lf ? (size_t)(lf - text.data) + 1 : text.size;
}
/* Returns whether |line| holds a whole line: it may have been cut otherwise. */
static inline bool head_text_is_whole(struct bytes line)
{
    return line.size > 0 && line.data[line.size - 1] == '\n';
}
/* Reads the request line |head| begins with. Returns false where it cannot be told apart, or holds what no one reads. */
bool head_text_request_line(struct bytes head, struct http1_request_line *ret_line);
/* Returns whether |head| begins with a status line that can be told apart and in whose reason nothing stands that may be sensitive. */
bool head_text_status_line(struct bytes head);
/* Makes |text| a view of itself with its folds made one space each, in |out| where there is one. Returns false
 * where it holds what some readers would take for another header line: a bare CR, a NUL, a fold that begins with
 * "name:". */
bool head_text_unfold(struct bytes *text, struct buffer *out);

#endif
