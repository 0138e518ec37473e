"""replay_waits.py generate     exchanges for make_recorded on standard output: one user creates a thing, another one asks for it
   replay_waits.py far          the same, but the other one was there before, and asks so late that nobody who reads a bounded stretch ahead can know
   replay_waits.py serve PORT   takes its time to create, and answers 404 to who asks for what it did not create"""
import sys
import time

from replay_server import answer_of, exchange, serve

JSON = b"Content-Type: application/json"


def generate():
    create = b"POST /things HTTP/1.1\r\nHost: app\r\n\r\n"
    exchange(sys.stdout.buffer, 0, 1, 201, create, b"", b"", *answer_of(201, b'{"id":"thing-123456"}', [JSON]))
    for n in range(3):
        head = b"GET /things/thing-123456 HTTP/1.1\r\nHost: app\r\n\r\n"
        exchange(sys.stdout.buffer, 10000 + n, 2 + n, 200, head, b"", b"", *answer_of(200, b"{}", [JSON]))


def far():
    get, options = b"GET /%s HTTP/1.1\r\nHost: app\r\n\r\n", b"OPTIONS / HTTP/1.1\r\nHost: app\r\n\r\n"
    create = b"POST /things HTTP/1.1\r\nHost: app\r\n\r\n"
    exchange(sys.stdout.buffer, 0, 1, 201, create, b"", b"", *answer_of(201, b'{"id":"thing-123456"}', [JSON]))
    exchange(sys.stdout.buffer, 10000, 2, 404, get % b"hello", b"", b"", *answer_of(404, b"{}", [JSON]))
    for n in range(20000):
        exchange(sys.stdout.buffer, 20000 + n, 3, 204, options, b"", b"", *answer_of(204, b"", []))
    exchange(sys.stdout.buffer, 50000, 2, 200, get % b"things/thing-123456", b"", b"", *answer_of(200, b"{}", [JSON]))


def handle(head, fields, body):
    if head.startswith(b"POST"):
        time.sleep(0.8)
        return answer_of(201, b'{"id":"other-1"}', [JSON])
    return answer_of(200 if b"/things/other-1 " in head else 404, b"{}", [JSON])


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    elif sys.argv[1] == "far":
        far()
    else:
        serve(int(sys.argv[2]), handle)
