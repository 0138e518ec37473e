#include "samples/shop/login.h"

#include "common/clock.h"
#include "common/mem.h"
#include "samples/shop/lookup.h"
#include "samples/shop/service.h"

#include <errno.h>
#include <event2/http.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USERS_MAX    10000
#define SESSIONS_MAX 16384
#define SECRET_BYTES 16

struct user {
    char *name;
    char *password;
};

struct logins {
    struct user *users; /* sorted by name */
    size_t user_count;
    struct session *sessions; /* a ring */
    size_t next;
    struct lookup *tokens;
    struct lookup *cookies;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct user *)a)->name, ((const struct user *)b)->name);
}

static bool read_users(struct logins *logins, FILE *file)
{
    char line[512];
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        char *colon = strchr(line, ':');
        if (!line[0])
            continue;
        if (!colon || logins->user_count == USERS_MAX)
            return false;
        *colon = '\0';
        logins->users[logins->user_count++] = (struct user){xstrdup(line), xstrdup(colon + 1)};
    }
    qsort(logins->users, logins->user_count, sizeof *logins->users, by_name);
    return logins->user_count > 0;
}

struct logins *logins_open(const char *path)
{
    FILE *file = fopen(path, "r");
    if (!file) {
        fprintf(stderr, "shop: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    struct logins *logins = xcalloc(1, sizeof *logins);
    logins->users = xcalloc(USERS_MAX, sizeof *logins->users);
    logins->sessions = xcalloc(SESSIONS_MAX, sizeof *logins->sessions);
    logins->tokens = lookup_create(SESSIONS_MAX);
    logins->cookies = lookup_create(SESSIONS_MAX);
    bool read = read_users(logins, file);
    fclose(file);
    if (!read) {
        fprintf(stderr, "shop: %s: not 1 to %d lines of user:password\n", path, USERS_MAX);
        logins_free(logins);
        return NULL;
    }
    return logins;
}

void logins_free(struct logins *logins)
{
    if (!logins)
        return;
    for (size_t i = 0; i < logins->user_count; i++) {
        free(logins->users[i].name);
        free(logins->users[i].password);
    }
    free(logins->users);
    free(logins->sessions);
    lookup_free(logins->tokens);
    lookup_free(logins->cookies);
    free(logins);
}

static const struct user *find_user(const struct logins *logins, const char *name, const char *password)
{
    const struct user wanted = {.name = (char *)name};
    const struct user *user = bsearch(&wanted, logins->users, logins->user_count, sizeof wanted, by_name);
    return user && strcmp(user->password, password) == 0 ? user : NULL;
}

void login_answer(struct call *call, struct answer *answer)
{
    struct logins *logins = call->shop->logins;
    const char *name = json_string_value(json_object_get(call->body, "user"));
    const char *password = json_string_value(json_object_get(call->body, "password"));
    if (!name || !password) {
        answer_error(answer, 400, "user and password are needed");
        return;
    }
    const struct user *user = find_user(logins, name, password);
    if (!user) {
        answer_error(answer, 401, "wrong user or password");
        return;
    }
    char token[2 * SECRET_BYTES + 1], cookie[2 * SECRET_BYTES + 1], header[128];
    lookup_random_hex(token, SECRET_BYTES);
    lookup_random_hex(cookie, SECRET_BYTES);
    size_t slot = logins->next++ % SESSIONS_MAX;
    logins->sessions[slot] = (struct session){.user = (size_t)(user - logins->users),
                                              .expires_s = clock_mono_ns() / NS_PER_S + LOGIN_TTL_S};
    lookup_put(logins->tokens, slot, token);
    lookup_put(logins->cookies, slot, cookie);
    snprintf(header, sizeof header, "sid=%s; Path=/; Max-Age=%d; HttpOnly", cookie, LOGIN_TTL_S);
    evhttp_add_header(evhttp_request_get_output_headers(call->request), "Set-Cookie", header);
    answer->status = 200;
    answer->body = json_pack("{s:s,s:i}", "token", token, "expires_in", LOGIN_TTL_S);
}

/* Copies the value of cookie |name| of a Cookie header to |value|, or leaves it empty. */
static void cookie_value(const char *header, const char *name, char *value, size_t size)
{
    size_t length = strlen(name);
    value[0] = '\0';
    while (header) {
        header += strspn(header, " ");
        if (strncmp(header, name, length) == 0 && header[length] == '=') {
            size_t end = strcspn(header + length + 1, ";");
            if (end < size)
                snprintf(value, size, "%.*s", (int)end, header + length + 1);
            return;
        }
        header = strchr(header, ';');
        header = header ? header + 1 : NULL;
    }
}

struct session *login_session(struct call *call, struct answer *answer)
{
    struct logins *logins = call->shop->logins;
    struct evkeyvalq *headers = evhttp_request_get_input_headers(call->request);
    const char *authorization = evhttp_find_header(headers, "Authorization");
    char cookie[LOOKUP_KEY_SIZE];
    cookie_value(evhttp_find_header(headers, "Cookie"), "sid", cookie, sizeof cookie);
    size_t slot;
    bool found = authorization && strncmp(authorization, "Bearer ", 7) == 0 &&
                 lookup_find(logins->tokens, authorization + 7, &slot);
    found = found || lookup_find(logins->cookies, cookie, &slot);
    if (found && logins->sessions[slot].expires_s > clock_mono_ns() / NS_PER_S)
        return &logins->sessions[slot];
    answer_error(answer, 401, "log in first");
    return NULL;
}
