/* Holes, and streams whose beginning was not seen (group F of the list of 90). See http1_cases.h. */
#include "tests/unit/common/http1_cases.h"

/* clang-format off */
const struct http1_case http1_holes_cases[] = {
    {"82 F hole in a body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 10\r\n" "\r\n" "ab"),
      HOLE(5),
      PACKET("hijGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 10||complete gap|ab{5}hij\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 81+0+0"},
    {"82 F hole to the end of a body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 10\r\n" "\r\n" "ab"),
      HOLE(8),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 10||complete gap|ab{8}\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 78+0+0"},
    {"82 S hole beyond a body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 10\r\n" "\r\n" "ab"),
      HOLE(30),
      PACKET("xyz"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 10||complete gap|ab{8}\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 78+3+0"},
    {"82 F hole of a whole body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 10\r\n" "\r\n"),
      HOLE(10),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 10||complete gap|{10}\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 76+0+0"},
    {"82 F hole in a body that the end ends", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "X: 1\r\n" "\r\n" "abc"),
      HOLE(7),
      PACKET("def")},
     "HTTP/1.1 200 OK|close 13||complete gap|abc{7}def\n"
     "reading 31+0+0"},
    {"83 S hole in a head", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /x HTTP/1.1\r\n" "Host: a\r\n" "Coo"),
      HOLE(20),
      PACKET("\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET /x HTTP/1.1|none 0||incomplete gap cut|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 56+4+0"},
    {"83 S hole in a start line after the target", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /x HT"),
      HOLE(20),
      PACKET("\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET /x HT|none 0|start_line_cut|incomplete gap cut|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 36+4+0"},
    {"83 S hole in the target", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /x"),
      HOLE(20),
      PACKET("\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+10+0"},
    {"83 R hole between requests", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      HOLE(20),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 54+0+0"},
    {"83 S hole, then the middle of a head", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      HOLE(20),
      PACKET("foo: bar\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 54+12+0"},
    {"83 S hole in a status line", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 O"),
      HOLE(20),
      PACKET("xyz"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 O|none 0|start_line_cut|incomplete gap cut|\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 54+3+0"},
    {"83 S hole in a status code", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 20"),
      HOLE(20),
      PACKET("xyz"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 40+14+0"},
    {"83 S hole over a head", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok"),
      HOLE(20),
      PACKET("tail of a body"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 80+14+0"},
    {"84 F hole in a chunk", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "a\r\n" "ab"),
      HOLE(5),
      PACKET("hij\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 10||complete gap|ab{5}hij\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 99+0+0"},
    {"84 F hole to the end of a chunk", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "a\r\n" "ab"),
      HOLE(8),
      PACKET("\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 10||complete gap|ab{8}\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 96+0+0"},
    {"84 S hole over a chunk line", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "a\r\n" "ab"),
      HOLE(9),
      PACKET("\n0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 2||incomplete gap|ab{0}\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 89+33+0"},
    {"84 F hole in trailers", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "0\r\n" "X: "),
      HOLE(9),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0||incomplete gap|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 90+0+0"},
    {"85 S midstream", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("middle of a body"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+16+0"},
    {"85 S midstream, a request in the middle of a packet", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("bodyGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+31+0"},
    {"85 R midstream at a request", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 54+0+0"},
    {"85 T midstream in TLS", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("\027\003\003\000\020abc")},
     "opaque tls 0+0+8"},
    {"85 S midstream at a status line", HTTP1_RESPONSES, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("text"),
      PACKET("HTTP/1.1 200 OK\r\n" "Content-Length: 2\r\n" "\r\n" "ok")},
     "HTTP/1.1 200 OK|length 2||complete|ok\n"
     "reading 40+4+0"},
    {"85 S resuming at a start line over two packets", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("body"),
      PACKET("GET /x"),
      PACKET("yz HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET /xyz HTTP/1.1|none 0||complete|\n"
     "reading 30+4+0"},
    {"85 S resuming where a line looked like a request", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("GET it"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+6+0"},
    {"85 S resuming takes no odd line", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("body"),
      PACKET("GET / HTTP/1.2\r\n" "Host: a\r\n" "\r\n"),
      PACKET("\r\n"),
      PACKET("get / HTTP/1.1\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+51+0"},
    {"85 S resuming takes a known method with blanks too many", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("body"),
      PACKET("GET /a?cd /tmp;wget x HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      PACKET("POST  /  HTTP/1.0\r\n" "Host: a\r\n" "\r\n"),
      PACKET("GET . HTTP/1.0\r\n" "Host: a\r\n" "\r\n")},
     "GET /a?cd /tmp;wget x HTTP/1.1|none 0|target_bytes|complete|\n"
     "POST  /  HTTP/1.0|none 0|delimiter|complete|\n"
     "GET . HTTP/1.0|none 0|target_form|complete|\n"
     "reading 100+4+0"},
    {"85 S resuming takes no words between that are no target", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, true, false,
     {PACKET("GET is a method of HTTP/1.1\r\n" "\r\n"),
      PACKET("THIS /is no method of HTTP/1.1\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+65+0"},
    {"83 C hole after lost framing", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: -1\r\n" "\r\n"),
      HOLE(20),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 49+27+0"},
    {"83 T hole in TLS", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\026\003\001"),
      HOLE(20),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "opaque tls 0+0+30"},
};
/* clang-format on */
const size_t http1_holes_case_count = sizeof http1_holes_cases / sizeof *http1_holes_cases;
