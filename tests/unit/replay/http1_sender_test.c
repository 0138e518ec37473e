/* The HTTP/1.1 sender against a scripted server: every outcome a target can cause, with its clocks. */
#include "tests/unit/replay/sender_kit.h"

#include "common/clock.h"

#include <event2/event.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#define BY_CURL (&SENDER_UNDER_TEST == &sender_curl)
#define OK2     "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define EXPECT                                                                                               \
    "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n"                                                 \
    "Expect: 100-continue\r\n\r\n"
#define LARGE (8U << 20)

/* A script in words: for each connection, what is answered to each request read; then how it ends. */
struct reply {
    const char *answers[4];
    enum { END_CLOSE, END_RESET, END_WAIT, END_TOLD } end;
    atomic_bool told; /* to close, for END_TOLD */
};

static void script_replies(int listener, void *arg)
{
    struct reply *reply = arg;
    struct buffer head = {0};
    int fd = server_accept(listener);
    for (int i = 0; i < 4 && reply->answers[i] && server_read_head(fd, &head); i++)
        server_write(fd, reply->answers[i]);
    if (reply->end == END_WAIT)
        server_read_head(fd, &head);
    while (reply->end == END_TOLD && !atomic_load(&reply->told))
        usleep(1000);
    if (reply->end == END_RESET) {
        server_read_head(fd, &head);
        server_reset(fd);
    } else {
        close(fd);
    }
    buffer_free(&head);
}

/* Fires one GET at a server that plays |reply|. The client stays for more, until finish(). */
static const struct sender_outcome *ask(struct script_server *server, struct client *client,
                                        struct reply *reply, const struct sender_settings *settings)
{
    server_start(server, script_replies, reply);
    client_init_port(client, server->port, settings);
    return client_get(client, GET);
}

static void finish(struct script_server *server, struct client *client)
{
    client_done(client);
    server_join(server);
}

/* The clocks of an answered request are in order. */
static void check_clocks(const struct sender_outcome *outcome)
{
    assert_true(outcome->slot_mono_ns > 0);
    assert_true(outcome->slot_mono_ns <= outcome->sent_first_mono_ns);
    assert_true(outcome->sent_first_mono_ns <= outcome->sent_last_mono_ns);
    assert_true(outcome->sent_first_mono_ns < outcome->first_byte_mono_ns);
    assert_true(outcome->first_byte_mono_ns <= outcome->done_mono_ns);
    if (outcome->connected) {
        assert_true(outcome->connect_start_mono_ns > 0 && outcome->connect_ns > 0);
        assert_true(outcome->connect_start_mono_ns + outcome->connect_ns <= outcome->slot_mono_ns);
    } else {
        assert_true(outcome->connect_start_mono_ns == 0 && outcome->connect_ns == 0);
    }
}

static void test_sender_keeps_the_connection(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{OK2, "HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"},
                          END_WAIT};
    const struct sender_outcome *outcome = ask(&server, &client, &reply, NULL);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_int_equal(outcome->status, 200);
    assert_true(bytes_equal(outcome->body, BYTES_LITERAL("ok")));
    assert_true(bytes_equal(outcome->head, BYTES_LITERAL("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")));
    assert_true(outcome->connected && !outcome->reused && !outcome->closed && !outcome->early_response);
    check_clocks(outcome);
    outcome = client_get(&client, GET);
    assert_int_equal(outcome->status, 404);
    assert_int_equal(outcome->body_bytes, 3);
    assert_true(!outcome->connected && outcome->reused && !outcome->closed);
    check_clocks(outcome);
    finish(&server, &client);
}

static void on_opened(struct sender_lane *lane, const struct sender_opening *opening, void *arg)
{
    (void)lane;
    *(struct sender_opening *)arg = *opening;
}

