"""replay_flagged.py pcap FILE           requests with defects and such without their bodies
   replay_flagged.py serve PORT FILE     stores each request as it arrives, a line of hexadecimal digits each; reads until nothing more comes
   replay_flagged.py check FILE flagged|filled"""
import re
import socket
import sys
import threading

import http_pcap

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
LONG = 5000
FLAGGED = [
    b"get /lower HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    b"GET /bare HTTP/1.1\nHost: shop.example\nX-A: 1\n\n",
    b"GET  /two HTTP/1.1\r\nHost: shop.example\r\n\r\n",
    b"GET /fold HTTP/1.1\r\nHost: shop.example\r\nX-Long: one\r\n two\r\n\r\n",
    b"POST /zeros HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 003\r\n\r\nabc",
    b"POST /both HTTP/1.1\r\nHost: shop.example\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
]
LOST = [b"POST /chunks HTTP/1.1\r\nHost: shop.example\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n"]
CUT = [
    b"POST /form HTTP/1.1\r\nHost: shop.example\r\nContent-Length: %d\r\n\r\n" % LONG + b"f" * LONG,
    b"POST /json HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % LONG +
    b"j" * LONG + b"\r\n0\r\n\r\n",
]
NEVER = [
    b"GET /socket HTTP/1.1\r\nHost: shop.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example:443\r\n\r\n",
]


def pcap(path):
    exchanges = [(b"GET /plain/%d HTTP/1.1\r\nHost: shop.example\r\nCookie: sid=0123456789abcdef\r\n\r\n" % number, OK) for number in range(5)]
    exchanges += [(request, OK) for request in FLAGGED + LOST + CUT]
    exchanges += [(request, BAD) for request in NEVER]
    http_pcap.write(path, exchanges)


def serve(port, path):
    listener, out = socket.create_server(("127.0.0.1", port)), open(path, "w")

    def run(sock):
        got = b""
        sock.settimeout(0.3)
        while True:
            try:
                data = sock.recv(65536)
                if not data:
                    return
                got += data
            except socket.timeout:
                if got:
                    out.write(got.hex() + "\n")
                    out.flush()
                    sock.sendall(OK)
                    got = b""

    while True:
        threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()


def check(path, kind):
    arrived = {}
    for line in open(path):
        got = bytes.fromhex(line)
        got = re.sub(rb"X-Rehearse-Run: \w+\r\n", b"", got)
        arrived[re.search(rb"/\w+", got)[0]] = re.sub(rb"127\.0\.0\.1:\d+", b"shop.example", got)
    for request in FLAGGED:
        key = re.search(rb"/\w+", request)[0]
        if kind == "filled":
            assert key not in arrived, arrived[key]
        else:
            # The run's header ends the head, with an empty line of its own.
            assert arrived[key] == re.sub(rb"\n\n$", b"\n\r\n", request), arrived[key]
    for request in CUT:
        key = re.search(rb"/\w+", request)[0]
        if kind == "flagged":
            assert key not in arrived, arrived[key]
        else:
            filler = b"x" * LONG if key == b"/form" else b'"' + b"x" * (LONG - 2) + b'"'
            assert arrived[key] == re.sub(rb"f{9,}|j{9,}", filler, request), arrived[key][:200]
    assert not [key for key in arrived if key in (b"/chunks", b"/socket")], arrived.keys()
    assert b"/plain" in arrived


{"pcap": pcap, "serve": lambda port, path: serve(int(port), path), "check": check}[sys.argv[1]](*sys.argv[2:])
