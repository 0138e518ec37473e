/* A BPF expression (pcap-filter(7)) over frames of several link types: compiled for each when it is first seen. */
#ifndef CAPTURE_FILE_LINK_FILTERS_H
#define CAPTURE_FILE_LINK_FILTERS_H

#include "capture/net/frame.h"
#include "common/error.h"

#include <stdbool.h>

struct link_filters;

/* Returns filters by |expression| (borrowed), owned. */
struct link_filters *link_filters_create(const char *expression);
/* Compiles the expression for link type |dlt| (DLT_). Fails where it makes no sense there. */
int link_filters_compile(struct link_filters *filters, int dlt, struct error *err);
/* Returns whether |frame| matches. Nothing matches of a link type that the expression makes no sense for ("ether host" on raw IP,
 * ports on USB), nor of more than 64 link types. */
bool link_filters_match(struct link_filters *filters, const struct net_frame *frame);
/* NULL is allowed. */
void link_filters_free(struct link_filters *filters);

#endif
