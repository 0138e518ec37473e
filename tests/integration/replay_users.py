"""replay_users.py packets FILE       one user over six connections, as a packet file: a login, then pipelined requests
   replay_users.py pool              exchanges for make_recorded on standard output: 1,000 users over 16 connections that they share
   replay_users.py serve PORT LOG    issues tokens and cookies of its own, refuses any other; closes each connection after some requests of /own;
                                     at the end (SIGTERM) it logs how many requests, refusals, connections, and the most requests at a time there were"""
import asyncio
import json
import os
import random
import signal
import sys
import time

from http_pcap import message, write
from replay_server import answer_of, exchange

USERS, USES, CONNECTIONS = 1000, 3, 16
WORK_S = 0.02
OWN_BEFORE_CLOSE = 3
HOST, JSON = ("Host", "shop.example"), ("Content-Type", "application/json")


def packets(path):
    cookie = ("Cookie", "sid=recorded0cookie0recorded")
    login = (message("POST /login HTTP/1.1", [HOST, JSON], b'{"user":"jo","password":"geheim"}'),
             message("HTTP/1.1 200 OK", [JSON, ("Set-Cookie", cookie[1] + "; Path=/")], b'{"token":"recorded-token-0123456789"}'))
    many = []
    for connection in range(5):
        requests, answers = b"", b""
        for step in range(8):
            requests += message("GET /own/%d/%d HTTP/1.1" % (connection, step), [HOST, cookie])
            answers += message("HTTP/1.1 200 OK", [JSON], b"{}")
        many.append((requests, answers))
    write(path, [login] + many)


def pool():
    rng, made = random.Random(7), []
    for user in range(USERS):
        token, at_us = "recorded%024x" % rng.getrandbits(96), user * 9000
        body = json.dumps({"user": "user%d" % user, "password": "secret%d" % user}).encode()
        head = b"POST /login HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        made.append((at_us, head, body, answer_of(200, json.dumps({"token": token}).encode(), [b"Content-Type: application/json"])))
        for step in range(USES):
            head = b"GET /use/%d/%d HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer %s\r\n\r\n" % (user, step, token.encode())
            made.append((at_us + 40000 * (step + 1) + rng.randrange(9000), head, b"", answer_of(200, b"ok")))
        made.append((at_us + rng.randrange(100000), b"GET /anybody/%d HTTP/1.1\r\nHost: shop\r\n\r\n" % user, b"", answer_of(200, b"ok")))
    made.sort(key=lambda one: one[0])
    for number, (at_us, head, body, answer) in enumerate(made):
        exchange(sys.stdout.buffer, at_us, number % CONNECTIONS, 200, head, body, b"", *answer, latency_us=20000)


class Counts:
    requests = refused = connections = now = most = pipelined = disordered = 0


tokens, counts, seen = set(), Counts(), {}


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.buffer, self.own, self.busy = transport, b"", 0, False
        counts.connections += 1

    def data_received(self, data):
        counts.pipelined += self.busy  # whoever sends before the answer is there
        self.buffer += data
        head, mark, rest = self.buffer.partition(b"\r\n\r\n")
        if not mark:
            return
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = int(fields.get(b"Content-Length", b"0"))
        if len(rest) < size:
            return
        self.buffer, self.busy = rest[size:], True
        counts.requests += 1
        counts.now += 1
        counts.most = max(counts.most, counts.now)
        asyncio.get_running_loop().call_later(WORK_S, self.answer, head.split(b" ")[1].decode(), fields)

    def answer(self, target, fields):
        counts.now -= 1
        self.busy = False
        parts, close = target.split("/"), False
        if parts[1] == "login":
            token = os.urandom(16).hex()
            tokens.add(token)
            body, lines, status = json.dumps({"token": token}).encode(), [b"Set-Cookie: sid=" + token.encode()], 200
        else:
            shown = fields.get(b"Authorization", b"").removeprefix(b"Bearer ") or fields.get(b"Cookie", b"").removeprefix(b"sid=")
            right = parts[1] == "anybody" or shown.decode() in tokens
            body, lines, status = b"{}", [], 200 if right else 401
            counts.refused += not right
        if parts[1] in ("own", "use"):
            counts.disordered += seen.get(parts[1] + parts[2], -1) >= int(parts[3])
            seen[parts[1] + parts[2]] = int(parts[3])
            self.own += parts[1] == "own"
            close = self.own == OWN_BEFORE_CLOSE
        if not self.transport.is_closing():
            self.transport.write(b"".join(answer_of(status, body, lines)))
        if close:
            self.transport.close()


async def serve(port, log):
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    await loop.create_server(Server, "127.0.0.1", port, backlog=2048)
    await over.wait()
    with open(log, "w") as out:
        json.dump({name: getattr(counts, name) for name in dir(Counts) if not name.startswith("_")}, out)


if __name__ == "__main__":
    if sys.argv[1] == "packets":
        packets(sys.argv[2])
    elif sys.argv[1] == "pool":
        pool()
    else:
        asyncio.run(serve(int(sys.argv[2]), sys.argv[3]))
