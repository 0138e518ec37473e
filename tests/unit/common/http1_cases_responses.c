/* Responses (groups B to D of the list of 90). See http1_cases.h. */
#include "tests/unit/common/http1_cases.h"

/* clang-format off */
const struct http1_case http1_responses_cases[] = {
    {"21 R no reason phrase", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200\r\n" "Content-Length: 0\r\n" "\r\n" "HTTP/1.1 200 \r\n" "Content-Length: 0\r\n" "\r\n")},
     "HTTP/1.1 200|length 0||complete|\n"
     "HTTP/1.1 200 |length 0||complete|\n"
     "reading 71+0+0"},
    {"22 F status 2XX", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 2XX OK\r\n" "Content-Length: 2\r\n" "\r\n" "okHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 2XX OK|length 2|status|complete|ok\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 80+0+0"},
    {"22 F status 20", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 20 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 20 OK|length 2|status|complete|ok\n"
     "reading 39+0+0"},
    {"22 F status 6000", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 6000 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 6000 OK|length 2|status|complete|ok\n"
     "reading 41+0+0"},
    {"23 R status 999", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 999 OK\r\n" "Content-Length: 2\r\n" "\r\n" "okHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 999 OK|length 2||complete|ok\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 80+0+0"},
    {"24 F no status line", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("<html>hello</html>")},
     "|close 18|no_status_line|complete|<html>hello</html>\n"
     "reading 18+0+0"},
    {"24 F no status line and short", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("hi")},
     "|close 2|no_status_line|complete|hi\n"
     "reading 2+0+0"},
    {"24 S no status line and no request", HTTP1_RESPONSES, HTTP1_ANSWERS_UNKNOWN, {0, 0, 0}, false, false,
     {PACKET("<html>hello</html>")},
     "skipping 0+18+0"},
    {"24 S no status line later is junk", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok"),
      PACKET("<html>hello</html>"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "HTTP/1.1 200 OK|length 2|junk_before|complete|ok\n"
     "reading 80+18+0"},
    {"25 R interim", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 100 Continue\r\n" "\r\n" "HTTP/1.1 103 Early Hints\r\n" "Link: x\r\n" "\r\n" "HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 100 Continue|none 0||complete interim|\n"
     "HTTP/1.1 103 Early Hints|none 0||complete interim|\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 102+0+0"},
    {"26 S 100 with a body", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 100 Continue\r\n" "Content-Length: 12\r\n" "\r\n" "hello, worldHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 100 Continue|none 0|body_forbidden|complete interim|\n"
     "HTTP/1.1 200 OK|length 2|junk_before|complete|ok\n"
     "reading 85+12+0"},
    {"26 F 100 with a length only", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 100 Continue\r\n" "Content-Length: 12\r\n" "\r\n" "HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 100 Continue|none 0|body_forbidden|complete interim|\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 85+0+0"},
    {"27 R 101", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 101 Switching Protocols\r\n" "Upgrade: x\r\n" "\r\n")},
     "HTTP/1.1 101 Switching Protocols|none 0||complete|\n"
     "reading 48+0+0"},
    {"28 R CONNECT accepted", HTTP1_RESPONSES, HTTP1_ANSWERS_CONNECT, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Transfer-Encoding: chunked\r\n" "\r\n")},
     "HTTP/1.1 200 OK|none 0||complete|\n"
     "reading 47+0+0"},
    {"28 R CONNECT refused", HTTP1_RESPONSES, HTTP1_ANSWERS_CONNECT, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 403 No\r\n" "Content-Length: 2\r\n" "\r\n" "no")},
     "HTTP/1.1 403 No|length 2||complete|no\n"
     "reading 40+0+0"},
    {"32 S junk before the status line", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\000HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2|junk_before|complete|ok\n"
     "reading 40+1+0"},
    {"32 S much junk before the status line", HTTP1_RESPONSES, HTTP1_ANSWERS_UNKNOWN, {0, 0, 0}, false, false,
     {PACKET("junkjunkHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2|junk_before|complete|ok\n"
     "reading 40+48+0"},
    {"32 S junk between responses", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok\001\002\003\004\005\006\007\010\011"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "HTTP/1.1 200 OK|length 2|junk_before|complete|ok\n"
     "reading 80+9+0"},
    {"32 S one byte of junk, evader", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\r\nHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 40+2+0"},
    {"35 C blank before the colon of a length", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length : 2\r\n" "\r\n" "okHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|close 0|field_space|incomplete|\n"
     "stopped 39+42+0"},
    {"70 C a broken chunk size", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0x1\r\n" "b\r\n")},
     "HTTP/1.1 200 OK|chunked 1|chunk_size|incomplete|a\n"
     "stopped 54+7+0"},
    {"7 F lower case version", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("http/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "okHTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "http/1.1 200 OK|length 2|method_case|complete|ok\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 80+0+0"},
    {"8 F version HTTP/3", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/3 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/3 200 OK|length 2|version|complete|ok\n"
     "reading 38+0+0"},
    {"9 F two spaces", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1  200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1  200 OK|length 2|delimiter|complete|ok\n"
     "reading 41+0+0"},
    {"44 R Set-Cookie five times", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Set-Cookie: a\r\n" "Set-Cookie: a\r\n" "Set-Cookie: a\r\n" "Set-Cookie: a\r\n" "Set-Cookie: a\r\n" "Content-Length: 0\r\n" "\r\n")},
     "HTTP/1.1 200 OK|length 0||complete|\n"
     "reading 113+0+0"},
    {"49 F length and chunked", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 5\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0\r\n" "\r\n" "HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|chunked 1|length_and_chunked|complete|a\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 117+0+0"},
    {"50 F unknown coding is read to the end", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Transfer-Encoding: xchunked\r\n" "\r\n" "1\r\n" "a")},
     "HTTP/1.1 200 OK|close 4|coding_unknown|complete|1<0d><0a>a\n"
     "reading 52+0+0"},
    {"51 C chunked twice", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Transfer-Encoding: chunked, chunked\r\n" "\r\n" "1\r\n" "a")},
     "HTTP/1.1 200 OK|close 0|coding_repeated|incomplete|\n"
     "stopped 56+4+0"},
    {"53 F gzip last is read to the end", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Transfer-Encoding: gzip\r\n" "\r\n" "xyz")},
     "HTTP/1.1 200 OK|close 3|coding_unknown|complete|xyz\n"
     "reading 47+0+0"},
    {"55 C coding in HTTP/1.0", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.0 200 OK\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0\r\n" "\r\n" "HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.0 200 OK|chunked 1|coding_http10|complete|a\n"
     "stopped 58+40+0"},
    {"57 C two lengths", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 1\r\n" "Content-Length: 2\r\n" "\r\n" "ab")},
     "HTTP/1.1 200 OK|close 0|length_conflict|incomplete|\n"
     "stopped 57+2+0"},
    {"62 F length beyond the end", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 5\r\n" "\r\n" "ab")},
     "HTTP/1.1 200 OK|length 2||incomplete|ab\n"
     "reading 40+0+0"},
    {"63 S length too small", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ab and more"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ab\n"
     "HTTP/1.1 200 OK|length 2|junk_before|complete|ok\n"
     "reading 80+9+0"},
    {"65 R reply to HEAD", HTTP1_RESPONSES, HTTP1_ANSWERS_HEAD, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 5\r\n" "\r\n" "HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n")},
     "HTTP/1.1 200 OK|none 0||complete|\n"
     "HTTP/1.1 200 OK|none 0||complete|\n"
     "reading 76+0+0"},
    {"66 R 204 and 304", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 204 No\r\n" "Content-Length: 5\r\n" "\r\n" "HTTP/1.1 304 No\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 204 No|none 0||complete|\n"
     "HTTP/1.1 304 No|none 0||complete|\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 125+0+0"},
    {"67 R ends with the stream", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "X: 1\r\n" "\r\n" "abc"),
      PACKET("def")},
     "HTTP/1.1 200 OK|close 6||complete|abcdef\n"
     "reading 31+0+0"},
    {"67 F ends with the stream, by reset", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, true,
     {PACKET("HTTP/1.1 200 OK\r\n" "X: 1\r\n" "\r\n" "abc"),
      PACKET("def")},
     "HTTP/1.1 200 OK|close 6||incomplete|abcdef\n"
     "reading 31+0+0"},
    {"75 F last chunk missing", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "1\r\n" "a\r\n")},
     "HTTP/1.1 200 OK|chunked 1||incomplete|a\n"
     "reading 53+0+0"},
    {"18 T TLS", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\026\003\003\000\001\002")},
     "opaque tls 0+0+6"},
    {"19 T HTTP/2", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\000\000\022\004\000\000\000\000\000\000\003")},
     "opaque http2 0+0+11"},
    {"18 T SIP and RTSP", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("SIP/2.0 200 OK\r\n" "\r\n")},
     "opaque sip 0+0+18"},
};
/* clang-format on */
const size_t http1_responses_case_count = sizeof http1_responses_cases / sizeof *http1_responses_cases;
