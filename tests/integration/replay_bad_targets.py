"""replay_bad_targets.py PORT KIND: a server that hangs, resets, closes, answers garbage, cuts its answers, or breaks."""
import socket
import struct
import sys
import threading
import time


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
    sock.close()


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(512)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], sys.argv[2]), daemon=True).start()
