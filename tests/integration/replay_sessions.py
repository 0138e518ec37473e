"""replay_sessions.py generate           exchanges for make_recorded on standard output
   replay_sessions.py serve PORT [deny]  issues tokens and cookies of its own, refuses any other (deny: every login)

Each user logs in on one connection and uses what was issued on others, in every place and coding."""
import base64
import json
import os
import random
import sys
import time
import urllib.parse

from replay_server import answer_of, exchange, serve

USERS = 12
STEPS = 8


def secret(rng):
    return "".join(rng.choice("abcdefghijkmnpqrstuvwxyzABCDEFG23456789") for _ in range(28)) + "+/=&%\"\\x"


def quoted(text):
    return urllib.parse.quote(text, safe="").encode()


def login_answer(token, cookie):
    body = json.dumps({"user": {"name": "someone"}, "access_token": token, "expires_in": 60}, indent=1).encode()
    return answer_of(200, body, [b"Content-Type: application/json", b"Set-Cookie: sid=" + cookie.encode() + b"; Path=/; HttpOnly",
                                 b"Set-Cookie: theme=dark"])


def uses(token, cookie):
    """The requests that carry what was issued: (method, target, fields, body)."""
    form, text = b"application/x-www-form-urlencoded", b"application/json"
    basic = base64.b64encode(b"api:" + token.encode())
    yield b"GET", b"/header", [b"Authorization: Bearer " + token.encode()], b""
    yield b"GET", b"/basic", [b"Authorization: Basic " + basic], b""
    yield b"GET", b"/cookie", [b"Cookie: theme=dark; sid=" + cookie.encode() + b"; last=1"], b""
    yield b"GET", b"/query?x=1&access_token=" + quoted(token) + b"&y=2", [], b""
    yield b"POST", b"/form", [b"Content-Type: " + form], b"a=1&access_token=" + quoted(token) + b"&b=2"
    yield b"POST", b"/json", [b"Content-Type: " + text], json.dumps({"a": 1, "access_token": token}).encode()
    yield b"GET", b"/apikey", [b"X-Auth-Token: " + token.encode()], b""


def generate():
    rng = random.Random(5)
    out = sys.stdout.buffer
    for user in range(USERS):
        token, cookie = secret(rng), "%032x" % rng.getrandbits(128)
        at_us = user * 3000
        body = json.dumps({"user": "user%d" % user, "password": secret(rng)}).encode()
        head = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        exchange(out, at_us, user, 200, head, body, b"", *login_answer(token, cookie))
        for step, (method, target, fields, body) in enumerate(uses(token, cookie)):
            lines = [method + b" " + target + b" HTTP/1.1", b"Host: shop"] + fields
            if body:
                lines.append(b"Content-Length: %d" % len(body))
            # Every other request goes over one connection that all users share.
            connection = 500 if step % 2 else 100 + user
            exchange(out, at_us + 40000 + step * 1700, connection, 200, b"\r\n".join(lines) + b"\r\n\r\n", body, b"",
                     *answer_of(200, b"ok"))


def gate(deny):
    rng = random.Random(os.urandom(16))
    tokens, cookies = set(), set()

    def allowed(target, fields, body):
        path, _, query = target.decode("latin-1").partition("?")
        authorization = fields.get(b"authorization", b"").decode("latin-1")
        if path == "/header":
            return authorization.removeprefix("Bearer ") in tokens
        if path == "/basic":
            return base64.b64decode(authorization.removeprefix("Basic ")).decode().split(":", 1)[1] in tokens
        if path == "/cookie":
            jar = dict(pair.strip().split("=", 1) for pair in fields[b"cookie"].decode().split(";"))
            return jar["sid"] in cookies and jar["theme"] == "dark" and "last" in jar
        if path == "/query":
            values = urllib.parse.parse_qs(query)
            return values["access_token"][0] in tokens and values["x"] == ["1"] and values["y"] == ["2"]
        if path == "/form":
            values = urllib.parse.parse_qs(body.decode())
            return values["access_token"][0] in tokens and values["b"] == ["2"]
        if path == "/json":
            return json.loads(body)["access_token"] in tokens
        return fields.get(b"x-auth-token", b"").decode("latin-1") in tokens

    def handle(head, fields, body):
        target = head.split(b" ")[1]
        if target != b"/login":
            return answer_of(200 if allowed(target, fields, body) else 401, b"ok")
        time.sleep(0.06)  # longer than recorded: who does not wait for it has no token
        if deny:
            return answer_of(403, b"no")
        token, cookie = secret(rng), "%032x" % rng.getrandbits(128)
        tokens.add(token)
        cookies.add(cookie)
        return login_answer(token, cookie)
    return handle


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    else:
        serve(int(sys.argv[2]), gate(len(sys.argv) > 3))
