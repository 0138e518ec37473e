/* The pairing of pairing.h inside: its state, and what its parts share. For pairing*.c alone. */
#ifndef CAPTURE_PAIRING_STATE_H
#define CAPTURE_PAIRING_STATE_H

#include "capture/pairing.h"
#include "capture/proxy_header.h"
#include "capture/waiting.h"

struct pairing_pool {
    struct pairing_settings settings;
    struct budget own_budget; /* where the settings name none */
    struct pairing_counts counts;
    struct waiting_store store;
    struct pairing *spare_pairings;
    size_t spare_pairing_count;
};

struct pairing {
    struct pairing_pool *pool;
    struct pairing *next; /* in the pool's spare list */
    struct pairing_connection connection;
    struct proxy_reader proxy;
    uint64_t proxy_bytes; /* of a PROXY header, or held back */
    const char *protocol; /* static; where the parsers do not know it */
    struct http1 *parsers[2];
    size_t held_bytes[2];         /* of the parsers, as charged */
    bool spoken[2];               /* the side has sent bytes */
    struct waiting *first, *last; /* requests that wait, oldest first */
    uint32_t count;
    struct waiting *reading;          /* whose request is being read */
    struct waiting *answering;        /* whose final response is being read */
    struct waiting *asked;            /* chosen for the response whose head comes next */
    uint32_t owed;                    /* responses to requests that were given up before */
    uint64_t marks[2];                /* flags for the next exchange of a side */
    bool paired;                      /* a request was answered */
    bool response_lost;               /* bytes of the server's side were lost */
    struct waiting *held, *held_last; /* responses whose requests the end of the batch will tell */
    uint32_t held_count;
    uint16_t interim_held; /* 1xx before the response that is held next */
    uint64_t answers_seen; /* final responses */
    bool request_hole;     /* since the last request, requests may have been lost */
    bool request_hid;      /* and at least one was */
    bool response_hole;    /* since the last response, responses may have been lost */
    bool response_hid;     /* and at least one was, or two interim ones */
    bool response_end; /* one number of the server's was lost behind an answer: its FIN, if nothing comes */
    bool at_hole;      /* nothing came since the server's last hole that may hide heads */
    bool between;      /* nothing of the server's side came since its client went on with all its answers */
    bool unasked;      /* since the client's last request or hole, an answer came that none waited for */
    bool surplus[2];   /* the side sends bytes that are no messages: holes may hold nothing else */
    bool hints;        /* the server sends interim responses that nobody expects */
    bool answers_lost; /* in this batch */
    bool deferring;    /* responses are held until the end of the batch */
    bool hold_next;    /* so is the one whose head comes next */
    bool server_spoke; /* a response, or a hole, since the client's last request or hole */
    bool slides;       /* the client has sent a request while answers to earlier ones were coming in */
    bool uncertain;    /* nothing says any more which response answers which request */
    bool opaque;
    bool closed; /* a side ended with FIN */
    bool finished;
    bool unanswered_before; /* the exchange handed over last had no response and none was lost */
    uint64_t answered_ns;   /* when the response handed over last was complete */
};

/* Frees it with its parsers; it is no longer in the pool's list. */
void pairing_destroy(struct pairing *pairing);
/* Makes all that follows opaque: the connection showed |protocol| (static; NULL where the parsers know it). */
void pairing_become_other(struct pairing *pairing, const char *protocol);

/* Takes a PROXY header, or what may become one, from the front of the client's |data|. Until |proxy.done|. */
void pairing_opening_take(struct pairing *pairing, struct bytes *data, uint64_t packet_ns);
/* Tells that |bytes| (0: unknown) of the client's stream are lost. Returns how many of them lie behind the header. */
uint64_t pairing_opening_lose(struct pairing *pairing, uint64_t bytes);
/* Tells that no header can come any more: what was held back to see goes to the client's parser. */
void pairing_opening_end(struct pairing *pairing);

/* Takes the oldest request out of the queue and hands it over, complete or not. */
void pairing_hand_over_first(struct pairing *pairing);

/* The client begins another request, or lost bytes of its side may hide one: where that ends a batch with holes, settles it. */
void pairing_client_goes_on(struct pairing *pairing);
/* Returns the request that the next response answers; NULL where there is none for certain: with |hold_next|, it is held. */
struct waiting *pairing_choose(struct pairing *pairing, bool interim);
/* Returns what a response that is held may answer. */
enum http1_answers pairing_held_answers(const struct pairing *pairing);
/* Returns what takes the response that is held, borrowed. */
struct waiting *pairing_hold(struct pairing *pairing);
/* Ends the batch: gives held responses to requests, and hands all over. */
void pairing_settle(struct pairing *pairing);
/* Ends the batch where it is not known whether all answers came: nothing behind its last hole is certain. */
void pairing_break_off(struct pairing *pairing);
/* Ends the batch, and pairs nothing any more on this connection. */
void pairing_give_up(struct pairing *pairing);
/* Notes a hole of |side| that may hide heads, |beyond| bytes of it behind the message that it began in. */
void pairing_note_hole(struct pairing *pairing, enum pairing_side side, uint64_t beyond);

#endif