static void test_sender_connects_ahead(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{OK2}, END_WAIT};
    struct sender_opening opening = {.error = TRANSPORT_ERROR_COUNT};
    server_start(&server, script_replies, &reply);
    client_init_port(&client, server.port, NULL);
    sender_lane_open(client.lane, on_opened, &opening);
    assert_int_equal(sender_lane_state(client.lane), SENDER_LANE_OPENING);
    client_wait_state(&client, SENDER_LANE_IDLE);
    assert_int_equal(opening.error, TRANSPORT_NONE);
    assert_true(opening.connect_ns > 0);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_true(!outcome->connected && !outcome->reused);
    check_clocks(outcome);
    finish(&server, &client);
}

static void test_sender_fires_on_a_lane_that_is_opening(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{OK2}, END_WAIT};
    struct sender_opening opening = {.error = TRANSPORT_ERROR_COUNT};
    server_start(&server, script_replies, &reply);
    client_init_port(&client, server.port, NULL);
    sender_lane_open(client.lane, on_opened, &opening);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->status, 200);
    assert_true(outcome->connected);
    assert_int_equal(opening.error, TRANSPORT_ERROR_COUNT); /* the outcome told */
    check_clocks(outcome);
    finish(&server, &client);
}

static void test_sender_head_has_no_body(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n"}, END_WAIT};
    server_start(&server, script_replies, &reply);
    client_init_port(&client, server.port, NULL);
    struct sender_request request = {.head = BYTES_LITERAL("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
                                     .method_is_head = true};
    const struct sender_outcome *outcome = client_ask(&client, &request);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_false(outcome->closed);
    finish(&server, &client);
}

/* What a server does to one request, and what the outcome must say. */
static void test_sender_tells_each_failure(void **state)
{
    (void)state;
    const struct {
        struct reply reply;
        enum transport_error error;
        uint16_t status;
        uint32_t interim_count;
        bool closed;
    } cases[] = {
        {{{"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nall"}, END_CLOSE}, TRANSPORT_NONE, 200, 0, true},
        {{{"HTTP/1.0 200 OK\r\n\r\nall"}, END_CLOSE}, TRANSPORT_NONE, 200, 0, true},
        {{{"HTTP/1.1 103 Early\r\n\r\n" OK2}, END_WAIT}, TRANSPORT_NONE, 200, 1, false},
        {{{OK2 "more"}, END_WAIT}, TRANSPORT_NONE, 200, 0, true},
        {{{NULL}, END_RESET}, TRANSPORT_RESET, 0, 0, true},
        {{{""}, END_CLOSE}, TRANSPORT_CLOSED, 0, 0, true},
        {{{"HTTP/1.1 103 Early\r\n\r\n"}, END_CLOSE}, TRANSPORT_CLOSED, 0, 1, true},
        {{{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}, END_CLOSE},
         TRANSPORT_INCOMPLETE,
         200,
         0,
         true},
        {{{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nha"}, END_CLOSE},
         TRANSPORT_INCOMPLETE,
         200,
         0,
         true},
        /* libcurl shows whole lines only */
        {{{"HTTP/1.1 20"}, END_CLOSE}, BY_CURL ? TRANSPORT_CLOSED : TRANSPORT_INCOMPLETE, 0, 0, true},
        {{{"220 mail.example ESMTP\r\n"}, END_WAIT}, TRANSPORT_MALFORMED, 0, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct script_server server;
        struct client client;
        struct reply reply = cases[i].reply;
        const struct sender_outcome *outcome = ask(&server, &client, &reply, NULL);
        if (outcome->error != cases[i].error || outcome->status != cases[i].status ||
            outcome->interim_count != cases[i].interim_count || outcome->closed != cases[i].closed)
            fail_msg("case %zu: %d (%s), status %u, interim %u, closed %d", i, (int)outcome->error,
                     outcome->detail ? outcome->detail : "", outcome->status, outcome->interim_count,
                     outcome->closed);
        assert_false(sender_outcome_is_stale(outcome));
        assert_true(outcome->done_mono_ns > 0);
        finish(&server, &client);
    }
}

static void test_sender_tells_a_stale_connection(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{OK2}, END_TOLD};
    assert_int_equal(ask(&server, &client, &reply, NULL)->status, 200);
    atomic_store(&reply.told, true);
    server_join(&server); /* closed, and the loop has not seen it */
    if (BY_CURL) {        /* looks before it sends, and connects anew */
        assert_int_equal(client_get(&client, GET)->error, TRANSPORT_CONNECT_REFUSED);
        client_done(&client);
        return;
    }
    assert_int_equal(sender_lane_state(client.lane), SENDER_LANE_IDLE);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_CLOSED);
    assert_true(sender_outcome_is_stale(outcome));
    client_done(&client);
}

static void *run_again(void *arg)
{
    struct script_server *server = arg;
    server->script(server->listener, server->arg);
    return NULL;
}

static void test_sender_notices_a_closed_idle_connection_and_reopens(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{OK2}, END_CLOSE};
    assert_int_equal(ask(&server, &client, &reply, NULL)->status, 200);
    client_wait_state(&client, SENDER_LANE_CLOSED);
    pthread_join(server.thread, NULL);
    assert_int_equal(pthread_create(&server.thread, NULL, run_again, &server), 0);
    client_get(&client, GET);
    assert_int_equal(client.answer.outcome.status, 200);
    assert_true(client.answer.outcome.connected && !client.answer.outcome.reused);
    finish(&server, &client);
}

static void test_sender_tells_refusal_from_the_loop(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    server_start(&server, NULL, NULL);
    close(server.listener); /* a port on which nobody listens */
    client_init_port(&client, server.port, NULL);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_CONNECT_REFUSED);
    assert_true(outcome->closed && outcome->connected && outcome->connect_start_mono_ns > 0);
    assert_int_equal(outcome->sent_first_mono_ns, 0);
    struct sender_opening opening = {.error = TRANSPORT_ERROR_COUNT};
    sender_lane_open(client.lane, on_opened, &opening);
    assert_int_equal(opening.error, TRANSPORT_ERROR_COUNT);
    client_wait_state(&client, SENDER_LANE_CLOSED);
    assert_int_equal(opening.error, TRANSPORT_CONNECT_REFUSED);
    client_done(&client);

    client_init(&client, "unix:/nonexistent/socket", NULL);
    outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_CONNECT_FAILED);
    assert_non_null(outcome->detail);
    client_done(&client);
}

