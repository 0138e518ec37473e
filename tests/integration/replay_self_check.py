"""replay_self_check.py generate        exchanges of 40 connections, one each 5 ms, for make_recorded on standard output
   replay_self_check.py serve PORT MS   answers one request at a time, each after MS milliseconds"""
import sys
import threading
import time

from replay_server import answer_of, exchange, serve

CONNECTIONS, COUNT, GAP_US = 40, 600, 5000


def generate():
    answer, content = answer_of(200, b"ok")
    for number in range(COUNT):
        head = b"GET /one/%d HTTP/1.1\r\nHost: shop.example\r\n\r\n" % number
        exchange(sys.stdout.buffer, number * GAP_US, number % CONNECTIONS, 200, head, b"", b"", answer, content, latency_us=1000)


class One:
    def __init__(self, wait_ms):
        self.lock, self.wait_s = threading.Lock(), wait_ms / 1000

    def __call__(self, head, fields, body):
        with self.lock:
            time.sleep(self.wait_s)
        return answer_of(200, b"ok")


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    else:
        serve(int(sys.argv[2]), One(float(sys.argv[3])))
