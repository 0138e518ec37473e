/* Stream digests: bytes and SHA-256 of every reassembled stream, to check reassembly against other tools. */
#ifndef CAPTURE_DIGESTS_H
#define CAPTURE_DIGESTS_H

#include "capture/tcp/flow.h"

#include <stdio.h>

/* Returns a handler that prints a line for each direction that carried bytes when its connection closes:
 * flow (addresses and ports as tcpflow names its files), direction, bytes, SHA-256, bytes lost; tab-separated
 * to |to| (borrowed). */
struct flow_handler digests_handler(FILE *to);

#endif
