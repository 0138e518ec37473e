/* What the tests of senders share: a scripted server in a thread of its own, and a client that fires one request
 * and waits for what became of it. */
#ifndef TESTS_UNIT_REPLAY_SENDER_KIT_H
#define TESTS_UNIT_REPLAY_SENDER_KIT_H

#include "common/buffer.h"
#include "replay/sender/sender.h"

#include <pthread.h>

#ifndef SENDER_UNDER_TEST /* the tests of one are the tests of all */
#define SENDER_UNDER_TEST sender_http1
#endif

/* What the server does with its listening socket; runs in the server's thread, with blocking sockets that give up
 * after ten seconds. */
typedef void (*script_fn)(int listener, void *arg);

struct script_server {
    int listener;
    uint16_t port;
    pthread_t thread;
    script_fn script;
    void *arg;
};

/* Listens on a free port of 127.0.0.1 and runs |script|. */
void server_start(struct script_server *server, script_fn script, void *arg);
/* Waits for the script's end and closes the listener. */
void server_join(struct script_server *server);
/* Accepts one connection. */
int server_accept(int listener);
/* Reads up to and including the empty line into |head|, byte by byte. Returns whether it came. */
bool server_read_head(int fd, struct buffer *head);
/* Reads exactly |size| bytes. */
bool server_read_body(int fd, size_t size, struct buffer *body);
void server_write(int fd, const char *text);
/* Closes with a reset. */
void server_reset(int fd);

/* What became of a request, with copies of what the outcome borrowed. */
struct answer {
    struct sender_outcome outcome;
    struct buffer head;
    struct buffer body;
    int calls;
    bool free_lane; /* from within the callback */
    bool inside;    /* the call to the sender has not returned */
};

/* Whether senders put off what they can. */
extern bool sender_kit_batches;

struct client {
    struct event_base *base;
    struct target *target;
    struct sender *sender;
    struct sender_lane *lane;
    struct answer answer;
};

/* Creates a client for |url|; |settings| (may be NULL) without base and target. */
void client_init(struct client *client, const char *url, const struct sender_settings *settings);
void client_init_port(struct client *client, uint16_t port, const struct sender_settings *settings);
void client_done(struct client *client);
/* Fires without waiting. */
void client_fire(struct client *client, const struct sender_request *request);
/* Turns the loop until |client|'s answer is there; fails the test after 20 s. */
void client_wait(struct client *client);
/* Fires and waits; returns the outcome. */
const struct sender_outcome *client_ask(struct client *client, const struct sender_request *request);
/* As client_ask for a head alone, wanting 1 MiB of body. */
const struct sender_outcome *client_get(struct client *client, const char *head);
/* Turns the loop until the lane is in |state|; fails the test after 20 s. */
void client_wait_state(struct client *client, enum sender_lane_state state);

#define GET "GET / HTTP/1.1\r\nHost: test\r\n\r\n"

#endif
