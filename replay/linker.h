/* Puts what the target issued in the place of what the recording holds.
 *
 * From each answer it learns, for every value that the recorded answer issued, what the target issued in its
 * stead: by the value's pseudonym, for the whole run, whatever connection carries it. Beside that it keeps,
 * a session, the cookies that the target set, and, mostly by path, the target's validators (ETag, Last-Modified). In
 * each request it replaces what it knows and says what it does not.
 *
 * Ids that an answer gave out are linked too, as far as lineage.h follows them, and places of created resources (Location of a 201), see
 * created.h.
 *
 * Every iteration has values of its own. Tables are capped: past the limit the oldest entries are forgotten
 * and counted. A core without input or output; one thread. */
#ifndef REPLAY_LINKER_H
#define REPLAY_LINKER_H

#include "common/buffer.h"
#include "common/exchange.h"
#include "common/segment/segment.h"
#include "replay/state/id_spots.h"

#include <stdbool.h>
#include <stdint.h>

struct linker;
struct linker_context;

/* |limit| entries each of values, sessions and created places are remembered; 0: 1,000,000. |base_path| ("" or
 * "/prefix") is what the target's paths begin with and the recorded ones do not. Returns owned. */
struct linker *linker_create(size_t limit, const char *base_path);
void linker_free(struct linker *linker);
/* Remembers from now on what the target gives out, to turn it back. */
void linker_remember_live(struct linker *linker);
/* Writes down in |lessons|, borrowed, what is learned from now on, cookies of a session apart: for the linkers of other threads. */
void linker_tell(struct linker *linker, struct buffer *lessons);
/* Learns what another linker wrote down in |lessons|. */
void linker_hear(struct linker *linker, struct bytes lessons);
/* Learns and replaces nothing from now on (--no-links). */
void linker_turn_off(struct linker *linker);
/* Returns a number that is another one whenever linker_learn may have learned something since. */
uint64_t linker_lesson(const struct linker *linker);
/* Returns a number that is another one whenever linker_replace and linker_replace_header may put in something else than before for
 * |context|'s session, its overrides apart. */
uint64_t linker_known(const struct linker *linker, const struct linker_context *context);
/* Returns how many entries were forgotten for want of room. */
uint64_t linker_forgotten(const struct linker *linker);

/* What stands in place of a pseudonym, whatever the target issued. */
struct linker_override {
    uint8_t tag[LINK_TAG_SIZE];
    struct bytes value; /* plain */
};

struct account;

/* Whose request it is. */
struct linker_context {
    uint64_t session;
    uint32_t iteration;
    const uint8_t *recognition_key;          /* SEGMENT_KEY_SIZE bytes, borrowed */
    const struct linker_override *overrides; /* borrowed */
    size_t override_count;
    const struct account *account; /* to log in with; NULL: whose it is */
};

/* Appends the JSON |body| of an answer with what the target gave out turned back into what was recorded. Returns false, with nothing appended, where there is none. */
bool linker_turn_back(const struct linker *linker, const struct linker_context *context, struct bytes body,
                      struct buffer *out);

/* What replacing found. Adds up over calls. */
struct linker_found {
    uint32_t linked;   /* replaced by what the target issued */
    uint32_t unlinked; /* pseudonyms and ids for which the target issued nothing */
};

#define LINKER_BODY_MAX ((size_t)1024 * 1024) /* of an answer, that is looked at */

/* Returns how many bytes of the target's body linker_learn wants to see for |exchange|; 0: none. */
size_t linker_wants_body(const struct exchange *exchange);
/* Returns whether linker_learn wants the recorded answer's body, too. */
bool linker_wants_recorded_body(const struct exchange *exchange);
/* Learns from the target's answer (|head|; |body| as transferred, its content coding not undone). Returns
 * whether the target issued a credential to this session. */
bool linker_learn(struct linker *linker, const struct linker_context *context,
                  const struct exchange *exchange, struct bytes head, struct bytes body);

/* Keeps the cookie |name| for the session as if the target had set it. */
void linker_set_cookie(struct linker *linker, const struct linker_context *context, struct bytes name,
                       struct bytes value);
/* Returns |body| without the content coding that |head| names, borrowed until the next call; empty where that cannot be undone. */
struct bytes linker_plain_body(struct linker *linker, struct bytes head, struct bytes body);

/* Appends |text|, which stands in the coding of |place|, with the pseudonyms in it replaced. */
void linker_replace(struct linker *linker, const struct linker_context *context, enum link_place place,
                    struct bytes text, struct buffer *out, struct linker_found *found);
/* The same for the value of the header |name|, whose structure it knows: Cookie, Authorization with Basic,
 * Referer and Origin. */
void linker_replace_header(struct linker *linker, const struct linker_context *context, struct bytes name,
                           struct bytes value, struct buffer *out, struct linker_found *found);
/* Appends what the target gave out in the stead of what stands at |spot|: an id with a link, or else a strong one or a credential that the recording shows in
 * clear. Returns false, with nothing appended, where it gave out nothing, or what
 * cannot stand there. */
bool linker_put_id(struct linker *linker, const struct linker_context *context, const struct id_spot *spot,
                   struct buffer *out);
/* Returns whether any strong id is another one at the target. */
bool linker_knows_ids(const struct linker *linker);
/* Returns whether any place that was created is. */
bool linker_knows_places(const struct linker *linker);
/* Finds where what was created at the front of |target| is at the target, as created_find does. */
bool linker_place(const struct linker *linker, const struct linker_context *context, struct bytes target,
                  size_t *ret_size, struct bytes *ret_actual);
/* Finds what the target gave out, plain, in the stead of the id |recorded|: one of those that lineage.h calls strong. */
bool linker_id(const struct linker *linker, const struct linker_context *context, struct bytes recorded,
               struct bytes *ret_actual);
/* Finds the target's validator in the stead of |recorded| (one entity tag, or a date) on the path of |target|. An entity tag of 6 characters is also known
 * where it was given out on another path, as by the answer that created what is there. */
bool linker_validator(const struct linker *linker, const struct linker_context *context, struct bytes target,
                      struct bytes recorded, struct bytes *ret_value);
/* Tells whether the target ever issued a credential to this session. */
bool linker_login_ok(const struct linker *linker, const struct linker_context *context);

#endif
