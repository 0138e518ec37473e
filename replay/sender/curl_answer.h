/* The core that gathers what libcurl hands out of an answer, line by line. No I/O. */
#ifndef REPLAY_SENDER_CURL_ANSWER_H
#define REPLAY_SENDER_CURL_ANSWER_H

#include "replay/sender/sender.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised is empty; reused over answers. */
struct curl_answer {
    bool begun;             /* a line of the final response was seen */
    bool head_done;         /* its head is complete */
    const char *refused;    /* static text: why it was taken no further; NULL: it was */
    uint16_t status;        /* of the head that is read */
    uint32_t interim_count; /* 1xx passed over */
    bool has_length;        /* it says how long its body is: |length| */
    uint64_t length;
    uint64_t bytes_seen;
    uint64_t body_bytes;
    uint64_t first_byte_mono_ns; /* of the final response */
    uint64_t max_head_bytes;     /* 0: 256 KiB */
    size_t want_body_bytes;
    struct buffer head;
    struct buffer body;
};

/* Starts on a new answer, of whose body |want_body_bytes| are kept. */
void curl_answer_begin(struct curl_answer *answer, size_t want_body_bytes);
/* Takes a line of a head, or a trailer, seen at |now|. Returns false where it is to go no further: |refused|. */
bool curl_answer_line(struct curl_answer *answer, struct bytes line, uint64_t now);
/* Takes a part of the body. */
void curl_answer_body(struct curl_answer *answer, struct bytes part);
/* Returns whether it is known by its Content-Length that nothing more comes. */
bool curl_answer_is_complete(const struct curl_answer *answer);
/* Puts what is known into |outcome|, which borrows it until the next begin. */
void curl_answer_fill(const struct curl_answer *answer, struct sender_outcome *outcome);
void curl_answer_free(struct curl_answer *answer);

#endif
