#!/usr/bin/env python3
"""The parts of capture_latency.sh.

    capture_latency.py serve PORT            an upstream that answers /upstream?ms=N after N ms, ?part=N with a pause of N ms in the body
    capture_latency.py ask PORT              360 requests of seven kinds, over keep-alive connections
    capture_latency.py compare EXCHANGES LOG DIFFERENCES
                                             latency as recorded less nginx's $request_time, by the number of the request: a line of a round more
    capture_latency.py judge DIFFERENCES     whether 99 % of the requests differ by 2 ms at most, each by its median over the rounds
"""
import json
import re
import socket
import statistics
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


def compare(exchanges_path, log_path, differences_path):
    logged = {}
    for line in open(log_path, encoding="utf-8"):
        number, status, seconds = line.split()
        logged[int(number)] = (int(status), float(seconds) * 1000)
    assert len(logged) == ASKED, len(logged)
    differences = [0.0] * ASKED
    for line in open(exchanges_path, encoding="utf-8"):
        exchange = json.loads(line)
        number = int(re.search(r"[?&]n=(\d+)", exchange["path"])[1])
        kind, (status, request_ms) = KINDS[number % len(KINDS)], logged.pop(number)
        times = exchange["times_ns"]
        assert exchange["status"] == status, exchange
        assert exchange["latency_us"] == (times[3] - times[0]) // 1000, exchange
        assert exchange["ttfb_us"] == max(0, times[2] - times[1]) // 1000, exchange
        until = max(times[1], times[3]) if kind == "early" else times[3]
        differences[number] = (until - times[0]) / 1e6 - request_ms
        if not waited(kind, number, exchange):
            print(f"{kind} {number}: shorter than it waited, {times}")
            differences[number] = float("inf")
    assert not logged, sorted(logged)
    print(f"{sum(abs(one) > STEP_MS for one in differences)} of {ASKED} exchanges further than {STEP_MS} ms from $request_time")
    with open(differences_path, "a", encoding="utf-8") as out:
        print(*differences, file=out)


TOO_FAR = 3  # exit status: another round may tell


def judge(differences_path):
    """A processor that was away moves an exchange in one round; a latency that is none is wrong in each."""
    rounds = [[float(one) for one in line.split()] for line in open(differences_path, encoding="utf-8")]
    medians = [statistics.median(one) for one in zip(*rounds)]
    far = [number for number, median in enumerate(medians) if abs(median) > STEP_MS]
    print(f"{len(far)} of {ASKED} further than {STEP_MS} ms in the median of {len(rounds)} rounds")
    for number in far:
        print(f"{KINDS[number % len(KINDS)]} {number}: {medians[number]:+.2f} ms")
    if len(far) > ASKED / 100:
        sys.exit(TOO_FAR)


{"serve": lambda: serve(int(sys.argv[2])), "ask": lambda: ask(int(sys.argv[2])), "compare": lambda: compare(*sys.argv[2:]),
 "judge": lambda: judge(sys.argv[2])}[sys.argv[1]]()
