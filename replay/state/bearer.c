#include "replay/state/bearer.h"

#include "common/clock.h"
#include "common/log.h"
#include "common/mem.h"
#include "common/stop.h"
#include "common/units.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT_MAX     (2 * BEARER_TOKEN_MAX)
#define LOOK_NS      NS_PER_S        /* between two looks at the file */
#define RETRY_NS     (5 * NS_PER_S)  /* after a command that failed */
#define COMMAND_NS   (30 * NS_PER_S) /* for a command */
#define AHEAD_MAX_NS (60 * NS_PER_S) /* before its end a token is renewed; or a fifth of its life */
#define LIFE_MAX_NS  (UINT64_C(365) * 24 * 3600 * NS_PER_S)

struct bearer {
    const char *file;
    const char *command;
    pthread_mutex_t lock;
    struct buffer value; /* "Bearer TOKEN", under |lock| */
    atomic_uint_fast64_t version;
    uint64_t renewals, failures;

    uint64_t looked_mono_ns; /* at the file */
    struct stat seen;

    uint64_t renew_mono_ns; /* UINT64_MAX: never */
    pid_t child;            /* 0: no command is under way */
    int output;             /* what it prints */
    uint64_t deadline_mono_ns;
    struct buffer printed;
};

static bool is_token(struct bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return text.size > 0;
}

/* Takes a line from the front of |text|, trimmed. */
static struct bytes take_line(struct bytes *text)
{
    const uint8_t *end = text->size ? memchr(text->data, '\n', text->size) : NULL;
    size_t size = end ? (size_t)(end - text->data) : text->size;
    struct bytes line = bytes_make(text->data, size);
    if (size && line.data[size - 1] == '\r')
        line.size--;
    *text = bytes_make(text->data + size + (end != NULL), text->size - size - (end != NULL));
    return bytes_trim(line);
}

static const char *parse_json(struct bytes text, struct buffer *ret_token, uint64_t *ret_life_ns)
{
    json_t *root = json_loadb((const char *)text.data, text.size, 0, NULL);
    const char *token = json_string_value(json_object_get(root, "access_token"));
    json_t *life = json_object_get(root, "expires_in");
    const char *wrong = NULL;
    if (!token)
        token = json_string_value(json_object_get(root, "token"));
    if (!root)
        wrong = "begins like JSON and is none";
    else if (!token || !is_token(bytes_of(token)))
        wrong = "is JSON without a text 'access_token' (or 'token') that can stand in a header";
    else if (life && (!json_is_number(life) || json_number_value(life) <= 0))
        wrong = "has an 'expires_in' that is no number of seconds";
    if (!wrong) {
        buffer_append_text(ret_token, token);
        double seconds = life ? json_number_value(life) : 0;
        *ret_life_ns = seconds * 1e9 < (double)LIFE_MAX_NS ? (uint64_t)(seconds * 1e9) : LIFE_MAX_NS;
    }
    json_decref(root);
    return wrong;
}

const char *bearer_parse(struct bytes text, struct buffer *ret_token, uint64_t *ret_life_ns)
{
    struct bytes line, life, scheme = BYTES_LITERAL("Bearer ");
    if (ret_life_ns)
        *ret_life_ns = 0;
    while (text.size && memchr(" \t\r\n", text.data[0], 4))
        text = bytes_make(text.data + 1, text.size - 1);
    if (ret_life_ns && text.size && text.data[0] == '{')
        return parse_json(text, ret_token, ret_life_ns);
    line = take_line(&text);
    if (line.size > scheme.size && bytes_equal_nocase(bytes_make(line.data, scheme.size), scheme))
        line = bytes_trim(bytes_make(line.data + scheme.size, line.size - scheme.size));
    if (!line.size)
        return "holds no token";
    if (line.size > BEARER_TOKEN_MAX)
        return "holds a token of over 16 KiB";
    if (!is_token(line))
        return "holds a token with blanks or control characters";
    life = take_line(&text);
    if (life.size && ret_life_ns) {
        char *duration = xstrndup((const char *)life.data, life.size);
        bool right = units_parse_duration(duration, ret_life_ns) && *ret_life_ns > 0;
        free(duration);
        if (!right)
            return "has a second line that is no lifetime, like 900 or 15m";
        life = take_line(&text);
    }
    while (text.size && !life.size)
        life = take_line(&text);
    if (life.size)
        return ret_life_ns ? "has more than two lines" : "has more than one line";
    buffer_append_bytes(ret_token, line);
    return NULL;
}

