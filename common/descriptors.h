/* File descriptors of the process. */
#ifndef COMMON_DESCRIPTORS_H
#define COMMON_DESCRIPTORS_H

/* Opens whichever of standard input, output and error the caller had closed, so that no file opened later takes its number and gets
 * what is printed. Reading finds the end; writing fails. Call it first of all. */
void descriptors_hold_standard(void);

#endif
