#include "common/select_token.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *const signs[] = {"&&", "||", "==", "!=", "<=", ">=", "!~",
                                    "(",  ")",  ",",  "!",  "<",  ">",  "~"};

static bool ends_word(char c)
{
    return isspace((unsigned char)c) || strchr("()!&|<>=~,'\"", c) != NULL;
}

static void set_token(struct select_lexer *lexer, enum select_token_kind kind, size_t size)
{
    lexer->token = (struct select_token){
        .kind = kind, .text = bytes_make(lexer->text + lexer->at, size), .span = {lexer->at, size}};
    lexer->at += size;
}

/* Reads up to the closing quote; a quote after a backslash is none, and loses the backslash. */
static int take_string(struct select_lexer *lexer, struct select_span *ret_span, struct error *err)
{
    char *start = lexer->text + lexer->at;
    char quote = *start;
    char *to = start + 1, *from = to, *end = lexer->text + lexer->size;
    while (from < end && *from != quote) {
        bool escape = *from == '\\' && from + 1 < end;
        if (escape && from[1] != quote)
            *to++ = *from++;
        else if (escape)
            from++;
        *to++ = *from++;
    }
    if (from == end) {
        *ret_span = (struct select_span){lexer->at, 1};
        return error_set(err, ERROR_USAGE, "this quote is not closed");
    }
    lexer->token = (struct select_token){
        .kind = SELECT_TOKEN_STRING,
        .text = bytes_make(start + 1, (size_t)(to - start - 1)),
        .span = {lexer->at, (size_t)(from + 1 - start)},
    };
    lexer->at += lexer->token.span.size;
    return 0;
}

int select_next_token(struct select_lexer *lexer, struct select_span *ret_span, struct error *err)
{
    while (lexer->at < lexer->size && isspace((unsigned char)lexer->text[lexer->at]))
        lexer->at++;
    const char *start = lexer->text + lexer->at;
    size_t left = lexer->size - lexer->at;
    if (left == 0) {
        set_token(lexer, SELECT_TOKEN_END, 0);
        return 0;
    }
    if (*start == '\'' || *start == '"')
        return take_string(lexer, ret_span, err);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        size_t size = strlen(signs[i]);
        if (left >= size && memcmp(start, signs[i], size) == 0) {
            set_token(lexer, SELECT_TOKEN_SIGN, size);
            return 0;
        }
    }
    if (ends_word(*start)) {
        const char *wanted = *start == '=' && left > 1 && start[1] == '~' ? "~"
                             : *start == '='                              ? "=="
                             : *start == '&'                              ? "&&"
                                                                          : "||";
        *ret_span = (struct select_span){lexer->at, strcmp(wanted, "~") == 0 ? 2 : 1};
        return error_set(err, ERROR_USAGE, "there is no operator '%.*s'; write %s", (int)ret_span->size,
                         start, wanted);
    }
    size_t size = 0;
    while (size < left && !ends_word(start[size]))
        size++;
    set_token(lexer, SELECT_TOKEN_WORD, size);
    return 0;
}

bool select_token_is(const struct select_token *token, const char *text)
{
    return (token->kind == SELECT_TOKEN_SIGN || token->kind == SELECT_TOKEN_WORD) &&
           bytes_equal(token->text, bytes_of(text));
}

char *select_token_show(const struct select_token *token, char text[SELECT_SHOWN_SIZE])
{
    static const char more[] = "...";
    if (token->kind == SELECT_TOKEN_END) {
        snprintf(text, SELECT_SHOWN_SIZE, "the end");
        return text;
    }
    size_t room = SELECT_SHOWN_SIZE - sizeof more - 2, size = 0;
    text[size++] = '\'';
    for (size_t i = 0; i < token->text.size && size <= room; i++) {
        uint8_t byte = token->text.data[i];
        text[size++] = byte >= 0x20 && byte < 0x7f ? (char)byte : '?';
    }
    snprintf(text + size, SELECT_SHOWN_SIZE - size, "%s'",
             size > room && token->text.size > room ? more : "");
    return text;
}
