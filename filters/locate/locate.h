/* What the locators share. A locator takes bytes of one syntax apart, finds the values that stand under
 * sensitive names, and in all others what detectors find (filters/detect), hands each to |replace| in decoded form (an atom) and
 * puts the replacement back in the coding that the value had. Every byte outside replaced values stays as it was, and so does a value whose
 * replacement equals it. */
#ifndef FILTERS_LOCATE_LOCATE_H
#define FILTERS_LOCATE_LOCATE_H

#include "common/buffer.h"
#include "common/exchange.h"
#include "filters/detect/detect.h"
#include "filters/policy/policy_memo.h"

#include <stdbool.h>

/* One value. Views are borrowed for the call. */
struct atom {
    enum link_place place;
    struct policy_decision decision; /* its class is never POLICY_PUBLIC */
    struct bytes name;               /* decoded */
    struct bytes value;              /* decoded */
};

/* Appends what stands in place of |atom->value| to |out|. */
typedef void atom_fn(void *arg, const struct atom *atom, struct buffer *out);

/* Writes |value| to |out|, which is empty, with what is known to the caller in it replaced. */
typedef void carry_fn(void *arg, struct bytes value, struct buffer *out);

/* Is told that |replacement| stands in place of |atom|, a run of base64 in which values were replaced. */
typedef void recoded_fn(void *arg, const struct atom *atom, struct bytes replacement);

/* Is told that |atom| goes, with its name. Of a member of JSON the value is as it stands. */
typedef void removed_fn(void *arg, const struct atom *atom);

#define LOCATOR_POOL      96
#define LOCATOR_DEPTH_MAX 4

/* A locator's state; zero it and set |policy|, |replace|, |arg|, and what the detectors look for and are to let be. Buffers are lent in stack order and keep their memory. */
struct locator {
    const struct policy *policy;
    atom_fn *replace;
    void *arg;
    carry_fn *carry; /* what decoded values go through before anything is looked for in them; NULL: nothing */
    recoded_fn *recoded; /* NULL: nobody is told */
    removed_fn *removed; /* NULL: nobody is told */
    unsigned depth;      /* of syntaxes inside each other */
    struct buffer pool[LOCATOR_POOL];
    unsigned pool_used;
    struct policy_memo memo; /* of |policy| */
    struct bytes calm;       /* text of pairs being read, in whose parts detectors would find nothing */
    uint32_t detects;        /* classes that detectors look for, DETECT_BIT of each */
    struct detector detector;
    unsigned
        unwrapped; /* runs of base64, inside each other, in which values are being replaced: the run may yet be replaced as it stands */
    bool padded;   /* behind the value that is looked at stands what may be padding of base64 at its end */
    bool removing; /* what is being passed goes: nobody is told of the values in it */
    bool linked;   /* set by |replace| where one of those values is to be noted as a link: then the run is */
    /* Why |replace| is called, while it is. */
    const struct detection *found; /* as what detectors found the value; NULL: a rule or its name decides */
    bool unclear; /* what stands inside the value could not be told apart, so that all of it goes */
};

/* Releases the buffers. */
void locator_done(struct locator *locator);
/* Lends an empty buffer; give them back in opposite order. */
struct buffer *locator_take(struct locator *locator);
void locator_give(struct locator *locator, struct buffer *buffer);

/* Writes the replacement of |atom| to |out| (cleared first). Returns whether it differs from the value. */
bool locator_replace(struct locator *locator, const struct atom *atom, struct buffer *out);

/* Returns whether what |decision| says is to go, with its name. */
bool locator_removes(const struct locator *locator, struct policy_decision decision);
/* Tells that |atom| goes. */
void locator_remove(struct locator *locator, const struct atom *atom);

/* Returns whether |text| is nothing but base64 with its padding: its '=' part no name from a value. */
bool locate_is_padded(struct bytes text);
/* Returns whether locate_nested could find anything in |value|, under a name on which the policy decides so. */
bool locate_may_find(const struct locator *locator, struct policy_decision decision, struct bytes value);
/* Returns whether the detectors find anything in |name|, that of a header line, which cannot be replaced. */
bool locate_in_name(struct locator *locator, struct bytes name);
/* Writes |value| with what the detectors find in it replaced to |out| (cleared first). Returns whether they found anything. */
bool locate_looks(struct locator *locator, enum link_place place, struct bytes name, struct bytes value,
                  struct buffer *out);
/* Looks for URLs, parameters, labels and JSON inside the decoded |value| of something that is not sensitive by its
 * own name, and then for what detectors find in it, and writes the value with what is in there replaced to |out| (cleared first).
 * Returns whether it differs. */
bool locate_nested(struct locator *locator, enum link_place place, struct bytes name, struct bytes value,
                   struct buffer *out);

#endif
