"""replay_orders.py drive PORT USERS FILE  drives the shop as its users would; exchanges for make_recorded to FILE, the log of what was sent to FILE.log
   replay_orders.py witness LOG BODIES FILE.log  compares the log of another shop with that of the recorded one
   replay_orders.py figures REPORT          prints requests and statuses that are equal

Each user logs in, fills a cart, orders, reads and changes the order, pays it, and deletes it, over connections of its own and one that all share."""
import collections
import http.client
import json
import re
import sys
import threading
import time

from replay_server import exchange

ORDER = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Recorder:
    def __init__(self, port):
        self.port, self.lock, self.start, self.exchanges, self.lines = port, threading.Lock(), time.monotonic(), [], []
        self.shared_lock, self.shared = threading.Lock(), http.client.HTTPConnection("127.0.0.1", port)

    def send(self, connection, number, method, target, body, fields):
        """Sends a request over |connection|, whose number in the recording is |number|."""
        text = json.dumps(body).encode() if body is not None else b""
        lines = ["%s %s HTTP/1.1" % (method, target), "Host: shop.example"] + fields
        if body is not None:
            lines += ["Content-Type: application/json", "Content-Length: %d" % len(text)]
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        headers = dict(line.split(": ", 1) for line in lines[1:])
        began = time.monotonic()
        connection.request(method, target, text or None, headers)
        answer = connection.getresponse()
        got = answer.read()
        ended = time.monotonic()
        raw = ["HTTP/1.1 %d Any" % answer.status] + ["%s: %s" % pair for pair in answer.getheaders()]
        with self.lock:
            self.exchanges.append((int((began - self.start) * 1e6), number, answer.status, head, text, ("\r\n".join(raw) + "\r\n\r\n").encode(),
                                   got, int((ended - began) * 1e6)))
            self.lines.append("%s %s %d %s" % (method, target, answer.status, json.dumps(body, sort_keys=True, separators=(",", ":"))
                                               if body is not None and "password" not in body else "-"))
        return answer, json.loads(got) if got else None


def visit(recorder, user, name, password):
    own = [http.client.HTTPConnection("127.0.0.1", recorder.port) for _ in range(2)]
    fields, turn = [], [0]

    def ask(method, target, body=None, wanted=200):
        turn[0] += 1
        if turn[0] % 3 == 0:
            with recorder.shared_lock:
                answer, got = recorder.send(recorder.shared, 999, method, target, body, fields)
        else:
            answer, got = recorder.send(own[turn[0] % 2], 2 * user + turn[0] % 2, method, target, body, fields)
        assert answer.status == wanted, (method, target, answer.status, got)
        return answer, got

    ask("GET", "/items?page=1")
    answer, got = ask("POST", "/login", {"user": name, "password": password})
    fields.append("Cookie: " + answer.getheader("Set-Cookie").split(";")[0] if user % 2 else "Authorization: Bearer " + got["token"])
    ask("POST", "/cart/items", {"item": 1 + user % 100, "quantity": 2}, 201)
    ask("POST", "/cart/items", {"item": 1 + user % 7, "quantity": 1}, 201)
    ask("GET", "/cart")
    answer, got = ask("POST", "/orders", {"quantity": 2}, 201)
    order = answer.getheader("Location").removeprefix("/orders/")
    ask("GET", "/orders/" + order)
    fields.append("Referer: http://shop.example/orders/" + order)
    ask("PUT", "/orders/" + order, {"quantity": 2, "back_to": ["/orders/" + order, "http://shop.example/orders/%s?page=1" % order, "/items/1"]})
    fields.pop()
    answer, got = ask("POST", "/payments", {"order_id": order, "page": 1}, 201)
    ask("GET", "/payments/%d?order_id=%s" % (got["id"], order))
    ask("GET", "/items/%d?page=1" % got["id"], None, 404)  # no item, but the payment's number
    ask("GET", "/orders/" + order)
    ask("DELETE", "/orders/" + order, None, 204)
    ask("GET", "/orders/" + order, None, 404)


def drive(port, users, path):
    recorder, threads, failed = Recorder(port), [], []

    def run(*arguments):
        try:
            visit(*arguments)
        except Exception as error:
            failed.append(error)
    for number, line in enumerate(open(users)):
        name, password = line.strip().split(":")
        threads.append(threading.Thread(target=run, args=(recorder, number, name, password)))
        threads[-1].start()
        time.sleep(0.004)
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    with open(path, "wb") as out:
        for at_us, connection, status, head, text, answer_head, answer, latency_us in sorted(recorder.exchanges):
            exchange(out, at_us, connection, status, head, text, b"", answer_head, answer, latency_us)
    open(path + ".log", "w").write("\n".join(recorder.lines) + "\n")


def careers(lines):
    """What became of each order, from (method, target, status, body)."""
    orders = collections.defaultdict(list)
    for line in lines:
        found = set(ORDER.findall(line))
        assert len(found) < 2, ("two orders in one request", line)
        for order in found:
            orders[order].append(re.sub(r"/payments/\d+", "/payments/N", line.replace(order, "ORDER")))
    return orders


def witness(log, bodies, recorded):
    """The same was done to each order, under the names that this shop gave them, and everything else is as recorded."""
    old = [line.split(" ", 3) for line in open(recorded)]
    old_lines = [" ".join(line[:3]) for line in old]
    old_bodies = [" ".join((line[0], line[1], line[3].strip())) for line in old if line[3].strip() != "-"]
    new_lines, new_bodies = open(log).read().splitlines(), open(bodies).read().splitlines()

    def others(lines):
        return collections.Counter(line for line in lines if not ORDER.search(line))
    assert others(old_lines) == others(new_lines), others(old_lines) - others(new_lines)
    assert others(old_bodies) == others(new_bodies), others(old_bodies) - others(new_bodies)
    for before, after in ((old_lines, new_lines), (old_bodies, new_bodies)):
        before, after = careers(before), careers(after)
        assert not set(before) & set(after), "an order of the recording was asked for"
        assert collections.Counter(tuple(sorted(one)) for one in before.values()) == \
            collections.Counter(tuple(sorted(one)) for one in after.values())


def figures(path):
    report = json.load(open(path))
    apart = sum(entry["affected"] for entry in report.get("credentials_unknown", []))
    totals = report["totals"]
    print(totals["answered"], totals["answered"] - totals["status_changed"] - apart)


if __name__ == "__main__":
    if sys.argv[1] == "drive":
        drive(int(sys.argv[2]), sys.argv[3], sys.argv[4])
    elif sys.argv[1] == "witness":
        witness(*sys.argv[2:5])
    else:
        figures(sys.argv[2])
