/* The words of an expression of select.h. Used by select_parse.c. */
#ifndef COMMON_SELECT_TOKEN_H
#define COMMON_SELECT_TOKEN_H

#include "common/buffer.h"
#include "common/error.h"
#include "common/select.h"

enum select_token_kind {
    SELECT_TOKEN_END,
    SELECT_TOKEN_WORD,   /* a field, a value, or one of: and or not in */
    SELECT_TOKEN_STRING, /* in quotes; |text| without them, escapes undone */
    SELECT_TOKEN_SIGN,   /* ( ) , ! && || == != < <= > >= ~ !~ */
};

struct select_token {
    enum select_token_kind kind;
    struct bytes text;
    struct select_span span; /* quotes included */
};

struct select_lexer {
    char *text; /* changed in place where a string holds escapes; borrowed */
    size_t size;
    size_t at;
    struct select_token token; /* the current one */
};

/* Goes on to the next token. Fails, with the place in |ret_span|, where there is none. */
int select_next_token(struct select_lexer *lexer, struct select_span *ret_span, struct error *err);
/* Returns whether |token| is this sign, or this word without quotes. */
bool select_token_is(const struct select_token *token, const char *text);
/* Writes |token| for a message: as it stands, shortened, printable. Returns |text|. */
#define SELECT_SHOWN_SIZE 48
char *select_token_show(const struct select_token *token, char text[SELECT_SHOWN_SIZE]);

#endif