/* Takes |text| as it was read. Returns NULL, or what is wrong. */
static const char *take(struct bearer *bearer, struct bytes text, uint64_t *ret_life_ns)
{
    struct buffer token = {0};
    const char *wrong = bearer_parse(text, &token, ret_life_ns);
    if (!wrong) {
        pthread_mutex_lock(&bearer->lock);
        buffer_clear(&bearer->value);
        buffer_append_text(&bearer->value, "Bearer ");
        buffer_append_bytes(&bearer->value, buffer_bytes(&token));
        atomic_fetch_add(&bearer->version, 1);
        pthread_mutex_unlock(&bearer->lock);
    }
    buffer_free(&token);
    return wrong;
}

static int read_file(struct bearer *bearer, struct error *err)
{
    int fd = open(bearer->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return error_set_errno(err, ERROR_USAGE, errno,
                               "--bearer-file %s (a file with the token in one line)", bearer->file);
    struct buffer text = {0};
    buffer_reserve(&text, TEXT_MAX);
    fstat(fd, &bearer->seen);
    ssize_t got = read(fd, text.data, TEXT_MAX);
    int status = 0;
    if (got < 0)
        status = error_set_errno(err, ERROR_USAGE, errno, "--bearer-file %s", bearer->file);
    close(fd);
    const char *wrong = got < 0 ? NULL : take(bearer, bytes_make(text.data, (size_t)got), NULL);
    if (wrong)
        status =
            error_set(err, ERROR_USAGE, "--bearer-file %s: %s; write the token in one line, nothing else",
                      bearer->file, wrong);
    buffer_free(&text);
    return status;
}

static int start(struct bearer *bearer, uint64_t now_mono_ns, struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return error_set_errno(err, ERROR_IO, errno, "--auth-command: cannot make a pipe");
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setsigmask(&attributes, &none);
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)bearer->command, NULL};
    int failed = posix_spawn(&bearer->child, "/bin/sh", &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ends[1]);
    if (failed) {
        close(ends[0]);
        bearer->child = 0;
        return error_set_errno(err, ERROR_IO, failed, "--auth-command: cannot start /bin/sh");
    }
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    bearer->output = ends[0];
    bearer->deadline_mono_ns = now_mono_ns + COMMAND_NS;
    buffer_clear(&bearer->printed);
    return 0;
}

static void end_command(struct bearer *bearer, bool kill_it, int *ret_status)
{
    if (kill_it)
        kill(-bearer->child, SIGKILL);
    while (waitpid(bearer->child, ret_status, 0) < 0 && errno == EINTR)
        continue;
    close(bearer->output);
    bearer->child = 0;
}

