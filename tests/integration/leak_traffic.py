#!/usr/bin/env python3
"""Writes a capture file of HTTP exchanges with a unique secret in every place that the sanitizer must know, in
several codings and cut over TCP segments in several ways; and a list of the secrets. Values that only their look
tells (leak_values.py) are some of all combinations, or with REHEARSE_LEAK=long all of them. And what the server is to
answer when the traffic is replayed: the responses as they were, by the number of their case.

usage: leak_traffic.py SEED CAPTURE.pcap SECRETS.json ANSWERS.json
"""
import base64, gzip, json, os, random, struct, subprocess, sys, zlib

sys.dont_write_bytecode = True
import leak_values

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
SHARE = 1 if os.environ.get("REHEARSE_LEAK") == "long" else 0.5
rng = random.Random(int(sys.argv[1]))
values = leak_values.Values(rng)
secrets = []        # {"text", "place", "kept": an --unsanitized capture must hold it}
place, kept = "", True


def S(tail=""):
    """A new secret; |tail| adds bytes that codings treat in special ways."""
    text = "rhx"
    while "rhx" in text.lower():  # what every pseudonym begins with is no part of a secret
        text = "".join(rng.choice(ALPHABET) for _ in range(18))
    text += tail
    secrets.append({"text": text, "place": place, "kept": kept})
    return text


def D():
    """A new secret of digits."""
    text = str(rng.randrange(10**15, 10**16))
    secrets.append({"text": text, "place": place, "kept": kept})
    return text


def looks(where, coding, write):
    """New values of all kinds that go to the place |where| in |coding|, as they stand there."""
    texts = []
    for kind in leak_values.kinds_for(where, coding):
        text, needles = values.new(kind)
        texts.append(write(coding, text))
        secrets.append({"text": text, "place": "%s: %s" % (kind, place), "kept": kept, "needles": needles, "written": texts[-1]})
    return texts


percent = lambda s: "".join("%%%02X" % b for b in s.encode())
percent_lower = lambda s: "".join("%%%02x" % b if not chr(b).isalnum() else chr(b) for b in s.encode())
unicode = lambda s: "".join("\\u%04x" % ord(c) for c in s)
b64 = lambda s: base64.b64encode(s.encode()).decode()
plain = lambda s: s


def deflate(data):
    return zlib.compress(data)


def brotli(data):
    """|data| as Brotli (RFC 7932) in stored meta-blocks."""
    out = b""
    for at in range(0, len(data), 65536):
        piece = data[at:at + 65536]
        bits = (len(piece) - 1) << 3 | 1 << 19  # not the last; four nibbles of length; not compressed
        if at == 0:
            bits <<= 1  # a window of 16 bits
        out += bits.to_bytes(3, "little") + piece
    return out + b"\3"  # the last, empty


def zstandard(data):
    return subprocess.run(["zstd", "-qc"], input=data, stdout=subprocess.PIPE, check=True).stdout


def flushed(window):
    """Returns a packer into zlib's formats that ends a block after the first half."""
    def pack(data):
        packer = zlib.compressobj(6, zlib.DEFLATED, window)
        half = len(data) // 2
        return packer.compress(data[:half]) + packer.flush(zlib.Z_SYNC_FLUSH) + packer.compress(data[half:]) + packer.flush()
    return pack


