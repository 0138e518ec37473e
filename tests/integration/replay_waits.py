"""replay_waits.py generate     exchanges for make_recorded on standard output: one user creates a thing, another one asks for it
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


def handle(head, fields, body):
    if head.startswith(b"POST"):
        time.sleep(0.8)
        return answer_of(201, b'{"id":"other-1"}', [JSON])
    return answer_of(200 if b"/things/other-1 " in head else 404, b"{}", [JSON])


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    else:
        serve(int(sys.argv[2]), handle)
