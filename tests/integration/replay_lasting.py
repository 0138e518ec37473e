"""replay_lasting.py pcap FILE            40 event streams that their clients left after 2 s, 2 long polls of 1.5 s, 40 plain answers
   replay_lasting.py serve PORT SLOW      answers like that, but event streams do not end; their heads come after SLOW ms"""
import socket
import sys
import threading
import time

import http_pcap

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
POLL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
EVENT = b"9\r\ndata: 1\n\n\r\n"


def pcap(path):
    def get(target):
        return b"GET " + target + b" HTTP/1.1\r\nHost: shop.example\r\n\r\n"
    exchanges = []
    for number in range(40):
        exchanges.append((get(b"/events"), [(1000, EVENTS)] + [(500000, EVENT)] * 4))
        exchanges.append((get(b"/plain"), [(1000, PLAIN)]))
    for number in range(2):
        exchanges.append((get(b"/poll"), [(1000, POLL), (1500000, b"2\r\n{}\r\n0\r\n\r\n")]))
    http_pcap.write(path, exchanges)


def serve(port, slow_ms):
    listener = socket.create_server(("127.0.0.1", port), backlog=100)

    def run(sock):
        got = b""
        while b"\r\n\r\n" not in got:
            got += sock.recv(65536)
        if got.startswith(b"GET /plain"):
            sock.sendall(PLAIN)
        elif got.startswith(b"GET /poll"):
            sock.sendall(POLL)
            time.sleep(1.5)
            sock.sendall(b"2\r\n{}\r\n0\r\n\r\n")
        else:
            time.sleep(slow_ms / 1000)
            sock.sendall(EVENTS)
            sock.settimeout(0.05)
            while True:  # until the client goes
                sock.sendall(EVENT)
                try:
                    if not sock.recv(65536):
                        break
                except socket.timeout:
                    pass
        sock.close()

    def run_safely(sock):
        try:
            run(sock)
        except OSError:
            pass

    while True:
        threading.Thread(target=run_safely, args=(listener.accept()[0],), daemon=True).start()


{"pcap": pcap, "serve": lambda port, slow: serve(int(port), float(slow))}[sys.argv[1]](*sys.argv[2:])