CODINGS = {"gzip": flushed(31), "deflate": flushed(15), "br": brotli,
           "zstd": lambda data: zstandard(data[:len(data) // 2]) + zstandard(data[len(data) // 2:])}
number = 0


def message(start, lines=(), body=b"", chunked=False, trailers="", framing=True):
    if isinstance(body, str):
        body = body.encode()
    head = start + "\r\n" + "X-Case: public-%d\r\n" % number + "".join(line + "\r\n" for line in lines)
    if chunked:
        head += "Transfer-Encoding: chunked\r\n"
        parts, size = b"", 11
        for at in range(0, len(body), size):
            parts += b"%x\r\n" % len(body[at:at + size]) + body[at:at + size] + b"\r\n"
        body = parts + b"0\r\n" + trailers.encode() + b"\r\n"
    elif framing:
        head += "Content-Length: %d\r\n" % len(body)
    return head.encode() + b"\r\n" + body


def request(target="/", lines=(), body=b"", method=None, **more):
    return message("%s %s HTTP/1.1" % (method or ("POST" if body or more else "GET"), target),
                   ("Host: h",) + tuple(lines), body, **more)


def response(lines=(), body=b"", **more):
    return message("HTTP/1.1 200 OK", lines, body, **more)


OK = lambda: response(("Content-Type: application/json",), '{"ok":true}')
GET = lambda: request("/public?page=2")
JSON, FORM = "Content-Type: application/json", "Content-Type: application/x-www-form-urlencoded"
cases = []


def case(name, build, is_kept=True):
    """|build| returns (request, response)."""
    cases.append((name, build, is_kept))


def in_request(name, build, is_kept=True):
    case(name, lambda: (build(), OK()), is_kept)


def in_response(name, build, is_kept=True):
    case(name + " (response)", lambda: (GET(), build()), is_kept)


def credential_cases():
    for header in ("Authorization", "Proxy-Authorization", "authorization", "Authorization "):
        for scheme in ("Bearer ", "Token ", "Negotiate ", "Odd ", ""):
            in_request(header + ": " + scheme, lambda h=header, s=scheme: request(lines=(h + ": " + s + S("-._~+/="),)))
        in_request(header + ": Basic", lambda h=header: request(lines=(h + ": Basic " + b64(S("@") + ":" + S("::")),)))
        in_request(header + ": Digest", lambda h=header: request(
            lines=('%s: Digest username="%s", response="%s", opaque="%s"' % (h, S(), S(), S()),)))
    for coding in (plain, percent, percent_lower):
        in_request("Cookie", lambda c=coding: request(lines=("Cookie: a=%s; theme=%s;b=%s" % (c(S()), c(S()), c(S())),)))
        in_request("Cookie in quotes", lambda c=coding: request(lines=('Cookie: a="%s"; b="%s %s"' % (c(S()), c(S()), S()),)))
        in_response("Set-Cookie", lambda c=coding: response(
            lines=("Set-Cookie: sid=%s; Path=/; HttpOnly" % c(S()), 'set-cookie: b="%s"; Max-Age=60' % c(S()),
                   "Set-Cookie: a=%s; Path=/, c=%s; Secure" % (S(), c(S())))))
    in_request("Cookie without =", lambda: request(lines=("Cookie: %s; b=1; %s" % (S(), S()), "Cookie: d=" + S())))
    for header in ("X-Api-Key", "api_key", "X-Auth-Token", "X-CSRF-Token", "Private-Token", "X-Amz-Security-Token",
                   "X-Vault-Token", "X-Session-Id", "X-Client-Secret", "X-My-Password", "X-Forwarded-Client-Cert",
                   "X-Hub-Signature-256", "X-Access-Token", "Cf-Access-Jwt-Assertion", "Dpop", "X-Forwarded-For",
                   "X-Real-IP", "From", "X-Forwarded-User", "X-Forwarded-Email", "X-User-Id", "Content-MD5", "Digest"):
        in_request(header, lambda h=header: request(lines=("%s: %s" % (h, S()),)))
        in_response(header, lambda h=header: response(lines=("%s: %s" % (h, S()),)))
    in_request("X-Forwarded-For list", lambda: request(lines=("X-Forwarded-For: %s, %s,%s" % (S(), S(), S()),)))
    in_request("Forwarded", lambda: request(lines=('Forwarded: for="%s";proto=http;by=%s, for=%s' % (S(":80"), S(), S()),)))
    in_response("WWW-Authenticate", lambda: response(lines=('WWW-Authenticate: Digest realm="r", nonce="%s"' % S(),
                                                            "WWW-Authenticate: NTLM " + S("=="))))


NAMES = ("password", "passwd", "pwd", "secret", "client_secret", "token", "access_token", "refreshToken", "id-token", "api_key",
         "apikey", "private_key", "signature", "sig", "credential", "session_token", "otp", "email", "phone", "card_number",
         "cardNumber", "cvv", "cvc2", "pin", "ssn", "iban", "sid", "x-amz-signature", "user[password]", "card.cvv", "accessToken")


def url_cases():
    for name in NAMES + ("key", "code", "state"):
        for coding in (plain, percent, percent_lower):
            in_request("query " + name, lambda n=name, c=coding: request("/p?x=1&%s=%s&y=2" % (n, c(S()))))
    tail = "+/=&"
    in_request("query, coded bytes", lambda: request("/p?token=%s&secret=%s" % (percent_lower(S(tail)), percent(S(tail)))))
    in_request("query, coded name", lambda: request("/p?%%74oken=%s&%%2570assword=%s" % (S(), S())))
    in_request("query, ';'", lambda: request("/p?a=1;token=%s" % S()))
    in_request("query, URL inside", lambda: request("/p?next=https%%3A%%2F%%2Fh%%2F%%3Ftoken%%3D%s" % S()))
    in_request("query, JSON inside", lambda: request("/p?q=%%7B%%22token%%22%%3A%%22%s%%22%%7D" % S()))
    in_request("fragment", lambda: request("/p#access_token=%s" % S()))
    in_request("path parameter", lambda: request("/p;jsessionid=%s/q" % S()))
    in_request("userinfo", lambda: request("http://%s:%s@h/p" % (S(), percent(S()))))
    for header in ("Referer", "X-Original-URL"):
        in_request(header, lambda h=header: request(lines=("%s: http://%s:%s@h/p?token=%s#id_token=%s" % (h, S(), S(), S(), S()),)))
    for header in ("Location", "Content-Location"):
        in_response(header, lambda h=header: response(lines=("%s: http://%s:%s@h/p?code=%s#token=%s" % (h, S(), S(), S(), S()),)))
    in_response("Link, Refresh", lambda: response(lines=("Link: </a?token=%s>; rel=next" % S(), "Refresh: 1; url=/?token=" + S())))


def body_cases():
    def both(name, lines, build, is_kept=True):
        for chunked in (False, True):
            in_request(name, lambda c=chunked: request("/p", lines, build(), chunked=c), is_kept)
            in_response(name, lambda c=chunked: response(lines, build(), chunked=c), is_kept)

    for name in NAMES:
        for coding in (plain, percent, percent_lower):
            both("form " + name, (FORM,), lambda n=name, c=coding: "a=1&%s=%s&b=2" % (n, c(S())))
        for coding in (plain, unicode):
            both("JSON " + name, (JSON,), lambda n=name, c=coding: '{"a": 1.50, "%s" : "%s"}' % (n, c(S())))
        both("JSON number " + name, (JSON,), lambda n=name: '{"%s":%s,"b":[{"%s":%s.25}]}' % (n, D(), n, D()))
        both("JSON below " + name, (JSON,), lambda n=name: '{"%s":{"x":["%s",{"y":%s}]}}' % (n, S(), D()))
    both("JSON, coded bytes", (JSON,), lambda: json.dumps({"token": S('"\\/\n\u00e9')}))
    both("JSON, coded name", (JSON,), lambda: '{"%s":"%s"}' % (unicode("token"), S()))
    both("JSON, JSON inside", (JSON,), lambda: json.dumps({"s": json.dumps({"token": S()})}))
    both("JSON, URL inside", (JSON,), lambda: json.dumps({"s": "https://u:%s@h/?token=%s" % (S(), S())}))
    both("JSON, one string", (JSON,), lambda: json.dumps(S()))
    both("+json", ("Content-Type: application/vnd.x+json; charset=utf-8",), lambda: json.dumps({"token": S()}))
    both("NDJSON", ("Content-Type: application/x-ndjson",), lambda: '{"token":"%s"}\n{"pin":"%s"}\n' % (S(), S()))
    both("no type", (), lambda: json.dumps({"token": S()}))
    for coding, pack in (("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", deflate), ("br", brotli), ("zstd", zstandard)):
        lines = ("Content-Encoding: " + coding,)
        seen = coding != "zstd"  # the search does not undo it
        both(coding + " JSON", (JSON,) + lines, lambda p=pack: p(json.dumps({"token": S(), "x": "y" * 50}).encode()), seen)
        both(coding + " form", (FORM,) + lines, lambda p=pack: p(("a=1&password=%s" % S()).encode()), seen)
        both(coding + " text", ("Content-Type: text/plain",) + lines, lambda p=pack: p(("the password is " + S()).encode()), seen)
    # What cannot be sanitized.
    for kind in ("text/plain", "text/html", "application/xml", "application/octet-stream", "image/png", "odd"):
        both(kind, ("Content-Type: " + kind,), lambda: "token=%s" % S())
    both("no type, no JSON", (), lambda: "token=%s" % S())
    both("cut JSON", (JSON,), lambda: '{"a":1,"token":"%s' % S())
    both("JSON that is a form", (JSON,), lambda: "token=%s" % S())
    both("form that is JSON", (FORM,), lambda: '{"token":"%s"}' % S())
    both("form that is text", (FORM,), lambda: "my password %s" % S())
    both("form that is a token", (FORM,), lambda: S())
    both("two types", (JSON, "Content-Type: text/plain"), lambda: '{"a":"%s"}' % S())
    both("unknown coding", (JSON, "Content-Encoding: odd"), lambda: '{"a":"%s"}' % S())
    both("coding that is none", (JSON, "Content-Encoding: gzip"), lambda: '{"a":"%s"}' % S())
    both("damaged gzip", (JSON, "Content-Encoding: gzip"),
         lambda: gzip.compress(json.dumps({"token": S()}).encode())[:-4] + b"abcd", False)
    both("too deep", (JSON,), lambda: "[" * 200 + '"%s"' % S() + "]" * 200)


def part(name, content, *lines):
    return '--b.c\r\nContent-Disposition: form-data; name="%s"\r\n%s\r\n%s\r\n' % (
        name, "".join(line + "\r\n" for line in lines), content)


MULTIPART = 'Content-Type: multipart/form-data; boundary="b.c"'
END = "--b.c--\r\n"


def multipart_cases():
    def both(name, build, lines=()):
        in_request(name, lambda: request("/p", (MULTIPART,) + lines, build(), chunked=True))
        in_response(name, lambda: response((MULTIPART,) + lines, build()))

    for name in NAMES:
        both("multipart " + name, lambda n=name: part("a", "1") + part(n, S()) + part(n, S("\r\n--"), "Content-Type: text/plain") + END)
    both("multipart, file", lambda: part("a", "1") + part('f"; filename="%s' % S(), S(), "Content-Type: image/png") + END)
    both("multipart, file name*", lambda: part("f\"; filename*=\"utf-8''%s" % percent(S()), S()) + END)
    both("multipart, text without a name", lambda: "--b.c\r\n\r\n%s\r\n" % S() + END)
    both("multipart, JSON", lambda: part("j", json.dumps({"token": S(), "a": [1, {"pin": S()}]}), JSON) + END)
    both("multipart, JSON file", lambda: part('j"; filename="%s' % S(), json.dumps({"token": S()}), JSON) + END)
    both("multipart, broken JSON", lambda: part("j", '{"token":"%s' % S(), JSON) + END)
    both("multipart, form", lambda: part("j", "a=1&token=%s" % S(), FORM) + END)
    both("multipart, URL", lambda: part("j", "http://u:%s@h/?token=%s" % (S(), S())) + END)
    both("multipart, base64", lambda: part("token", b64(S()), "Content-Transfer-Encoding: base64") + END)
    both("multipart, header lines", lambda: part("j", "x", "Authorization: Bearer " + S(), "Cookie: a=" + S()) + END)
    both("multipart in multipart", lambda: part("m", '--in\r\nContent-Disposition: form-data; name="pwd"\r\n\r\n%s\r\n--in--' % S(),
                                                "Content-Type: multipart/mixed; boundary=in") + END)
    both("multipart in gzip", lambda: gzip.compress((part("token", S()) + END).encode()), ("Content-Encoding: gzip",))
    both("multipart, preamble and epilogue", lambda: "%s\r\n" % S() + part("token", S()) + END + S())
    both("multipart, LF", lambda: (part("a", S()) + END).replace("\r\n", "\n"))
    both("multipart, delimiter that is longer", lambda: part("a", "--b.cd\r\n\r\n%s" % S()) + END)
    both("multipart without an end", lambda: part("token", S()))
    both("multipart, no delimiter", lambda: S())
    both("multipart, two names", lambda: part('a"; name="token', S()) + END)
    both("multipart, quote", lambda: part('a\\"; name=token; x="', S()) + END)


def lost_cases():
    """Bodies that lose their end, or bytes before it: the connection's third entry says which."""
    filler = "".join(rng.choice(ALPHABET) for _ in range(400))

    def lose(name, lines, build):
        for what in ("hole", "end", "reset"):
            cases.append(("%s with a lost %s" % (name, what), lambda b=build, w=what: (request("/p", lines, b()), OK(), w), False))
            cases.append(("%s with a lost %s (response)" % (name, what), lambda b=build, w=what: (
                GET(), response(lines, b()), "response " + w), False))

    def document():
        return json.dumps({"marker": "begins-public", "token": S(), "a": [{"pwd": S()}, 1], "u": "http://u:%s@h/" % S(), "f": filler[:200],
                           "secret": S(), "g": filler[200:]})

    def form():
        return "marker=begins-public&token=%s&f=%s&secret=%s&g=%s" % (S(), filler[:200], S(), filler[200:])

    def parts(tail):
        return part("marker", "begins-public") + part("token", S()) + tail() + END

    lose("JSON", (JSON,), document)
    lose("JSON at a secret", (JSON,), lambda: '{"marker":"begins-public","token":"%s"}' % S("x" * 40))
    lose("JSON number at a secret", (JSON,), lambda: '{"marker":"begins-public","a":[1],"pan":%s}' % D().ljust(60, "0"))
    lose("NDJSON", ("Content-Type: application/x-ndjson",), lambda: document() + "\n" + document())
    lose("form", (FORM,), form)
    lose("form at a secret", (FORM,), lambda: "marker=begins-public&token=" + S("x" * 40))
    lose("multipart at a secret", (MULTIPART,), lambda: parts(lambda: part("token", S("x" * 40))))
    lose("multipart in a file", (MULTIPART,), lambda: parts(lambda: part('f"; filename="%s' % S(), S() + filler)))
    lose("multipart in a head", (MULTIPART,), lambda: parts(lambda: part('f"; filename="%s' % S("x" * 60), "")))
    lose("text", ("Content-Type: text/plain",), lambda: S() + filler)
    for coding, pack in CODINGS.items():
        lines = ("Content-Encoding: " + coding,)
        lose("JSON in " + coding, (JSON,) + lines, lambda p=pack: p(document().encode()))
        lose("form in " + coding, (FORM,) + lines, lambda p=pack: p(form().encode()))
        lose("multipart in " + coding, (MULTIPART,) + lines, lambda p=pack: p(parts(lambda: part("f", filler)).encode()))


def defect_cases():
    both = lambda name, build: (in_request(name, lambda: request(lines=build())), in_response(name, lambda: response(build())))
    both("no colon", lambda: (S(), "A: b", "Bearer " + S()))
    both("no name", lambda: (": " + S(),))
    both("odd name", lambda: (S() + "(: b", "a b" + S() + ": c"))
    both("folded", lambda: ("Authorization: Bearer\r\n\t" + S(), "Cookie: a=\r\n " + S() + ";\r\n  b=" + S()))
    both("header in a fold", lambda: ("X-A: b\r\n Authorization: Bearer " + S(),))
    both("bare CR", lambda: ("X-A: b\rCookie: a=" + S(),))
    both("bare LF", lambda: ("X-A: b\nCookie: a=" + S(),))
    both("blank before the colon", lambda: ("X-Api-Key \t: " + S(),))
    both("Set-Cookie where it is not expected", lambda: ("Set-Cookie: a=" + S(), "Cookie: b=" + S()))
    for chunked in (True,):
        in_request("trailers", lambda: request("/p", (JSON,), "{}", chunked=True,
                                               trailers="X-Api-Key: %s\r\n%s\r\nCookie: a=%s\r\n" % (S(), S(), S())))
        in_response("trailers", lambda: response((JSON,), "{}", chunked=True, trailers="Set-Cookie: a=%s\r\n%s\r\n" % (S(), S())))
    in_request("first line folded", lambda: b"GET / HTTP/1.1\r\n Authorization: Bearer %s\r\nX-Case: public-%d\r\nHost: h\r\n\r\n"
               % (S().encode(), number))
    # Lost bytes: the connection's third entry says what is missing.
    for what in ("hole", "end", "reset"):
        for name, build in (("JSON", lambda: request("/p", (JSON,), '{"a":"%s","token":"%s","b":"%s"}' % ("x" * 40, S(), "y" * 60))),
                            ("form", lambda: request("/p", (FORM,), "a=%s&token=%s&b=%s" % ("x" * 40, S(), "y" * 60))),
                            ("head", lambda: request("/p", ("Cookie: a=" + S(), "X-A: " + "x" * 60, "X-Api-Key: " + S())))):
            cases.append(("%s with a lost %s" % (name, what), lambda b=build, w=what: (b(), OK(), w), False))
            cases.append(("%s with a lost %s (response)" % (name, what), lambda w=what: (
                GET(), response((JSON, "Set-Cookie: a=" + S()), '{"a":"%s","token":"%s","b":"%s"}' % ("x" * 40, S(), "y" * 60)),
                "response " + w), False))


def framing_cases():
    """Bodies of which nobody can say where they end."""
    def body():
        return ('{"marker":"begins-public","token":"%s","d":{"pwd":"%s"},"notes":[%s],"secret":"%s"}' % (
            S(), S(), ",".join('"%s"' % text for text in looks("JSON string", "plain", leak_values.in_json)), S()))

    def chunks(data, size="%x", end="\r\n", last="0\r\n\r\n", extension=""):
        pieces = [data[at:at + 50] for at in range(0, len(data), 50)]
        return "".join((size % len(piece)) + extension + "\r\n" + piece + end for piece in pieces) + last

    length = lambda data, more=0: "Content-Length: %d" % (len(data) + more)
    CHUNKED = "Transfer-Encoding: chunked"
    broken = {
        "length and chunked": lambda b: ((length(b, 200), CHUNKED), chunks(b)),
        "chunked and length, not chunked": lambda b: ((CHUNKED, length(b)), b),
        "length too short": lambda b: ((length(b, -60),), b),
        "length too short, and another request": lambda b: ((length(b, -60),), b + "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"),
        "length too long": lambda b: ((length(b, 70),), b),
        "lengths that differ": lambda b: ((length(b), length(b, -90)), b),
        "length that is no number": lambda b: (("Content-Length: 0x%x" % len(b),), b),
        "length with a sign": lambda b: (("Content-Length: +%d" % len(b),), b),
        "no length": lambda b: ((), b),
        "unknown coding": lambda b: (("Transfer-Encoding: odd",), b),
        "chunked in gzip": lambda b: (("Transfer-Encoding: gzip, chunked",), chunks(b)),
        "chunked twice": lambda b: (("Transfer-Encoding: chunked, chunked",), chunks(b)),
        "chunk sizes that are none": lambda b: ((CHUNKED,), chunks(b, size="g%x")),
        "chunk sizes that are too large": lambda b: ((CHUNKED,), chunks(b, size="f%x")),
        "chunk sizes that are too small": lambda b: ((CHUNKED,), chunks(b, size="%.0s9")),
        "chunks with bare LF": lambda b: ((CHUNKED,), chunks(b).replace("\r\n", "\n")),
        "chunks without an end": lambda b: ((CHUNKED,), chunks(b, end="")),
        "chunks without the last": lambda b: ((CHUNKED,), chunks(b, last="")),
        "secrets in chunk extensions": lambda b: ((CHUNKED,), chunks(b, extension=";token=" + S())),
        "secrets after the last chunk": lambda b: ((CHUNKED,), chunks(b, last="0\r\nX-Api-Key: %s\r\nnot a line %s" % (S(), S()))),
    }
    for name, frame in broken.items():
        def whole(start, more=(), f=frame):
            lines, data = f(body())
            return message(start, tuple(more) + (JSON,) + lines, data, framing=False)
        in_request("framing: " + name, lambda w=whole: w("POST /p HTTP/1.1", ("Host: h",)), False)
        in_response("framing: " + name, lambda w=whole: w("HTTP/1.1 200 OK"), False)
    in_request("junk before", lambda: ("token=%s\r\n" % S()).encode() + request(), False)
    in_response("junk before", lambda: ("token=%s\r\n" % S()).encode() + response(), False)
    in_response("no status line", lambda: ("<html>token=%s" % S()).encode(), False)
    in_response("interim with a secret", lambda: ("HTTP/1.1 103 Early Hints\r\nSet-Cookie: a=%s\r\n\r\n" % S()).encode() + response(), False)
    in_response("after an upgrade", lambda: ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: odd\r\n\r\ntoken=%s" % S()).encode(), False)
    in_response("longer than the answer to HEAD", lambda: response((JSON,), body()), False)


def look_cases():
    for where, (write, build) in leak_values.HEADS.items():
        for coding in leak_values.CODINGS:
            def head(w=where, c=coding, t=write, b=build):
                target, lines = b(looks(w, c, t))
                return request(target, lines)
            if leak_values.kinds_for(where, coding):
                in_request("%s, %s" % (where, coding), head)
    for where, (write, kind, build) in leak_values.BODIES.items():
        for coding in leak_values.CODINGS:
            for packing, pack in {"no coding": bytes, **CODINGS}.items():
                lines = ("Content-Type: " + kind,) + (() if packing == "no coding" else ("Content-Encoding: " + packing,))
                for chunked in (False, True):
                    body = lambda w=where, c=coding, t=write, b=build, p=pack: p(b(looks(w, c, t)).encode("latin-1"))
                    name = "%s, %s, %s%s" % (where, coding, packing, ", chunked" if chunked else "")
                    if leak_values.kinds_for(where, coding):
                        in_request(name, lambda b=body, l=lines, k=chunked: request("/p", l, b(), chunked=k))
                        in_response(name, lambda b=body, l=lines, k=chunked: response(l, b(), chunked=k))


class Capture:
    def __init__(self, path):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 101))  # raw IP
        self.us = 1_700_000_000_000_000

    def packet(self, source, target, seq, ack, flags, data=b""):
        tcp = struct.pack(">HHIIBBHHH", source[1], target[1], seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, 65000, 0, 0)
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 40 + len(data), 0, 0x4000, 64, 6, 0, source[0], target[0])
        total = sum(struct.unpack(">10H", ip))
        total = (total & 0xffff) + (total >> 16)
        total = ~((total & 0xffff) + (total >> 16)) & 0xffff
        data = ip[:10] + struct.pack(">H", total) + ip[12:] + tcp + data
        self.us += 50
        self.file.write(struct.pack("<IIII", self.us // 10**6, self.us % 10**6, len(data), len(data)) + data)


def cuts(data, how, texts):
    """Offsets at which |data| is cut into segments."""
    if how == 0:
        return list(range(1400, len(data), 1400))
    if how == 1:  # inside each secret that stands there as it is
        found = [at for at in (data.find(text[:18].encode()) for text in texts) if at >= 0]
        if not found:  # it is packed
            found = [rng.randrange(len(data)) for _ in range(3)]
        return sorted({at + 1 + rng.randrange(17) for at in found})
    return list(range(7, len(data), 7))


def send(capture, client, server, seq, ack, data, how, texts, lost):
    edges = [0] + cuts(data, how, texts) + [len(data)]
    if lost:
        edges = sorted(set(edges + [len(data) - 50, len(data) - 20]))
    for start, end in zip(edges, edges[1:]):
        hole = lost == "hole" and len(data) - 50 <= start < len(data) - 20
        after = lost in ("end", "reset") and start >= len(data) - 50
        if start < end and not hole and not after:
            capture.packet(client, server, seq + start, ack, 0x18, data[start:end])
    return seq + len(data)


def main():
    global place, kept, number
    for build in (credential_cases, url_cases, body_cases, multipart_cases, lost_cases, defect_cases, framing_cases):
        build()
    named = len(cases)
    look_cases()
    wholes, answers = [], {}  # exchanges of which every body is to be kept
    capture = Capture(sys.argv[2])
    server = (bytes([192, 0, 2, 10]), 8080)
    for how in range(3):
        for index, (name, build, is_kept) in enumerate(cases):
            if index >= named and rng.random() >= SHARE:
                continue
            place, kept, number = name, is_kept, number + 1
            first = len(secrets)
            asked, answered, *lost = build()
            texts = [secret.pop("written", secret["text"]) for secret in secrets[first:]]
            wholes += [number] if index >= named else []
            lost = lost[0] if lost else ""
            client = (bytes([198, 51, 100 + number // 50000, 7]), 10000 + number % 50000)
            a, b = rng.randrange(2**32), rng.randrange(2**32)
            capture.packet(client, server, a, 0, 2)
            capture.packet(server, client, b, a + 1, 0x12)
            capture.packet(client, server, a + 1, b + 1, 0x10)
            a, b = a + 1, b + 1
            a = send(capture, client, server, a, b, asked, how, texts, "" if lost.startswith("response") else lost)
            b = send(capture, server, client, b, a, answered, how, texts, lost[9:] if lost.startswith("response") else "")
            if lost.endswith("reset"):
                capture.packet(client, server, a, b, 0x14)
                continue
            if kept and not lost:
                answers[number] = answered.decode("latin-1")
            capture.packet(client, server, a, b, 0x11)
            capture.packet(server, client, b, a + 1, 0x11)
    capture.file.close()
    with open(sys.argv[3], "w") as file:
        json.dump({"secrets": secrets, "exchanges": number, "wholes": wholes}, file)
    with open(sys.argv[4], "w") as file:
        json.dump(answers, file)
    print("%d exchanges, %d secrets, %d of them told by their look alone" % (
        number, len(secrets), sum("needles" in secret for secret in secrets)))


main()
