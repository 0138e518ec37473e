#include "replay/state/cookie_jars.h"

#include "common/mem.h"
#include "replay/places.h"

#include <stdlib.h>
#include <string.h>

#define COOKIES_MAX 64 /* a session */
#define VALUE_MAX   ((size_t)16 * 1024)

struct cookie {
    char *name;
    char *value;
};

/* Of one session, in the list of all, oldest first. */
struct jar {
    struct keymap_key session;
    struct jar *next;
    bool logged_in;
    uint64_t changes;
    struct cookie *cookies;
    size_t count;
};

struct cookie_jars {
    size_t limit;
    struct keymap by_session;
    struct jar *oldest, **newest;
    uint64_t forgotten;
    uint64_t changes_forgotten; /* so that no version comes again */
};

struct cookie_jars *cookie_jars_create(size_t limit)
{
    struct cookie_jars *jars = xcalloc(1, sizeof *jars);
    jars->limit = limit;
    jars->newest = &jars->oldest;
    return jars;
}

static void jar_free(struct jar *jar)
{
    for (size_t i = 0; i < jar->count; i++) {
        free(jar->cookies[i].name);
        free(jar->cookies[i].value);
    }
    free(jar->cookies);
    free(jar);
}

void cookie_jars_free(struct cookie_jars *jars)
{
    if (!jars)
        return;
    for (struct jar *jar = jars->oldest, *next; jar; jar = next) {
        next = jar->next;
        jar_free(jar);
    }
    keymap_free(&jars->by_session);
    free(jars);
}

static void forget_oldest(struct cookie_jars *jars)
{
    struct jar *oldest = jars->oldest;
    jars->oldest = oldest->next;
    if (!jars->oldest)
        jars->newest = &jars->oldest;
    keymap_remove(&jars->by_session, oldest->session);
    jars->forgotten++;
    jars->changes_forgotten += oldest->changes + 1;
    jar_free(oldest);
}

static struct jar *jar_of(struct cookie_jars *jars, struct keymap_key session)
{
    struct jar *jar = keymap_get(&jars->by_session, session);
    if (jar)
        return jar;
    if (jars->by_session.count >= jars->limit)
        forget_oldest(jars);
    jar = xcalloc(1, sizeof *jar);
    jar->session = session;
    *jars->newest = jar;
    jars->newest = &jar->next;
    keymap_set(&jars->by_session, session, jar);
    return jar;
}

static struct cookie *find(const struct jar *jar, struct bytes name)
{
    for (size_t i = 0; i < jar->count; i++)
        if (bytes_equal(bytes_of(jar->cookies[i].name), name))
            return &jar->cookies[i];
    return NULL;
}

void cookie_jars_set(struct cookie_jars *jars, struct keymap_key session, struct bytes name,
                     struct bytes value)
{
    if (!name.size || memchr(name.data, '\0', name.size) || value.size > VALUE_MAX ||
        places_has_control(value))
        return;
    struct jar *jar = jar_of(jars, session);
    struct cookie *cookie = find(jar, name);
    if (!cookie) {
        if (jar->count >= COOKIES_MAX)
            return;
        jar->cookies = xrealloc(jar->cookies, (jar->count + 1) * sizeof *jar->cookies);
        cookie = &jar->cookies[jar->count++];
        *cookie = (struct cookie){.name = xstrndup((const char *)name.data, name.size)};
    } else if (bytes_equal(bytes_of(cookie->value), value)) {
        return;
    }
    jar->changes++;
    free(cookie->value);
    cookie->value = xstrndup((const char *)value.data, value.size);
}

const char *cookie_jars_get(const struct cookie_jars *jars, struct keymap_key session, struct bytes name)
{
    const struct jar *jar = keymap_get(&jars->by_session, session);
    const struct cookie *cookie = jar ? find(jar, name) : NULL;
    return cookie ? cookie->value : NULL;
}

void cookie_jars_log_in(struct cookie_jars *jars, struct keymap_key session)
{
    jar_of(jars, session)->logged_in = true;
}

bool cookie_jars_logged_in(const struct cookie_jars *jars, struct keymap_key session)
{
    const struct jar *jar = keymap_get(&jars->by_session, session);
    return jar && jar->logged_in;
}

uint64_t cookie_jars_version(const struct cookie_jars *jars, struct keymap_key session)
{
    const struct jar *jar = keymap_get(&jars->by_session, session);
    return jars->changes_forgotten + (jar ? jar->changes : 0);
}

uint64_t cookie_jars_forgotten(const struct cookie_jars *jars)
{
    return jars->forgotten;
}
