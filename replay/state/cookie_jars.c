#include "replay/state/cookie_jars.h"

#include "common/mem.h"
#include "replay/places.h"
#include "replay/state/fifo_map.h"

#include <stdlib.h>
#include <string.h>

#define COOKIES_MAX 64 /* a session */
#define VALUE_MAX   ((size_t)16 * 1024)

struct cookie {
    char *name;
    char *value;
};

/* Of one session. */
struct jar {
    struct fifo_entry entry;
    bool logged_in;
    uint64_t version;
    struct cookie *cookies;
    size_t count;
};

struct cookie_jars {
    struct fifo_map by_session;
    uint64_t changes;
    uint64_t none; /* the version of sessions without a jar: when one was last forgotten */
};

/* fifo_map_free_fn */
static void jar_free(void *entry)
{
    struct jar *jar = entry;
    for (size_t i = 0; i < jar->count; i++) {
        free(jar->cookies[i].name);
        free(jar->cookies[i].value);
    }
    free(jar->cookies);
    free(jar);
}

struct cookie_jars *cookie_jars_create(size_t limit)
{
    struct cookie_jars *jars = xcalloc(1, sizeof *jars);
    fifo_map_init(&jars->by_session, limit, jar_free);
    return jars;
}

void cookie_jars_free(struct cookie_jars *jars)
{
    if (!jars)
        return;
    fifo_map_done(&jars->by_session);
    free(jars);
}

static struct jar *jar_of(struct cookie_jars *jars, struct keymap_key session)
{
    struct jar *jar = fifo_map_get(&jars->by_session, session);
    if (jar)
        return jar;
    jar = xcalloc(1, sizeof *jar);
    if (fifo_map_add(&jars->by_session, session, &jar->entry))
        jars->none = ++jars->changes;
    jar->version = jars->none;
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
    jar->version = ++jars->changes;
    free(cookie->value);
    cookie->value = xstrndup((const char *)value.data, value.size);
}

const char *cookie_jars_get(const struct cookie_jars *jars, struct keymap_key session, struct bytes name)
{
    const struct jar *jar = fifo_map_get(&jars->by_session, session);
    const struct cookie *cookie = jar ? find(jar, name) : NULL;
    return cookie ? cookie->value : NULL;
}

void cookie_jars_log_in(struct cookie_jars *jars, struct keymap_key session)
{
    jar_of(jars, session)->logged_in = true;
}

bool cookie_jars_logged_in(const struct cookie_jars *jars, struct keymap_key session)
{
    const struct jar *jar = fifo_map_get(&jars->by_session, session);
    return jar && jar->logged_in;
}

uint64_t cookie_jars_version(const struct cookie_jars *jars, struct keymap_key session)
{
    const struct jar *jar = fifo_map_get(&jars->by_session, session);
    return jar ? jar->version : jars->none;
}

uint64_t cookie_jars_forgotten(const struct cookie_jars *jars)
{
    return jars->by_session.forgotten;
}
