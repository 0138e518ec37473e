/* Link types: the numbers in files (LINKTYPE_), and libpcap's (DLT_). */
#ifndef CAPTURE_FILE_LINK_TYPES_H
#define CAPTURE_FILE_LINK_TYPES_H

#include <stdint.h>

/* Returns the DLT_ value of this platform for |linktype|, the number of a link type in a capture file; numbers without another
 * meaning are the same in both. */
int link_types_dlt(uint16_t linktype);

#endif
