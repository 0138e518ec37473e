/* What building one request passes around, and what its head and its body are both made with; for request.c and request_body.c alone. */
#ifndef REPLAY_REQUEST_BUILD_H
#define REPLAY_REQUEST_BUILD_H

#include "common/http1_head.h"
#include "replay/request.h"
#include "replay/state/link_rules.h"

/* What building one request passes around. */
struct build {
    struct request *request;
    const struct request_rules *rules;
    struct linker *linker;
    const struct linker_context *context;
    const struct exchange *exchange;
    struct bytes recorded_host;
    struct bytes host; /* that takes its place; no data: as recorded */
    bool conditional_linked;
    bool authorized;
    bool noted;            /* a field may say something about how the request is to be sent */
    bool scans;            /* the request carries a credential: its parts are searched for pseudonyms */
    const uint8_t *copied; /* as far as the recorded head is in the new one already */
    const struct id_spot *spots;
    size_t spot_count;
    struct linker_context own;         /* with what its account has */
    struct linker_override *overrides; /* room for them */
    struct link_injection injection;
};

/* Appends |text| with the pseudonyms in it replaced. */
void request_build_linked(struct build *build, enum link_place place, struct bytes text, struct buffer *out);
/* Returns the coding of a body with the recorded |head|: JSON, a form, or LINK_PLACE_BODY for others. */
enum link_place request_build_body_place(struct bytes head);
/* Adds to |spots|, those of the build, the credentials that stand in clear. */
void request_build_find_credentials(struct build *build, struct id_spot *spots);
/* Adds to |spots|, those of the build, the ids that stand under names which say nothing of them. |head| is the recorded one. */
void request_build_find_ids(struct build *build, struct id_spot *spots, struct bytes head);
/* Appends |text|, a part of the recorded request, with the ids in it replaced. Returns whether any stands in it; where not, nothing is
 * appended. */
bool request_build_ids(struct build *build, struct bytes text, struct buffer *out);
/* Appends |text|, JSON or pairs, with the URLs in it leading to what was created. Returns false, with nothing appended, where none does. */
bool request_build_urls(struct build *build, enum link_place place, struct bytes text, struct buffer *out);
/* Writes the body, framed. |head| is the recorded one. Returns as request_build does. */
enum unsent_reason request_body_put(struct build *build, struct bytes head);

static inline void request_build_swap(struct buffer *a, struct buffer *b)
{
    struct buffer kept = *a;
    *a = *b;
    *b = kept;
}

#endif
