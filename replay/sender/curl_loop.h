/* A multi handle of libcurl on an event base, by its socket interface. Of one thread. */
#ifndef REPLAY_SENDER_CURL_LOOP_H
#define REPLAY_SENDER_CURL_LOOP_H

#include <curl/curl.h>
#include <event2/event.h>

struct curl_loop;

/* A transfer has ended; it is still added: curl_loop_remove it. Called from the event base only; may do anything but free the loop. */
typedef void (*curl_loop_done_fn)(CURL *transfer, CURLcode code);

/* Returns owned, curl_loop_free; |host_connections| is how many one pool of connections may have to a host. */
struct curl_loop *curl_loop_create(struct event_base *base, long host_connections, curl_loop_done_fn done);
/* Accepts NULL. No transfer may be added. */
void curl_loop_free(struct curl_loop *loop);
/* Begins |transfer|, and goes on with it as far as that is possible now. */
void curl_loop_add(struct curl_loop *loop, CURL *transfer);
/* Takes |transfer| out, which cancels it where it has not ended. Not from within a callback of libcurl's. */
void curl_loop_remove(struct curl_loop *loop, CURL *transfer);

#endif
