/* The 90 byte-level cases of HTTP/1 framing (what strict and tolerant parsers are known to differ in) as tables. Each row
 * names its case, one of the case's verbs, the bytes and what must come of them; every test that looks at the cases uses
 * these rows.
 *
 * Verbs: R record; F record with a name for what is odd; C record what is certain and stop reading that direction; S skip
 * to the next start line at the start of a segment; T another protocol, or a tunnel. */
#ifndef TESTS_UNIT_COMMON_HTTP1_CASES_H
#define TESTS_UNIT_COMMON_HTTP1_CASES_H

#include "tests/unit/common/http1_transcript.h"

extern const struct http1_case http1_requests_cases[], http1_responses_cases[], http1_holes_cases[];
extern const size_t http1_requests_case_count, http1_responses_case_count, http1_holes_case_count;

/* Where rows of a case stand: in these tables, in those of pairing (tests/unit/capture/pairing_cases.h), or among packets
 * (tests/unit/capture/packet_cases_test.c). */
enum http1_case_layer { CASES_OF_FRAMING, CASES_OF_PAIRING, CASES_OF_PACKETS };

enum { HTTP1_CASES = 90 };

/* The rows' names of one layer, checked off as they are run. */
struct http1_checklist {
    unsigned verbs[HTTP1_CASES + 1]; /* bit (letter - 'A') */
};
/* Notes a row called "NUMBER VERB WORDS". Fails the test where the name has another form. Returns the verb. */
char http1_checklist_note(struct http1_checklist *list, const char *name);
/* Fails the test unless every case of |layer| had a row for each of its verbs. */
void http1_checklist_complete(const struct http1_checklist *list, enum http1_case_layer layer);

#endif
