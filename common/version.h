/* Versions of this program and of what it stands on. */
#ifndef COMMON_VERSION_H
#define COMMON_VERSION_H

#include <stdio.h>

/* Prints the program's version and one line a library. */
void version_print(FILE *to);

#endif
