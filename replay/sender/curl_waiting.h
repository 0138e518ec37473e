/* Transfers of HTTP/2 that wait for room on one of their line's connections. libcurl 7.88 looks again at one of those that wait when
 * something happens on a connection, and at none where nothing does: room that came meanwhile is not used. So the one that has waited
 * longest is begun again every few milliseconds as long as any waits, and the next at once where it found room. */
#ifndef REPLAY_SENDER_CURL_WAITING_H
#define REPLAY_SENDER_CURL_WAITING_H

#include "replay/sender/curl_lane.h"

/* Prepares |line|; has looked at its waiting transfers again and again, as long as there are any. */
void curl_waiting_init(struct curl_line *line);
void curl_waiting_watch(struct curl_line *line);
void curl_waiting_done(struct curl_line *line);

#endif