static void test_sender_tells_where_time_ran_out(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct sender_settings settings = {.request_timeout_ns = 50 * NS_PER_MS};
    struct reply half = {{"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"}, END_WAIT};
    const struct sender_outcome *outcome = ask(&server, &client, &half, &settings);
    assert_int_equal(outcome->error, TRANSPORT_BODY_TIMEOUT);
    assert_int_equal(outcome->status, 200);
    assert_true(outcome->closed && outcome->first_byte_mono_ns > 0);
    finish(&server, &client);
    struct reply interim = {{"HTTP/1.1 103 Early\r\n\r\n"}, END_WAIT};
    outcome = ask(&server, &client, &interim, &settings);
    assert_int_equal(outcome->error, TRANSPORT_TIMEOUT);
    assert_true(outcome->closed && outcome->sent_last_mono_ns > 0 && outcome->first_byte_mono_ns == 0);
    finish(&server, &client);
}

static void test_sender_caps_the_response_head(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct sender_settings settings = {.max_head_bytes = 10000};
    char *huge = malloc(20001);
    memset(huge, 'a', 20000);
    memcpy(huge, "HTTP/1.1 200 OK\r\nX: ", 20);
    huge[20000] = 0;
    struct reply reply = {{huge}, END_WAIT};
    const struct sender_outcome *outcome = ask(&server, &client, &reply, &settings);
    assert_int_equal(outcome->error, TRANSPORT_MALFORMED);
    assert_int_equal(outcome->head.size, 0);
    finish(&server, &client);
    free(huge);
}

/* A body of LARGE bytes that differ along the way. */
static struct bytes large_body(void)
{
    static uint8_t *body;
    if (!body) {
        body = malloc(LARGE);
        for (size_t i = 0; i < LARGE; i++)
            body[i] = (uint8_t)(i * 2654435761U >> 13);
    }
    return (struct bytes){body, LARGE};
}

