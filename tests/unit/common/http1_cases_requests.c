/* Requests (groups A, C and D of the list of 90). See http1_cases.h. */
#include "tests/unit/common/http1_cases.h"

#define A10   "aaaaaaaaaa"
#define A100  A10 A10 A10 A10 A10 A10 A10 A10 A10 A10
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100
#define M10   "MMMMMMMMMM"
#define M100  M10 M10 M10 M10 M10 M10 M10 M10 M10 M10
#define X10   "xxxxxxxxxx"
#define X100  X10 X10 X10 X10 X10 X10 X10 X10 X10 X10

/* clang-format off */
const struct http1_case http1_requests_cases[] = {
    {"1 R empty lines before a request", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\r\n" "\nGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 27+3+0"},
    {"2 R CRLF after a POST body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 2\r\n" "\r\n" "ab\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 2||complete|ab\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 77+2+0"},
    {"3 F blank before the method", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET(" \tGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     " <09>GET / HTTP/1.1|none 0|leading_space,delimiter|complete|\n"
     "reading 29+0+0"},
    {"4 F bare LF", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\nHost: a\n\nGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|bare_lf|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 51+0+0"},
    {"5 F bare CR is no line end", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\rHost: a\r\n" "\r\n")},
     "GET / HTTP/1.1<0d>Host: a|none 0|bare_cr,version,target_bytes|complete|\n"
     "reading 26+0+0"},
    {"5 F bare CR in a head", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\rX: b\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|bare_cr|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 59+0+0"},
    {"6 S HTTP/0.9", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /x\r\n")},
     "skipping http09 0+8+0"},
    {"6 S HTTP/0.9, then a request", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /x\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|junk_before|complete|\n"
     "reading http09 27+8+0"},
    {"7 F lower case method", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("get / http/1.1\r\n" "Host: a\r\n" "\r\n")},
     "get / http/1.1|none 0|method_case|complete|\n"
     "reading 27+0+0"},
    {"7 F lower case version", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / http/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / http/1.1|none 0|method_case|complete|\n"
     "reading 27+0+0"},
    {"8 F version 1.2", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.2\r\n" "Host: a\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.2|none 0|version|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 54+0+0"},
    {"8 F version 1.32", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.32\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.32|none 0|version|complete|\n"
     "reading 28+0+0"},
    {"8 F huge version", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/4294967295.255\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/4294967295.255|none 0|version|complete|\n"
     "reading 38+0+0"},
    {"8 F cut version", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.\nHost: a\n\n")},
     "GET / HTTP/1.|none 0|bare_lf,version|complete|\n"
     "reading 23+0+0"},
    {"9 F two spaces", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET  /  HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET  /  HTTP/1.1|none 0|delimiter|complete|\n"
     "reading 29+0+0"},
    {"9 F tabs", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET\t/\tHTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET<09>/<09>HTTP/1.1|none 0|delimiter|complete|\n"
     "reading 27+0+0"},
    {"10 F space in the target", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /a b HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET /a b HTTP/1.1|none 0|target_bytes|complete|\n"
     "reading 30+0+0"},
    {"11 F NUL and 8-bit bytes in the target", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /\000\001\377 HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET /<00><01><ff> HTTP/1.1|none 0|target_bytes|complete|\n"
     "reading 30+0+0"},
    {"12 F absolute target, other Host", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET http://b/ HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET http://b/ HTTP/1.1|none 0|host_ambiguous|complete|\n"
     "reading 35+0+0"},
    {"12 R absolute target, same Host", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET http://u@A/x HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET http://u@A/x HTTP/1.1|none 0||complete|\n"
     "reading 38+0+0"},
    {"13 F asterisk for GET", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET * HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET * HTTP/1.1|none 0|target_form|complete|\n"
     "reading 27+0+0"},
    {"13 F authority for GET", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET a:80 HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET a:80 HTTP/1.1|none 0|target_form|complete|\n"
     "reading 30+0+0"},
    {"13 F path for CONNECT", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("CONNECT /x HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "CONNECT /x HTTP/1.1|none 0|target_form|complete|\n"
     "reading 32+0+0"},
    {"13 R forms that fit", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("OPTIONS * HTTP/1.1\r\n" "Host: a\r\n" "\r\n" "CONNECT a:443 HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "OPTIONS * HTTP/1.1|none 0||complete|\n"
     "CONNECT a:443 HTTP/1.1|none 0||complete|\n"
     "reading 66+0+0"},
    {"14 R unknown methods", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("QUERY / HTTP/1.1\r\n" "Host: a\r\n" "\r\n" "CCM_POST / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "QUERY / HTTP/1.1|none 0||complete|\n"
     "CCM_POST / HTTP/1.1|none 0||complete|\n"
     "reading 61+0+0"},
    {"15 F illegal bytes in the method", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("G(T / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "G(T / HTTP/1.1|none 0|method_bytes|complete|\n"
     "reading 27+0+0"},
    {"15 F 8-bit bytes in the method", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\303\203 / HTTP/1.\nHost: a\n\n")},
     "<c3><83> / HTTP/1.|none 0|bare_lf,method_bytes,version|complete|\n"
     "reading 22+0+0"},
    {"15 F a long method", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("" M100 "M / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "[112]|none 0|method_bytes|complete|\n"
     "reading 125+0+0"},
    {"15 F no blank after the method", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET/ HTTP/1.1\nHost: a\n\n")},
     "GET/ HTTP/1.1|none 0|bare_lf,method_bytes,delimiter,target_form|complete|\n"
     "reading 23+0+0"},
    {"15 F no blank at all", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET/HTTP/1.1\nHost: a\n\n")},
     "GET/HTTP/1.1|none 0|bare_lf,method_bytes,version,delimiter,target_form|complete|\n"
     "reading 22+0+0"},
    {"15 F version glued to the target", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET /HTTP/1.1\nHost: a\n\n")},
     "GET /HTTP/1.1|none 0|bare_lf,version,delimiter|complete|\n"
     "reading 23+0+0"},
    {"15 F a method alone", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("OPTIONS\nHost: a\n\n")},
     "OPTIONS|none 0|bare_lf,version,target_form|complete|\n"
     "reading 17+0+0"},
    {"16 F start line over the limit", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 128, 0}, false, false,
     {PACKET("GET /" A100 A100 " HTTP/1.1\r\n" "Host: a\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "[126]|none 0|start_line_cut|complete cut|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 254+0+0"},
    {"17 S garbage after an exchange", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      PACKET("T / HTTP\n\n"),
      PACKET("\001\002\003")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "skipping 27+13+0"},
    {"17 S garbage, then a request", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n" "garbage\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "GET / HTTP/1.1|none 0|junk_before|complete|\n"
     "reading 54+9+0"},
    {"18 T TLS", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\026\003\001\002\000\001\000")},
     "opaque tls 0+0+7"},
    {"18 T SSH", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("SSH-2.0-OpenSSH\r\n")},
     "opaque ssh 0+0+17"},
    {"18 T SOCKS", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\005\001\000GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "opaque socks 0+0+30"},
    {"18 T SIP", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("INVITE sip:a SIP/2.0\r\n" "\r\n")},
     "opaque sip 0+0+24"},
    {"18 T SIP with a method of HTTP", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("OPTIONS sip:a SIP/2.0\r\n" "\r\n")},
     "opaque sip 0+0+25"},
    {"18 T RTSP with a method of HTTP", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("OPTIONS rtsp://a/b RTSP/1.0\r\n" "CSeq: 1\r\n" "\r\n")},
     "opaque rtsp 0+0+40"},
    {"18 T Redis", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("*1\r\n" "$4\r\n" "PING\r\n")},
     "opaque redis 0+0+14"},
    {"18 T PostgreSQL", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\000\000\000\010\004\322\026\057")},
     "opaque postgresql 0+0+8"},
    {"19 T HTTP/2 preface", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("PRI * HTTP/2.0\r\n" "\r\n" "SM\r\n" "\r\n")},
     "opaque http2 0+0+24"},
    {"19 R HTTP/2 preface behind a request", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      PACKET("PRI * HTTP/2.0\r\n" "\r\n" "SM\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "opaque http2 27+0+24"},
    {"19 R not the preface", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("PRX / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "PRX / HTTP/1.1|none 0||complete|\n"
     "reading 27+0+0"},
    {"20 S binary junk before GET", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\335\000\000\000 GET /txt HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "skipping 0+35+0"},
    {"20 S 8-bit junk before GET", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("\335\336 GET /txt HTTP/1.1\r\n" "Host: a\r\n" "\r\n"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|junk_before|complete|\n"
     "reading 27+33+0"},
    {"34 F folded line", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X: 1\r\n" "\t2\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|obs_fold|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 64+0+0"},
    {"35 F blank before the colon", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X : 1\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_space|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 61+0+0"},
    {"35 C blank before the colon of a length", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length : 5\r\n" "\r\n" "helloGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|field_space|incomplete|\n"
     "stopped 49+32+0"},
    {"35 C blank before the colon of a coding", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding : chunked\r\n" "\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|field_space|incomplete|\n"
     "stopped 58+5+0"},
    {"36 F blank first line", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" " X: 1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_name,field_first|complete|\n"
     "reading 34+0+0"},
    {"37 F no colon", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "nothing\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_no_colon|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 63+0+0"},
    {"38 F empty name", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" ": x\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_name|complete|\n"
     "reading 32+0+0"},
    {"39 F NUL in a value", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X: a\000b\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_value|complete|\n"
     "reading 35+0+0"},
    {"40 F bare CR in a value", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X: a\rY: b\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|bare_cr|complete|\n"
     "reading 38+0+0"},
    {"41 R 8-bit bytes in a value", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X: \303\251t\303\251\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 37+0+0"},
    {"42 F 0xA0 by a name", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X\240: 1\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_name|complete|\n"
     "reading 34+0+0"},
    {"42 F 0x85 by a value", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X: \2051\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|field_value|complete|\n"
     "reading 34+0+0"},
    {"43 F two Hosts", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "Host: b\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|header_repeated|complete|\n"
     "reading 36+0+0"},
    {"43 F two Authorizations", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "Authorization: a\r\n" "authorization: b\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|header_repeated|complete|\n"
     "reading 63+0+0"},
    {"45 F no Host", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0|host_missing|complete|\n"
     "reading 18+0+0"},
    {"45 R no Host in 1.0", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.0\r\n" "\r\n")},
     "GET / HTTP/1.0|none 0||complete|\n"
     "reading 18+0+0"},
    {"46 F too many fields, the length among the last", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 3}, false, false,
     {PACKET("POST / HTTP/1.1\r\n" "Host: a\r\n" "A: 1\r\n" "B: 2\r\n" " 3\r\n" "C: 4\r\n" "Content-Length: 2\r\n" "\r\n" "abGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST / HTTP/1.1|length 2|obs_fold,head_fields|complete cut|ab\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 98+0+0"},
    {"46 F too long a head", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {128, 0, 0}, false, false,
     {PACKET("POST / HTTP/1.1\r\n" "Host: a\r\n" "A: " X100 X100 X100 "\r\n" " y\r\n" "Content-Length: 2\r\n" "\r\n" "abGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST / HTTP/1.1|length 2|head_fields|complete cut|ab\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 385+0+0"},
    {"47 R a head in small pieces", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("G"), PACKET("ET / HTTP/1.1\r"), PACKET("\nHo"), PACKET("st: a\r\n"), PACKET("\r"), PACKET("\nGET /2 HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "GET / HTTP/1.1|none 0||complete|\n"
     "GET /2 HTTP/1.1|none 0||complete|\n"
     "reading 55+0+0"},
    {"48 F a name over two lines", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-\r\n" "Encoding: chunked\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|field_no_colon|complete|\n"
     "reading 59+0+0"},
    {"49 F length and chunked, a request behind", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "Content-Length: 50\r\n" "\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|length_and_chunked|complete|\n"
     "GET / HTTP/1.1|none 0|length_and_chunked|complete|\n"
     "reading 109+0+0"},
    {"50 C unknown coding", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: xchunked\r\n" "\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|coding_unknown|incomplete|\n"
     "stopped 58+5+0"},
    {"50 C coding with VT", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\013\r\n" "\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|field_value,coding_unknown|incomplete|\n"
     "stopped 58+5+0"},
    {"51 C chunked twice", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|coding_repeated|incomplete|\n"
     "stopped 85+5+0"},
    {"52 C chunked, identity", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked, identity\r\n" "\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|coding_unknown|incomplete|\n"
     "stopped 67+5+0"},
    {"53 C gzip last", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: gzip\r\n" "\r\n" "x")},
     "POST /p HTTP/1.1|none 0|coding_unknown|incomplete|\n"
     "stopped 54+1+0"},
    {"54 F empty list element", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: ,chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 1|coding_list|complete|a\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 96+0+0"},
    {"54 R gzip, chunked", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: gzip, Chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 1||complete|a\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 101+0+0"},
    {"55 C coding in HTTP/1.0", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST / HTTP/1.0\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST / HTTP/1.0|chunked 1|coding_http10|complete|a\n"
     "stopped 58+27+0"},
    {"56 F the same length twice", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 5\r\n" "Content-Length: 5\r\n" "\r\n" "helloGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 5|length_repeated|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 99+0+0"},
    {"56 F the same length twice in a list", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 1, 1\r\n" "\r\n" "aGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 1|length_repeated|complete|a\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 79+0+0"},
    {"57 C two lengths", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 11\r\n" "Content-Length: 93\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_conflict|incomplete|\n"
     "stopped 69+5+0"},
    {"58 C length -1", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: -1\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 49+5+0"},
    {"58 C length +5", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: +5\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 49+5+0"},
    {"58 C length 0x10", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 0x10\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 51+5+0"},
    {"58 C length 1_0", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 1_0\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 50+5+0"},
    {"58 C length 5;", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 5;\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 49+5+0"},
    {"58 C length 1,", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 1,\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 49+5+0"},
    {"59 C length 2^64-1", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 18446744073709551615\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 67+27+0"},
    {"59 C length 2^64", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 18446744073709551616\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 67+27+0"},
    {"59 C length 2^63", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 9223372036854775808\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 66+27+0"},
    {"59 F length 2^63-1 is waited for", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 9223372036854775807\r\n" "\r\n" "abc")},
     "POST /p HTTP/1.1|length 3||incomplete|abc\n"
     "reading 69+0+0"},
    {"60 F leading zeros", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 0000005\r\n" "\r\n" "helloGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 5|length_zeros|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 86+0+0"},
    {"61 C empty length", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: \r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|none 0|length_invalid|incomplete|\n"
     "stopped 47+5+0"},
    {"62 F length beyond the end", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 50\r\n" "\r\n" "hello")},
     "POST /p HTTP/1.1|length 5||incomplete|hello\n"
     "reading 54+0+0"},
    {"63 S length too small", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 2\r\n" "\r\n" "ab\001cd"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 2||complete|ab\n"
     "GET / HTTP/1.1|none 0|junk_before|complete|\n"
     "reading 77+3+0"},
    {"64 R DELETE with a body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("DELETE /x HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 2\r\n" "\r\n" "abGET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "DELETE /x HTTP/1.1|length 2||complete|ab\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 79+0+0"},
    {"68 F Expect with an empty body", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Expect: 100-continue\r\n" "Content-Length: 0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 0|expect_empty|complete|\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 97+0+0"},
    {"69 C chunk size 2^64", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "10000000000000000\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 73+30+0"},
    {"70 C chunk size 0_2e", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "0_2e\r\n" "hello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 58+17+0"},
    {"70 C chunk size +5", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "+5\r\n" "hello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 57+16+0"},
    {"70 C chunk size -1", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "-1\r\n" "hello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 57+16+0"},
    {"70 C chunk size 0x5", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "0x5\r\n" "hello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 58+16+0"},
    {"70 C chunk size ", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "\r\n" "hello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 57+14+0"},
    {"70 C chunk size ZZ", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "ZZ\r\n" "hello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_size|incomplete|\n"
     "stopped 57+16+0"},
    {"71 R extensions", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5;a=\"b;c\"\r\n" "hello\r\n" "0;x\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5||complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 109+0+0"},
    {"71 F a line end in quotes", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5;a=\"\r\n" "hello\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5|chunk_extension|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 103+0+0"},
    {"71 F a long extension", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5;" A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" "hello\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5|chunk_extension|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 4197+0+0"},
    {"72 F blank after the size", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5 \r\n" "hello\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5|chunk_extension|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 100+0+0"},
    {"72 F extension without semicolon", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5 a\r\n" "hello\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5|chunk_extension|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 101+0+0"},
    {"73 F LF after the size", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5\nhello\r\n" "0\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5|chunk_line|complete|hello\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 98+0+0"},
    {"73 C CR and another byte after the size", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5\rXhello\r\n" "0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 0|chunk_line|incomplete|\n"
     "stopped 59+13+0"},
    {"74 C no CRLF after data", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5\r\n" "hello0\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 5|chunk_end|incomplete|hello\n"
     "stopped 65+5+0"},
    {"74 C CR alone after data", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5\r\n" "hello\rX")},
     "POST /p HTTP/1.1|chunked 5|chunk_end|incomplete|hello\n"
     "stopped 66+1+0"},
    {"75 F end inside a chunk", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "5\r\n" "hel")},
     "POST /p HTTP/1.1|chunked 3||incomplete|hel\n"
     "reading 63+0+0"},
    {"75 F end after the last chunk", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "0\r\n")},
     "POST /p HTTP/1.1|chunked 0||incomplete|\n"
     "reading 60+0+0"},
    {"76 R trailers", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Transfer-Encoding: chunked\r\n" "\r\n" "1\r\n" "a\r\n" "0\r\n" "Content-Length: 9\r\n" "X: 1\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|chunked 1||complete|a+Content-Length: 9<0d><0a>X: 1<0d><0a>\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 120+0+0"},
    {"77 R a body that looks like requests", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("POST /p HTTP/1.1\r\n" "Host: a\r\n" "Content-Length: 42\r\n" "\r\n" "GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n" "POST / HTTP/1.1"),
      PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "\r\n")},
     "POST /p HTTP/1.1|length 42||complete|[42]\n"
     "GET / HTTP/1.1|none 0||complete|\n"
     "reading 118+0+0"},
    {"75 F end in a head", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HTTP/1.1\r\n" "Host: a\r\n" "X: 1")},
     "GET / HTTP/1.1|none 0||incomplete cut|\n"
     "reading 29+0+0"},
    {"75 S end in a start line", HTTP1_REQUESTS, HTTP1_ANSWERS_OTHER, {0, 0, 0}, false, false,
     {PACKET("GET / HT")},
     "reading 0+8+0"},
};
/* clang-format on */
const size_t http1_requests_case_count = sizeof http1_requests_cases / sizeof *http1_requests_cases;
