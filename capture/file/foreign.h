/* Files that are given as captures and are none: what they seem to be, for the error message. Pure. */
#ifndef CAPTURE_FILE_FOREIGN_H
#define CAPTURE_FILE_FOREIGN_H

#include "common/buffer.h"

/* Returns what a file of the name |name| that begins with |head| seems to be and what can be done about it, a literal; NULL where
 * there is nothing to say. */
const char *foreign_name(struct bytes head, const char *name);

#endif