/* When a server answers to a large body. */
enum upload { UPLOAD_READ_ALL, UPLOAD_EARLY_THEN_READ, UPLOAD_EARLY_CLOSE };

struct upload_script {
    enum upload kind;
    bool equal;
    atomic_bool answered; /* the client has its outcome */
};

static void script_upload(int listener, void *arg)
{
    struct upload_script *script = arg;
    struct buffer head = {0}, body = {0};
    int fd = server_accept(listener);
    server_read_head(fd, &head);
    if (script->kind == UPLOAD_EARLY_CLOSE) {
        server_write(fd, "HTTP/1.1 413 Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno");
        shutdown(fd, SHUT_WR);
        while (!atomic_load(
            &script->answered)) /* read sooner, the body could all be sent before the answer is seen */
            usleep(1000);
        while (server_read_body(fd, 65536, &body))
            continue;
    } else {
        if (script->kind == UPLOAD_EARLY_THEN_READ) {
            server_write(fd, OK2);
            usleep(100000); /* likewise */
        }
        script->equal =
            server_read_body(fd, LARGE, &body) && memcmp(body.data, large_body().data, LARGE) == 0;
        if (script->kind == UPLOAD_READ_ALL)
            server_write(fd, OK2);
        server_read_head(fd, &head);
    }
    close(fd);
    buffer_free(&head);
    buffer_free(&body);
}

