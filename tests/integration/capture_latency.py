#!/usr/bin/env python3
"""The parts of capture_latency.sh.

    capture_latency.py serve PORT            an upstream that answers /upstream?ms=N after N ms, ?part=N with a pause of N ms in the body
    capture_latency.py ask PORT              360 requests of seven kinds, over keep-alive connections
    capture_latency.py compare EXCHANGES LOG latency as recorded against nginx's $request_time, by the number of the request
"""
import collections
import json
import re
import socket
import sys
import threading
import time

ASKED, CLIENTS = 360, 6
KINDS = ("static", "waits", "parts", "limited", "slow request", "continue", "early")
STEP_MS = 2


def head_of(peer, buffered):
    while b"\r\n\r\n" not in buffered:
        part = peer.recv(65536)
        if not part:
            return None, b""
        buffered += part
    head, _, rest = buffered.partition(b"\r\n\r\n")
    return head, rest


def length_of(head):
    found = re.search(rb"\r\ncontent-length: *(\d+)", head, re.I)
    return int(found[1]) if found else 0


def read_rest(peer, head, rest):
    while len(rest) < length_of(head):
        rest += peer.recv(65536)
    return rest[length_of(head):]


def serve_one(peer):
    with peer:
        head, rest = head_of(peer, b"")
        if head is None:
            return
        read_rest(peer, head, rest)
        wait, part = (re.search(name + rb"=(\d+)", head) for name in (b"ms", b"part"))
        time.sleep(int(wait[1]) / 1000 if wait else 0)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n[1,2,")
        time.sleep(int(part[1]) / 1000 if part else 0)
        peer.sendall(b"3,45]")


def serve(port):
    listener = socket.create_server(("127.0.0.1", port), backlog=128)
    while True:
        threading.Thread(target=serve_one, args=(listener.accept()[0],), daemon=True).start()


def ask_one(peer, number):
    """Sends request |number| and reads its answer; the connection goes on."""
    kind, wait = KINDS[number % len(KINDS)], 3 + number * 7 % 40
    target = {"static": "/file?", "waits": f"/upstream?ms={wait}&", "parts": f"/upstream?part={wait}&", "limited": "/limited?",
              "slow request": f"/upstream?ms={wait}&", "continue": "/upstream?", "early": "/refused?"}[kind]
    body = b"" if number % len(KINDS) < 4 else b'{"a":"' + b"b" * 300 + b'"}'
    text = f"{'POST' if body else 'GET'} {target}n={number} HTTP/1.1\r\nHost: test\r\n"
    if body:
        text += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    text += "Expect: 100-continue\r\n" if kind == "continue" else ""
    peer.sendall(text.encode() + b"\r\n" + (body[:100] if kind in ("slow request", "early") else b""))
    rest = b""
    if kind == "continue":
        head, rest = head_of(peer, b"")
        assert b" 100 " in head, head
        time.sleep(0.005)
        peer.sendall(body)
    elif body:
        time.sleep(wait / 1000)
        peer.sendall(body[100:])
    head, rest = head_of(peer, rest)
    assert head, number
    read_rest(peer, head, rest)


def ask(port):
    failures = []

    def client(first):
        try:
            peer = socket.create_connection(("127.0.0.1", port), timeout=30)
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for number in range(first, ASKED, CLIENTS):
                ask_one(peer, number)
        except (OSError, AssertionError) as failure:
            failures.append(failure)

    threads = [threading.Thread(target=client, args=(first,)) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures


def waited(kind, number, exchange):
    """Whether the time that a kind takes at its slow place is there: less of it is seen where what began it was held up."""
    wait, times = 3 + number * 7 % 40, exchange["times_ns"]
    if kind == "continue":
        assert "interim" in exchange["flags"], exchange
        return times[1] - times[0] >= 5000000
    if kind == "early":
        assert "early_response" in exchange["flags"] and exchange["ttfb_us"] == 0, exchange
    if kind in ("slow request", "early") and times[1] - times[0] < wait * 1000000:
        return False
    if kind in ("waits", "slow request") and exchange["ttfb_us"] < wait * 1000:
        return False
    return kind != "parts" or times[3] - times[2] >= wait * 1000000


BUSY = 3  # everything is right but for too many differences: a processor may have been away


def compare(exchanges_path, log_path):
    logged = {}
    for line in open(log_path, encoding="utf-8"):
        number, status, seconds = line.split()
        logged[int(number)] = (int(status), float(seconds) * 1000)
    assert len(logged) == ASKED, len(logged)
    far, count = collections.Counter(), 0
    for line in open(exchanges_path, encoding="utf-8"):
        exchange = json.loads(line)
        number = int(re.search(r"[?&]n=(\d+)", exchange["path"])[1])
        kind, (status, request_ms) = KINDS[number % len(KINDS)], logged.pop(number)
        times = exchange["times_ns"]
        assert exchange["status"] == status, exchange
        assert exchange["latency_us"] == (times[3] - times[0]) // 1000, exchange
        assert exchange["ttfb_us"] == max(0, times[2] - times[1]) // 1000, exchange
        until = max(times[1], times[3]) if kind == "early" else times[3]
        difference = (until - times[0]) / 1e6 - request_ms
        count += 1
        if not waited(kind, number, exchange):
            far[kind] += 1
            print(f"{kind} {number}: shorter than it waited, {times}")
        elif abs(difference) > STEP_MS:
            far[kind] += 1
            print(f"{kind} {number}: {difference:+.2f} ms from nginx's {request_ms:.0f} ms")
    assert not logged, sorted(logged)
    print(f"{count} exchanges, {sum(far.values())} further than {STEP_MS} ms from $request_time")
    if sum(far.values()) > count / 100:
        sys.exit(BUSY)


{"serve": lambda: serve(int(sys.argv[2])), "ask": lambda: ask(int(sys.argv[2])),
 "compare": lambda: compare(sys.argv[2], sys.argv[3])}[sys.argv[1]]()