/* Takes the token from what the command printed, which ended with |status|. */
static int judge(struct bearer *bearer, int status, uint64_t now_mono_ns, struct error *err)
{
    uint64_t life_ns;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return error_set(err, ERROR_USAGE, "--auth-command: ended with %s %d; run it by hand to see why",
                         WIFEXITED(status) ? "exit status" : "signal",
                         WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    const char *wrong = take(bearer, buffer_bytes(&bearer->printed), &life_ns);
    if (wrong)
        return error_set(
            err, ERROR_USAGE,
            "--auth-command: what it printed %s; wanted the token in the first line and how long it "
            "lasts in the second, or JSON with access_token and expires_in",
            wrong);
    uint64_t ahead_ns = life_ns / 5 < AHEAD_MAX_NS ? life_ns / 5 : AHEAD_MAX_NS;
    bearer->renew_mono_ns = life_ns ? now_mono_ns + life_ns - ahead_ns : UINT64_MAX;
    return 0;
}

/* Reads what the command printed so far. Returns 1 while it is under way, 0 with the token, -1 with |err|. */
static int go_on(struct bearer *bearer, uint64_t now_mono_ns, struct error *err)
{
    int status = 0;
    for (;;) {
        buffer_reserve(&bearer->printed, bearer->printed.size + 4096);
        ssize_t got = read(bearer->output, bearer->printed.data + bearer->printed.size, 4096);
        if (got > 0)
            bearer->printed.size += (size_t)got;
        if (bearer->printed.size > TEXT_MAX) {
            end_command(bearer, true, &status);
            return error_set(err, ERROR_USAGE, "--auth-command: prints more than a token");
        }
        if (got > 0 || (got < 0 && errno == EINTR))
            continue;
        if (got == 0)
            break;
        if (now_mono_ns < bearer->deadline_mono_ns)
            return 1;
        end_command(bearer, true, &status);
        return error_set(err, ERROR_USAGE, "--auth-command: did not end within %d s",
                         (int)(COMMAND_NS / NS_PER_S));
    }
    end_command(bearer, false, &status);
    return judge(bearer, status, now_mono_ns, err);
}

static int run_to_end(struct bearer *bearer, struct error *err)
{
    int state;
    if (start(bearer, clock_mono_ns(), err))
        return -1;
    while ((state = go_on(bearer, clock_mono_ns(), err)) > 0) {
        struct pollfd wait[] = {
            {.fd = bearer->output, .events = POLLIN},
            {.fd = stop_fd(), .events = POLLIN}}; /* -1, which poll leaves out: none is installed */
        poll(wait, 2, 1000);
        if (!stop_requested())
            continue;
        int status;
        end_command(bearer, true, &status);
        return error_set(err, ERROR_IO, "--auth-command: interrupted before it ended");
    }
    return state;
}

int bearer_open(const char *file, const char *command, struct bearer **ret_bearer, struct error *err)
{
    struct bearer *bearer = xcalloc(1, sizeof *bearer);
    bearer->file = file;
    bearer->command = command;
    pthread_mutex_init(&bearer->lock, NULL);
    if (file ? read_file(bearer, err) : run_to_end(bearer, err)) {
        bearer_free(bearer);
        return -1;
    }
    *ret_bearer = bearer;
    return 0;
}

void bearer_free(struct bearer *bearer)
{
    int status;
    if (!bearer)
        return;
    if (bearer->child)
        end_command(bearer, true, &status);
    buffer_free(&bearer->value);
    buffer_free(&bearer->printed);
    pthread_mutex_destroy(&bearer->lock);
    free(bearer);
}

static void count(struct bearer *bearer, int state, const struct error *err)
{
    bearer->renewals += state == 0;
    bearer->failures += state < 0;
    if (state < 0)
        log_warning("%s; the token from before goes on being used", err->text);
}

static void look_at_file(struct bearer *bearer, uint64_t now_mono_ns)
{
    struct error err = {0};
    struct stat now;
    if (now_mono_ns - bearer->looked_mono_ns < LOOK_NS)
        return;
    bearer->looked_mono_ns = now_mono_ns;
    if (stat(bearer->file, &now) != 0 ||
        (now.st_ino == bearer->seen.st_ino && now.st_size == bearer->seen.st_size &&
         now.st_mtim.tv_sec == bearer->seen.st_mtim.tv_sec &&
         now.st_mtim.tv_nsec == bearer->seen.st_mtim.tv_nsec))
        return; /* a file that is away for a moment is being replaced */
    count(bearer, read_file(bearer, &err), &err);
}

void bearer_tick(struct bearer *bearer, uint64_t now_mono_ns)
{
    struct error err = {0};
    if (bearer->file) {
        look_at_file(bearer, now_mono_ns);
        return;
    }
    int state = 1;
    if (bearer->child)
        state = go_on(bearer, now_mono_ns, &err);
    else if (now_mono_ns >= bearer->renew_mono_ns && start(bearer, now_mono_ns, &err))
        state = -1;
    if (state < 0)
        bearer->renew_mono_ns = now_mono_ns + RETRY_NS;
    if (state <= 0)
        count(bearer, state, &err);
}

uint64_t bearer_renewals(const struct bearer *bearer)
{
    return bearer->renewals;
}

uint64_t bearer_failures(const struct bearer *bearer)
{
    return bearer->failures;
}

void bearer_value(struct bearer *bearer, uint64_t *version, struct buffer *value)
{
    if (*version == atomic_load_explicit(&bearer->version, memory_order_acquire))
        return;
    pthread_mutex_lock(&bearer->lock);
    *version = atomic_load(&bearer->version);
    buffer_clear(value);
    buffer_append_bytes(value, buffer_bytes(&bearer->value));
    pthread_mutex_unlock(&bearer->lock);
}
