/* http1_protocol.h: what other protocols begin with is named, cut anywhere; nothing that begins an HTTP/1 message is. */
#include "common/http1_protocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum kind { CLIENT, SERVER, UNASKED, MIDSTREAM };

struct opening_case {
    enum kind kind;
    const char *data;
    size_t size;
    const char *protocol; /* NULL: may be HTTP/1 */
};

#define CASE(kind, text, protocol)                                                                           \
    {                                                                                                        \
        kind, text, sizeof(text) - 1, protocol                                                               \
    }

static const struct opening_case cases[] = {
    CASE(CLIENT, "\x16\3\1\2\0\1\0\1\xfc\3\3", "tls"),
    CASE(SERVER, "\x16\3\3\0\1", "tls"),
    CASE(MIDSTREAM, "\x17\3\3\0\x20", "tls"),
    CASE(CLIENT, "\x17\3\3\0\x20", NULL),
    CASE(CLIENT, "SSH-2.0-OpenSSH_9.2\r\n", "ssh"),
    CASE(UNASKED, "SSH-2.0-OpenSSH_9.2\r\n", "ssh"),
    CASE(CLIENT, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "http2"),
    CASE(SERVER, "\0\0\x12\4\0\0\0\0\0\0\3", "http2"),
    CASE(CLIENT, "\5\1\0", "socks"),
    CASE(SERVER, "\5\0", "socks"),
    CASE(SERVER, "\5\xff", "socks"),
    CASE(CLIENT, "\5\0\x0b\3\x10\0\0\0", NULL), /* a bind of DCE/RPC */
    CASE(CLIENT, "\4\1\0\x50\1\2\3\4\0", "socks"),
    CASE(CLIENT, "SIP/2.0 200 OK\r\n", "sip"),
    CASE(SERVER, "RTSP/1.0 200 OK\r\n", "rtsp"),
    CASE(CLIENT, "AMQP\0\0\x9\1", "amqp"),
    CASE(CLIENT, "\x10\x1e\0\4MQTT\4\2\0\x3c", "mqtt"),
    CASE(CLIENT, "\x10\x1e\0\6MQIsdp\3", "mqtt"),
    CASE(CLIENT, "\0\0\0\10\4\322\26\57", "postgresql"),
    CASE(CLIENT, "\0\0\0\x29\0\3\0\0user\0a\0", "postgresql"),
    CASE(CLIENT, "*1\r\n$4\r\nPING\r\n", "redis"),
    CASE(CLIENT, "*12\r\n", "redis"),
    CASE(CLIENT, "* / HTTP/1.1\r\n", NULL),
    CASE(CLIENT, "*1 / HTTP/1.1\r\n", NULL),
    CASE(CLIENT, "\0\x1d\x12\x34\1\0\0\1\0\0\0\0\0\0\7example", "dns"),
    CASE(CLIENT, "\0\0\0\x45\xfeSMB@\0", "smb"),
    CASE(CLIENT, "\x3f\0\0\0\1\0\0\0\0\0\0\0\335\7\0\0", "mongodb"),
    CASE(CLIENT,
         "\x13"
         "BitTorrent protocol",
         "bittorrent"),
    CASE(UNASKED,
         "\x4a\0\0\0\12"
         "8.0.36\0",
         "mysql"),
    CASE(SERVER,
         "\x4a\0\0\0\12"
         "8.0.36\0",
         NULL),
    CASE(UNASKED, "220 mail.example ESMTP Postfix\r\n", "smtp"),
    CASE(UNASKED, "220-mail.example\r\n", "smtp"),
    CASE(UNASKED, "220 (vsFTPd 3.0.3)\r\n", "ftp"),
    CASE(SERVER, "220 (vsFTPd 3.0.3)\r\n", NULL),
    CASE(UNASKED, "* OK [CAPABILITY IMAP4rev1] ready\r\n", "imap"),
    CASE(UNASKED, "+OK POP3 ready\r\n", "pop3"),
    CASE(UNASKED, "INFO {\"server_id\"", "nats"),
    CASE(UNASKED, "RFB 003.008\n", "vnc"),
    CASE(UNASKED, "HTTP/1.1 408 Request Timeout\r\n", NULL),
    CASE(CLIENT, "GET / HTTP/1.1\r\n", NULL),
    CASE(CLIENT, "SIPPY / HTTP/1.1\r\n", NULL),
    CASE(CLIENT, "PRINT / HTTP/1.1\r\n", NULL),
    CASE(CLIENT, "220 / HTTP/1.1\r\n", NULL),
    CASE(SERVER, "HTTP/1.1 200 OK\r\n", NULL),
    CASE(SERVER, "<html>hello</html>", NULL),
};

static void test_openings_are_named_however_much_is_there(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct opening_case *c = &cases[i];
        const struct http1_stream stream = {
            .request = c->kind == CLIENT, .midstream = c->kind == MIDSTREAM, .unasked = c->kind == UNASKED};
        enum http1_start wanted = c->protocol ? HTTP1_START_OTHER : HTTP1_START_MESSAGE;
        const char *protocol = NULL;
        enum http1_start got = http1_protocol_judge(bytes_make(c->data, c->size), &stream, &protocol);
        if (got != wanted)
            print_error("case %zu (%s) gave %d\n", i, c->protocol ? c->protocol : c->data, got);
        assert_int_equal(got, wanted);
        if (c->protocol)
            assert_string_equal(protocol, c->protocol);
        bool told = false;
        for (size_t size = 0; size <= c->size; size++) {
            got = http1_protocol_judge(bytes_make(c->data, size), &stream, &protocol);
            assert_true(got == wanted || (got == HTTP1_START_MORE && !told));
            told = got != HTTP1_START_MORE;
        }
        assert_true(told);
    }
}

static void test_request_lines_of_kin_are_named_by_their_last_word(void **state)
{
    (void)state;
    assert_string_equal(http1_protocol_of_line(bytes_of("sip:a@b SIP/2.0")), "sip");
    assert_string_equal(http1_protocol_of_line(bytes_of("rtsp://a/b RTSP/1.0")), "rtsp");
    assert_null(http1_protocol_of_line(bytes_of("/a SIP/2.0b")));
    assert_null(http1_protocol_of_line(bytes_of("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openings_are_named_however_much_is_there),
        cmocka_unit_test(test_request_lines_of_kin_are_named_by_their_last_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
