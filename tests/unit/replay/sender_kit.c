#include "tests/unit/replay/sender_kit.h"

#include "common/clock.h"
#include "replay/pacer.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

bool sender_kit_batches;

static void *run_script(void *arg)
{
    struct script_server *server = arg;
    server->script(server->listener, server->arg);
    return NULL;
}

void server_start(struct script_server *server, script_fn script, void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    server->script = script;
    server->arg = arg;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(server->listener, 16), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    if (script)
        assert_int_equal(pthread_create(&server->thread, NULL, run_script, server), 0);
}

void server_join(struct script_server *server)
{
    if (server->script)
        pthread_join(server->thread, NULL);
    close(server->listener);
}

int server_accept(int listener)
{
    struct timeval patience = {.tv_sec = 10};
    setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int fd = accept(listener, NULL, NULL);
    if (fd >= 0) {
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    }
    return fd;
}

bool server_read_head(int fd, struct buffer *head)
{
    uint8_t byte;
    buffer_clear(head);
    while (recv(fd, &byte, 1, 0) == 1) {
        buffer_append_byte(head, byte);
        if (head->size >= 4 && memcmp(head->data + head->size - 4, "\r\n\r\n", 4) == 0)
            return true;
    }
    return false;
}

bool server_read_body(int fd, size_t size, struct buffer *body)
{
    buffer_clear(body);
    buffer_reserve(body, size);
    while (body->size < size) {
        ssize_t got = recv(fd, body->data + body->size, size - body->size, 0);
        if (got <= 0)
            return false;
        body->size += (size_t)got;
    }
    return true;
}

void server_write(int fd, const char *text)
{
    size_t size = strlen(text);
    while (size > 0) {
        ssize_t sent = send(fd, text, size, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        text += sent;
        size -= (size_t)sent;
    }
}

void server_reset(int fd)
{
    struct linger linger = {.l_onoff = 1};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(fd);
}

void client_init(struct client *client, const char *url, const struct sender_settings *settings)
{
    struct error err = {0};
    *client = (struct client){.base = pacer_base_create(&err)};
    if (target_parse(url, &client->target, &err) < 0 || target_resolve(client->target, &err) < 0)
        fail_msg("%s: %s", url, err.text);
    struct sender_settings own = settings ? *settings : (struct sender_settings){0};
    own.base = client->base;
    own.target = client->target;
    own.batches = sender_kit_batches;
    if (sender_create(&SENDER_UNDER_TEST, &own, &client->sender, &err) < 0)
        fail_msg("%s", err.text);
    client->lane = sender_lane_create(client->sender, &client->target->addresses[0], 0);
}

void client_init_port(struct client *client, uint16_t port, const struct sender_settings *settings)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u", port);
    client_init(client, url, settings);
}

void client_done(struct client *client)
{
    sender_lane_free(client->lane);
    sender_free(client->sender);
    target_free(client->target);
    event_base_free(client->base);
    buffer_free(&client->answer.head);
    buffer_free(&client->answer.body);
}

static void on_done(struct sender_lane *lane, const struct sender_outcome *outcome, void *arg)
{
    struct client *client = arg;
    struct answer *answer = &client->answer;
    assert_ptr_equal(lane, client->lane);
    assert_false(answer->inside);
    answer->calls++;
    answer->outcome = *outcome;
    buffer_clear(&answer->head);
    buffer_clear(&answer->body);
    buffer_append_bytes(&answer->head, outcome->head);
    buffer_append_bytes(&answer->body, outcome->body);
    answer->outcome.head = buffer_bytes(&answer->head);
    answer->outcome.body = buffer_bytes(&answer->body);
    assert_int_equal(outcome->closed, sender_lane_state(lane) == SENDER_LANE_CLOSED);
    if (answer->free_lane) {
        sender_lane_free(lane);
        client->lane = NULL;
    }
}

void client_fire(struct client *client, const struct sender_request *request)
{
    client->answer.calls = 0;
    client->answer.inside = true;
    sender_lane_fire(client->lane, request, on_done, client);
    client->answer.inside = false;
    assert_int_equal(client->answer.calls, 0);
}

/* One turn of the loop, which lasts a tenth of a second at most. */
static void turn(struct client *client, uint64_t start_ns)
{
    struct timeval pause = {.tv_usec = 100000};
    event_base_loopexit(client->base, &pause);
    sender_flush(client->sender);
    event_base_loop(client->base, EVLOOP_ONCE);
    sender_flush(client->sender);
    if (clock_mono_ns() - start_ns > 20 * NS_PER_S)
        fail_msg("nothing happens");
}

void client_wait(struct client *client)
{
    uint64_t start_ns = clock_mono_ns();
    while (client->answer.calls == 0)
        turn(client, start_ns);
    assert_int_equal(client->answer.calls, 1);
}

void client_wait_state(struct client *client, enum sender_lane_state state)
{
    uint64_t start_ns = clock_mono_ns();
    while (sender_lane_state(client->lane) != state)
        turn(client, start_ns);
}

const struct sender_outcome *client_ask(struct client *client, const struct sender_request *request)
{
    client_fire(client, request);
    client_wait(client);
    return &client->answer.outcome;
}

const struct sender_outcome *client_get(struct client *client, const char *head)
{
    struct sender_request request = {.head = bytes_of(head), .want_body_bytes = 1 << 20};
    return client_ask(client, &request);
}