static const struct sender_outcome *upload(struct script_server *server, struct client *client,
                                           struct upload_script *script)
{
    static char head[128];
    snprintf(head, sizeof head, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %u\r\n\r\n", LARGE);
    struct sender_request request = {.head = bytes_of(head), .body = large_body(), .want_body_bytes = 100};
    server_start(server, script_upload, script);
    client_init_port(client, server->port, NULL);
    const struct sender_outcome *outcome = client_ask(client, &request);
    atomic_store(&script->answered, true);
    return outcome;
}

static void test_sender_sends_large_bodies_whole(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct upload_script script = {.kind = UPLOAD_READ_ALL};
    const struct sender_outcome *outcome = upload(&server, &client, &script);
    assert_int_equal(outcome->status, 200);
    assert_true(outcome->sent_last_mono_ns > outcome->sent_first_mono_ns);
    assert_false(outcome->early_response);
    check_clocks(outcome);
    finish(&server, &client);
    assert_true(script.equal);
}

static void script_download(int listener, void *arg)
{
    (void)arg;
    struct buffer head = {0};
    int fd = server_accept(listener);
    server_read_head(fd, &head);
    buffer_clear(&head);
    buffer_printf(&head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", LARGE);
    buffer_append_bytes(&head, large_body());
    buffer_append_byte(&head, '\0');
    server_write(fd, (const char *)head.data);
    for (size_t at = strlen((const char *)head.data); at + 1 < head.size;) {
        ssize_t written = write(fd, head.data + at, head.size - 1 - at);
        if (written <= 0)
            break;
        at += (size_t)written;
    }
    close(fd);
    buffer_free(&head);
}

static void test_sender_reads_large_bodies_and_the_end_behind_them(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    server_start(&server, script_download, NULL);
    client_init_port(&client, server.port, NULL);
    const struct sender_outcome *outcome = client_get(&client, GET);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_int_equal(outcome->body_bytes, LARGE);
    client_wait_state(&client, SENDER_LANE_CLOSED);
    finish(&server, &client);
}

static void test_sender_sends_on_after_an_early_answer(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct upload_script script = {.kind = UPLOAD_EARLY_THEN_READ};
    const struct sender_outcome *outcome = upload(&server, &client, &script);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_true(bytes_equal(outcome->body, BYTES_LITERAL("ok")));
    assert_true(outcome->early_response && !outcome->closed && outcome->sent_last_mono_ns > 0);
    finish(&server, &client);
    assert_true(script.equal);
}

static void test_sender_takes_an_answer_that_refuses_the_body(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct upload_script script = {.kind = UPLOAD_EARLY_CLOSE};
    const struct sender_outcome *outcome = upload(&server, &client, &script);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_int_equal(outcome->status, 413);
    assert_true(outcome->early_response && outcome->closed);
    finish(&server, &client);
}

/* What a server answers to the head that expects 100, and whether it reads the body (and answers then, if it did not before). */
struct expect_script {
    const char *first;
    bool reads_body;
    bool body_came;
};

static void script_expect(int listener, void *arg)
{
    struct expect_script *script = arg;
    struct buffer head = {0}, body = {0};
    int fd = server_accept(listener);
    server_read_head(fd, &head);
    server_write(fd, script->first);
    script->body_came = server_read_body(fd, 5, &body) && memcmp(body.data, "hello", 5) == 0;
    if (script->reads_body && !strstr(script->first, " 200 "))
        server_write(fd, OK2);
    close(fd);
    buffer_free(&head);
    buffer_free(&body);
}

static void check_expect(const char *first, bool reads_body, uint16_t status, uint32_t interim_count)
{
    struct script_server server;
    struct client client;
    struct sender_settings settings = {.continue_wait_ns = 30 * NS_PER_MS};
    struct expect_script script = {first, reads_body, false};
    struct sender_request request = {
        .head = BYTES_LITERAL(EXPECT), .body = BYTES_LITERAL("hello"), .expect_continue = true};
    server_start(&server, script_expect, &script);
    client_init_port(&client, server.port, &settings);
    const struct sender_outcome *outcome = client_ask(&client, &request);
    assert_int_equal(outcome->error, TRANSPORT_NONE);
    assert_int_equal(outcome->status, status);
    assert_int_equal(outcome->interim_count, interim_count);
    assert_int_equal(outcome->closed, !reads_body);
    assert_int_equal(outcome->sent_last_mono_ns > 0, reads_body);
    finish(&server, &client);
    assert_int_equal(script.body_came, reads_body);
}

static void test_sender_waits_for_100(void **state)
{
    (void)state;
    check_expect("HTTP/1.1 100 Continue\r\n\r\n", true, 200, 1);
    check_expect("HTTP/1.1 100 Continue\r\n\r\n" OK2, true, 200, 1); /* asks for it and does not look at it */
    check_expect("", true, 200, 0); /* never comes: the body goes after the wait */
    check_expect("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n", false, 417, 0);
}

static void test_sender_ends_a_response_that_lasts(void **state)
{
    (void)state;
    static const char *const begun = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    const struct {
        const char *answer;
        uint64_t timeout_ms, end_after_ms;
        enum transport_error error;
    } cases[] = {
        {begun, 10000, 30, TRANSPORT_BODY_TIMEOUT},
        {begun, 1000, 1200, TRANSPORT_BODY_TIMEOUT}, /* whose time goes on past the time-out */
        {"", 50, 10000, TRANSPORT_TIMEOUT},          /* which has nothing that lasts */
        {OK2, 10000, 30, TRANSPORT_NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct script_server server;
        struct client client;
        struct reply reply = {{cases[i].answer}, END_WAIT};
        const struct sender_settings settings = {.request_timeout_ns = cases[i].timeout_ms * NS_PER_MS};
        const struct sender_request request = {.head = BYTES_LITERAL(GET),
                                               .end_after_ns = cases[i].end_after_ms * NS_PER_MS};
        server_start(&server, script_replies, &reply);
        client_init_port(&client, server.port, &settings);
        const struct sender_outcome *outcome = client_ask(&client, &request);
        assert_int_equal(outcome->error, cases[i].error);
        if (cases[i].answer == begun) {
            assert_int_equal(outcome->status, 200);
            assert_int_equal(outcome->body_bytes, 3);
            assert_true(outcome->done_mono_ns >=
                        outcome->first_byte_mono_ns + cases[i].end_after_ms * NS_PER_MS - NS_PER_MS);
        }
        finish(&server, &client);
    }
}

static void test_sender_never_calls_back_after_close(void **state)
{
    (void)state;
    struct script_server server;
    struct client client;
    struct reply reply = {{OK2}, END_WAIT};
    server_start(&server, script_replies, &reply);
    client_init_port(&client, server.port, NULL);
    client_fire(&client, &(struct sender_request){.head = BYTES_LITERAL(GET)});
    sender_lane_close(client.lane);
    sender_lane_close(client.lane);
    event_base_loop(client.base, EVLOOP_NONBLOCK);
    assert_int_equal(client.answer.calls, 0);
    assert_int_equal(sender_lane_state(client.lane), SENDER_LANE_CLOSED);
    finish(&server, &client);

    struct reply twice = {{OK2, OK2}, END_WAIT};
    ask(&server, &client, &twice, NULL);
    client_fire(&client, &(struct sender_request){.head = BYTES_LITERAL(GET)});
    sender_lane_close(client.lane);
    sender_flush(client.sender);
    event_base_loop(client.base, EVLOOP_NONBLOCK);
    sender_flush(client.sender);
    assert_int_equal(client.answer.calls, 0);
    finish(&server, &client);

    client_init(&client, "unix:/nonexistent/socket", NULL);
    client_fire(&client, &(struct sender_request){.head = BYTES_LITERAL(GET)});
    sender_lane_close(client.lane); /* the failure was known, and waits for the loop */
    event_base_loop(client.base, EVLOOP_NONBLOCK);
    assert_int_equal(client.answer.calls, 0);
    client_done(&client);
}

static void test_sender_lane_may_be_freed_by_its_callback(void **state)
{
    (void)state;
    static const char *const answers[] = {OK2, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nx",
                                          "garbage\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct script_server server;
        struct client client;
        struct reply reply = {{answers[i]}, END_CLOSE};
        server_start(&server, script_replies, &reply);
        client_init_port(&client, server.port, NULL);
        client.answer.free_lane = true;
        client_get(&client, GET);
        assert_null(client.lane);
        finish(&server, &client);
    }
}

static void test_sender_reaches_unix_sockets(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char folder[] = "/tmp/rehearse_sender_XXXXXX", url[128];
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/s", folder);
    snprintf(url, sizeof url, "unix:%s", address.sun_path);
    struct reply reply = {{OK2}, END_CLOSE};
    struct script_server server = {.script = script_replies, .arg = &reply};
    server.listener = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(server.listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server.listener, 4), 0);
    struct client client;
    assert_int_equal(pthread_create(&server.thread, NULL, run_again, &server), 0);
    client_init(&client, url, NULL);
    client_get(&client, GET);
    assert_int_equal(client.answer.outcome.status, 200);
    finish(&server, &client);
    unlink(address.sun_path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sender_keeps_the_connection),
        cmocka_unit_test(test_sender_connects_ahead),
        cmocka_unit_test(test_sender_fires_on_a_lane_that_is_opening),
        cmocka_unit_test(test_sender_head_has_no_body),
        cmocka_unit_test(test_sender_tells_each_failure),
        cmocka_unit_test(test_sender_tells_a_stale_connection),
        cmocka_unit_test(test_sender_notices_a_closed_idle_connection_and_reopens),
        cmocka_unit_test(test_sender_tells_refusal_from_the_loop),
        cmocka_unit_test(test_sender_tells_where_time_ran_out),
        cmocka_unit_test(test_sender_caps_the_response_head),
        cmocka_unit_test(test_sender_sends_large_bodies_whole),
        cmocka_unit_test(test_sender_reads_large_bodies_and_the_end_behind_them),
        cmocka_unit_test(test_sender_sends_on_after_an_early_answer),
        cmocka_unit_test(test_sender_takes_an_answer_that_refuses_the_body),
        cmocka_unit_test(test_sender_waits_for_100),
        cmocka_unit_test(test_sender_ends_a_response_that_lasts),
        cmocka_unit_test(test_sender_never_calls_back_after_close),
        cmocka_unit_test(test_sender_lane_may_be_freed_by_its_callback),
        cmocka_unit_test(test_sender_reaches_unix_sockets),
    };
    signal(SIGPIPE, SIG_IGN);
    large_body();
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    sender_kit_batches = true;
    status |= cmocka_run_group_tests_name("batches", tests, NULL, NULL);
    free((void *)large_body().data);
    return status;
}
