"""replay_links.py generate     exchanges for make_recorded on standard output
   replay_links.py serve PORT [redirects]   an application of its own: it knows the account tester/test-pass and the cookie sid=standing; gives each form a new token in a
                                hidden field, which has to come back; takes no signature that is not new; refuses whatever else

12 users log in and send a form; 9 had logged in before the capture began; 5 sign their requests in one way each."""
import base64
import json
import os
import re
import sys
import urllib.parse

from replay_server import answer_of, exchange, serve

USERS, EARLIER = 12, 9
FORM, JSON = b"Content-Type: application/x-www-form-urlencoded", b"Content-Type: application/json"
SIGNED = [
    (b"GET", b"/signed/aws", [b"Authorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu/s3/aws4_request, SignedHeaders=host, "
                              b"Signature=fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963176630326f1024"], b""),
    (b"POST", b"/signed/hook", [b"X-Hub-Signature-256: sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17", JSON], b'{"email":"a@b.example"}'),
    (b"GET", b"/signed/dpop", [b"Authorization: DPoP Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp", b"DPoP: eyJ0eXAiOiJkcG9wK2p3dCJ9.eyJqdGkiOiItQndDM0VTYzYifQ.c2ln"], b""),
    (b"GET", b"/signed/digest", [b'Authorization: Digest username="Mufasa", realm="r", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/", '
                                 b'response="6629fae49393a05397450978507c4ef1"'], b""),
    (b"POST", b"/signed/otp", [JSON], b'{"otp":"492039"}'),
]


def send(connection, at_us, method, target, lines, body, answer):
    head = b"\r\n".join([method + b" " + target + b" HTTP/1.1", b"Host: app"] + lines + ([b"Content-Length: %d" % len(body)] if body else []))
    exchange(sys.stdout.buffer, at_us, connection, 200, head + b"\r\n\r\n", body, b"", *answer)


def page(token):
    return answer_of(200, b'<form><input type="hidden" name="authenticity_token" value="%s"></form>' % token, [b"Content-Type: text/html"])


def generate():
    at_us = 0
    for user in range(USERS):
        cookie, token = b"%032x" % (user + 1), b"recorded/form+token==%d" % user
        lines = [b"Cookie: sid=" + cookie]
        body = json.dumps({"user": "user%d" % user, "password": "secret%d" % user}).encode()
        ok = answer_of(200, b"{}", [JSON])
        send(user, at_us, b"POST", b"/login", [JSON], body, answer_of(200, b"{}", [JSON, b"Set-Cookie: sid=" + cookie]))
        send(user, at_us + 5000, b"GET", b"/form/%d" % user, lines, b"", page(token))
        send(user, at_us + 10000, b"POST", b"/submit", lines + [FORM], b"n=1&authenticity_token=" + urllib.parse.quote(token, safe="").encode(), ok)
        send(user, at_us + 15000, b"GET", b"/home", lines, b"", ok)
        at_us += 4000
    for user in range(EARLIER):
        for step in range(3):
            send(100 + user, at_us + step * 3000, b"GET", b"/home", [b"Cookie: sid=%032x" % (user + 1000)], b"", answer_of(200, b"{}", [JSON]))
        at_us += 2000
    for number, (method, target, lines, body) in enumerate(SIGNED):
        send(200 + number, at_us + number * 1000, method, target, lines, body, answer_of(200, b"{}", [JSON]))


def application(redirects):
    sessions, forms = {"standing"}, {}

    def handle(head, fields, body):
        path = head.split(b" ")[1].decode()
        if path == "/login":
            if json.loads(body) != {"user": "tester", "password": "test-pass"}:
                return answer_of(401, b"{}", [JSON])
            sid = os.urandom(16).hex()
            sessions.add(sid)
            return answer_of(200, b"{}", [JSON, b"Set-Cookie: sid=" + sid.encode()])
        sid = fields.get(b"cookie", b"").decode().removeprefix("sid=")
        if path.startswith("/signed") or sid not in sessions:
            if path == "/home" and redirects:
                return answer_of(302, b"", [b"Location: /account/sign-in?next=/home"])
            return answer_of(403, b"{}", [JSON])
        if path.startswith("/form"):
            token = base64.b64encode(os.urandom(16))
            forms.setdefault(sid, set()).add(token.decode())
            return page(token)
        if path == "/submit":
            shown = urllib.parse.parse_qs(body.decode())
            if shown.get("n") != ["1"] or shown["authenticity_token"][0] not in forms.get(sid, ()):
                return answer_of(422, b"{}", [JSON])
        return answer_of(200, b"{}", [JSON])
    return handle


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    else:
        serve(int(sys.argv[2]), application(len(sys.argv) > 3))
