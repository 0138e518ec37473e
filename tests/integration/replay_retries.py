"""replay_retries.py PORT KIND FILE: a server that, for some or all of the requests (told apart by X-Number), resets, limits or asks to wait the
first time; one line of FILE for each request that arrives: number, method, how often it came."""
import socket
import sys
import threading

port, kind, path = int(sys.argv[1]), sys.argv[2], sys.argv[3]
lock, seen, log = threading.Lock(), {}, open(path, "w")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BUSY = b"HTTP/1.1 503 Busy\r\nRetry-After: %d\r\nContent-Length: 0\r\n\r\n"


def answer(number, times):
    some = number % 12 == 5
    if kind == "resets" and some and times == 1:
        return None
    if kind == "limits" and some and times < 3:
        return BUSY % 0
    if kind == "always":
        return BUSY % 0
    if kind == "long" and some:
        return BUSY % 60
    return OK


def serve(sock):
    got = b""
    while True:
        while b"\r\n\r\n" not in got:
            data = sock.recv(65536)
            if not data:
                return
            got += data
        head, got = got.split(b"\r\n\r\n", 1)
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        while len(got) < length:
            got += sock.recv(65536)
        got = got[length:]
        number = int(fields[b"x-number"])
        with lock:
            times = seen[number] = seen.get(number, 0) + 1
            log.write("%d %s %d\n" % (number, head.split(b" ")[0].decode(), times))
            log.flush()
        reply = answer(number, times)
        if reply is None:
            sock.close()
            return
        if kind == "resets":  # each request has a fresh connection
            reply = reply.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        sock.sendall(reply)
        if kind == "resets":
            sock.close()
            return


def run(sock):
    try:
        serve(sock)
    except OSError:
        pass


listener = socket.create_server(("127.0.0.1", port), backlog=200)
while True:
    threading.Thread(target=run, args=(listener.accept()[0],), daemon=True).start()
