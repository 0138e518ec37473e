/* JSON as text: what the verbs print line by line (jansson is for documents). Also base64. */
#ifndef COMMON_JSON_TEXT_H
#define COMMON_JSON_TEXT_H

#include "common/buffer.h"

/* Returns whether |text| is UTF-8 (RFC 3629: no overlong forms, no surrogates). */
bool json_text_is_utf8(struct bytes text);
/* Appends |text|, which is UTF-8, as a JSON string with its quotes. Control characters, U+007F to U+009F among them, are
 * escaped, so that the output does nothing to a terminal. */
void json_text_append(struct buffer *out, struct bytes text);
/* As json_text_append for any bytes: each is written as the character U+0000 to U+00FF (CLI.md, "bytes"). */
void json_text_append_bytes(struct buffer *out, struct bytes text);
/* Appends |data| in base64 with padding (RFC 4648 §4), without quotes. */
void json_text_append_base64(struct buffer *out, struct bytes data);

#endif
