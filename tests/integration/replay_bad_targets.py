"""replay_bad_targets.py PORT KIND: a server that hangs, resets, closes, answers garbage, cuts its answers, dies, gets sick, stalls, limits, moves or hints."""
import socket
import struct
import sys
import threading
import time


ANSWERS = {"limits": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\n",
           "moves": b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\n",
           "hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n"}


def serve(sock, kind):
    if kind == "reset":
        sock.recv(65536)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif kind == "close":
        sock.recv(65536)
    elif kind == "garbage":
        sock.recv(65536)
        sock.sendall(b"\x16\x03\x01 this is not the web\x00\r\n\r\n")
    elif kind == "cut":
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")
    elif kind == "hang":
        time.sleep(60)
    elif kind == "once":  # one answer a connection, then a close nobody announced
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        time.sleep(0.02)
    elif kind in ANSWERS:
        while sock.recv(65536):
            sock.sendall(ANSWERS[kind] + b"Content-Length: 2\r\n\r\nok")
    elif kind == "stalls":
        sock.recv(65536)
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nshort")
        time.sleep(60)
    elif kind in ("dies", "sick"):  # answers for a second, then no more, or with 500
        dead = time.monotonic() > began + 1
        if sock.recv(65536) and not (dead and kind == "dies"):
            sock.sendall(b"HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nok" % (b"500 Broken" if dead else b"200 OK"))
    sock.close()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(512)
began = time.monotonic()
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], sys.argv[2]), daemon=True).start()
