/* Puts together a classic BPF program whose jumps go to labels. Jumps go forward only, which is all that BPF allows, and as far as they
 * like. */
#ifndef CAPTURE_LIVE_ASSEMBLER_H
#define CAPTURE_LIVE_ASSEMBLER_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

struct assembler;

struct assembler *assembler_create(void);
/* NULL is allowed. */
void assembler_free(struct assembler *assembler);
/* Adds an instruction that does not jump. */
void assembler_emit(struct assembler *assembler, unsigned code, uint32_t k);
/* Adds a whole program of |count| instructions; where it accepts a packet, what is added next goes on. */
void assembler_append(struct assembler *assembler, const struct sock_filter *code, size_t count);
/* Returns a new label. */
size_t assembler_label(struct assembler *assembler);
/* Puts |label| before the next instruction. Once a label, after all jumps to it. */
void assembler_bind(struct assembler *assembler, size_t label);
/* Goes to |label|. */
void assembler_jump(struct assembler *assembler, size_t label);
/* Goes to |label| where the comparison |test| (BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET) of A with |k| holds. */
void assembler_jump_if(struct assembler *assembler, unsigned test, uint32_t k, size_t label);
/* Goes to |label| where it does not hold. */
void assembler_jump_unless(struct assembler *assembler, unsigned test, uint32_t k, size_t label);
/* Ends the program and the assembler. Returns owned code of |ret_count| instructions; each label that was used must be bound. */
struct sock_filter *assembler_take(struct assembler *assembler, size_t *ret_count);

#endif
