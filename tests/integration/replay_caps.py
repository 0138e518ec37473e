"""replay_caps.py generate       exchanges of 8 connections at once for make_recorded on standard output
   replay_caps.py serve PORT     answers slowly; GET /most tells how many requests were ever under way at once, and begins anew"""
import sys
import threading
import time

from replay_server import answer_of, exchange, serve

CONNECTIONS, ROUNDS = 8, 12


def generate():
    answer, content = answer_of(200, b"ok")
    for number in range(CONNECTIONS * ROUNDS):
        head = b"GET /slow/%d HTTP/1.1\r\nHost: shop.example\r\n\r\n" % number
        exchange(sys.stdout.buffer, number // CONNECTIONS * 2000 + number % CONNECTIONS, number % CONNECTIONS, 200, head,
                 b"", b"", answer, content, latency_us=1000)


class Slow:
    def __init__(self):
        self.lock, self.now, self.most = threading.Lock(), 0, 0

    def __call__(self, head, fields, body):
        if head.startswith(b"GET /most "):
            with self.lock:
                most, self.most = self.most, 0
            return answer_of(200, b"%d\n" % most, [b"Connection: close"])
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        time.sleep(0.02)
        with self.lock:
            self.now -= 1
        return answer_of(200, b"ok")


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    else:
        serve(int(sys.argv[2]), Slow())
