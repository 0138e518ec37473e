/* What somebody may have meant by a name that an expression of select.h does not know. */
#ifndef COMMON_SELECT_HINT_H
#define COMMON_SELECT_HINT_H

#include "common/buffer.h"
#include "common/select_field.h"

#define SELECT_HINT_SIZE 160

/* Writes "; did you mean 'status'?" or the like for a wrong field into |hint|, which may become empty. Returns
 * |hint|. */
char *select_hint_field(struct bytes wrong, char hint[SELECT_HINT_SIZE]);
/* As select_hint_field for a wrong name of a flag or defect. */
char *select_hint_name(struct bytes wrong, enum select_kind kind, char hint[SELECT_HINT_SIZE]);
/* Returns the operator that is written as |wrong| elsewhere, or NULL. Static string. */
const char *select_hint_operator(struct bytes wrong);

#endif
