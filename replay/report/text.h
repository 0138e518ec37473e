/* The report for a terminal: made from the JSON object alone, plain ASCII, at most 100 columns wide. */
#ifndef REPLAY_REPORT_TEXT_H
#define REPLAY_REPORT_TEXT_H

#include "common/buffer.h"

#include <jansson.h>

/* Appends |report| (see model.h) as text to |out|. Whatever was captured is escaped. */
void text_render(const json_t *report, struct buffer *out);

#endif
