#include "capture/live/assembler.h"

#include "common/buffer.h"
#include "common/mem.h"

#include <assert.h>
#include <stdlib.h>

#define UNBOUND SIZE_MAX

struct assembler {
    struct sock_filter *code;
    size_t *targets; /* of each instruction: the label that it jumps to, UNBOUND: none */
    size_t count, room;
    size_t *labels; /* where each is bound */
    size_t label_count, label_room;
};

struct assembler *assembler_create(void)
{
    return xcalloc(1, sizeof(struct assembler));
}

void assembler_free(struct assembler *assembler)
{
    if (!assembler)
        return;
    free(assembler->code);
    free(assembler->targets);
    free(assembler->labels);
    free(assembler);
}

static void add(struct assembler *assembler, struct sock_filter instruction, size_t target)
{
    if (assembler->count == assembler->room) {
        assembler->room = assembler->room ? 2 * assembler->room : 256;
        assembler->code = xrealloc(assembler->code, assembler->room * sizeof *assembler->code);
        assembler->targets = xrealloc(assembler->targets, assembler->room * sizeof *assembler->targets);
    }
    assembler->code[assembler->count] = instruction;
    assembler->targets[assembler->count++] = target;
}

void assembler_emit(struct assembler *assembler, unsigned code, uint32_t k)
{
    add(assembler, (struct sock_filter){.code = (uint16_t)code, .k = k}, UNBOUND);
}

void assembler_append(struct assembler *assembler, const struct sock_filter *code, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool accepts =
            BPF_CLASS(code[i].code) == BPF_RET && !(BPF_RVAL(code[i].code) == BPF_K && code[i].k == 0);
        add(assembler,
            accepts ? (struct sock_filter){.code = BPF_JMP | BPF_JA, .k = (uint32_t)(count - i - 1)}
                    : code[i],
            UNBOUND);
    }
}

size_t assembler_label(struct assembler *assembler)
{
    if (assembler->label_count == assembler->label_room) {
        assembler->label_room = assembler->label_room ? 2 * assembler->label_room : 64;
        assembler->labels = xrealloc(assembler->labels, assembler->label_room * sizeof *assembler->labels);
    }
    assembler->labels[assembler->label_count] = UNBOUND;
    return assembler->label_count++;
}

void assembler_bind(struct assembler *assembler, size_t label)
{
    assert(assembler->labels[label] == UNBOUND);
    assembler->labels[label] = assembler->count;
}

void assembler_jump(struct assembler *assembler, size_t label)
{
    assert(assembler->labels[label] == UNBOUND);
    add(assembler, (struct sock_filter){.code = BPF_JMP | BPF_JA}, label);
}

/* A condition reaches 255 instructions only: it chooses between going on and an unconditional jump. */
void assembler_jump_if(struct assembler *assembler, unsigned test, uint32_t k, size_t label)
{
    add(assembler, (struct sock_filter){(uint16_t)(BPF_JMP | test | BPF_K), 0, 1, k}, UNBOUND);
    assembler_jump(assembler, label);
}

void assembler_jump_unless(struct assembler *assembler, unsigned test, uint32_t k, size_t label)
{
    add(assembler, (struct sock_filter){(uint16_t)(BPF_JMP | test | BPF_K), 1, 0, k}, UNBOUND);
    assembler_jump(assembler, label);
}

struct sock_filter *assembler_take(struct assembler *assembler, size_t *ret_count)
{
    for (size_t i = 0; i < assembler->count; i++) {
        if (assembler->targets[i] == UNBOUND)
            continue;
        size_t at = assembler->labels[assembler->targets[i]];
        assert(at != UNBOUND && at > i && at < assembler->count);
        assembler->code[i].k = (uint32_t)(at - i - 1);
    }
    struct sock_filter *code = assembler->code;
    *ret_count = assembler->count;
    assembler->code = NULL;
    assembler_free(assembler);
    return code;
}
