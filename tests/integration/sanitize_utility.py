"""sanitize_utility.py serve PORT      a JSON API that checks all that it is sent: formats, Luhn, mod 97, who is logged in, what exists
   sanitize_utility.py drive PORT FILE   its users, some of them careless; exchanges for make_recorded to FILE
   sanitize_utility.py figures REPORT    prints how many requests were answered, how many with a status of the recorded class"""
import http.client
import http.server
import ipaddress
import json
import random
import re
import sys
import threading
import time
import urllib.parse
import uuid

from replay_server import exchange

EMAIL = re.compile(r"[a-z0-9._%+-]+@[a-z0-9-]+(\.[a-z0-9-]+)+", re.I)
PHONE = re.compile(r"\+[1-9][0-9]{7,14}")


def luhn(text):
    digits = re.sub("[ -]", "", str(text))
    odd = sum(int(d) for d in digits[-1::-2]) + sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return digits.isdigit() and 12 <= len(digits) <= 19 and odd % 10 == 0


def mod97(text):
    text = text.replace(" ", "").upper()
    return bool(re.fullmatch("DE[0-9]{20}", text)) and int("".join(str(int(c, 36)) for c in text[4:] + text[:4])) % 97 == 1


def address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", 1 << 16
    lock, users, tokens, cards = threading.Lock(), {}, {}, {}

    def do(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        with self.lock:
            try:
                status, answer = self.answer(urllib.parse.urlsplit(self.path), body)
            except (ValueError, KeyError, TypeError, AttributeError):
                status, answer = 400, {"error": "bad request"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do

    def answer(self, url, body):
        query = dict(urllib.parse.parse_qsl(url.query))
        if url.path == "/users":
            user = json.loads(body)
            if not EMAIL.fullmatch(user["email"]) or not PHONE.fullmatch(user["phone"]) or len(user["password"]) < 8 or not user["firstname"]:
                return 422, {"error": "not valid"}
            if user["email"] in self.users:
                return 409, {"error": "exists"}
            self.users[user["email"]] = user["password"]
            return 201, {"email": user["email"]}
        if url.path == "/login":
            form = dict(urllib.parse.parse_qsl(body.decode()))
            if self.users.get(form["email"]) != form["password"]:
                return 401, {"error": "who"}
            token = str(uuid.uuid4())
            self.tokens[token] = form["email"]
            return 200, {"token": token}
        who = self.tokens.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))
        if not who:
            return 401, {"error": "log in"}
        if url.path == "/cards":
            card = json.loads(body)
            if not luhn(card["card_number"]) or (card.get("iban") and not mod97(card["iban"])) or not address(card["ip"]) or type(card["card_number"]) is not int:
                return 422, {"error": "not valid"}
            self.cards[str(card["card_number"])] = who
            return 201, {"ok": True}
        if url.path == "/find":
            return (200, {"found": True}) if self.users.get(query["email"]) else (404, {"error": "nobody"})
        if url.path.startswith("/cards/"):
            return (200, {"ok": True}) if self.cards.get(url.path[7:]) == who else (404, {"error": "no such card"})
        return 404, {"error": "nothing"}

    def log_message(self, *arguments):
        pass


def visit(rng, ask, number):
    """One user: what is sent is mostly right."""
    email, password = "user%d.%s@shop%d.example.net" % (number, rng.choice(("lee", "kim")), number % 7), "wonder-%d-land" % number
    user = {"email": email, "phone": "+4915%09d" % rng.randrange(10**9), "password": password, "firstname": rng.choice(("Ann", "Bo", "Cy"))}
    if number % 5 == 0:
        ask("POST", "/users", json.dumps(dict(user, email=rng.choice(("nobody", "a b@c", "")))))
    if number % 7 == 0:
        ask("POST", "/users", json.dumps(dict(user, phone="12")))
    ask("POST", "/users", json.dumps(user))
    if number % 4 == 0:
        ask("POST", "/users", json.dumps(user))
    form = lambda word: urllib.parse.urlencode({"email": email, "password": word})
    if number % 6 == 0:
        ask("POST", "/login", form("wrong-" + password), "application/x-www-form-urlencoded")
    token = ask("POST", "/login", form(password), "application/x-www-form-urlencoded")["token"]
    bank = "%018d" % rng.randrange(10**18)
    iban = "DE%02d%s" % (98 - int(bank + "131400") % 97, bank)
    pan = "4" + "".join(rng.choice("0123456789") for _ in range(14))
    pan += next(d for d in "0123456789" if luhn(pan + d))
    card = {"card_number": int(pan), "iban": iban, "ip": rng.choice(("93.184.216.34", "2a02:2e0:3fe:1001:302::1"))}
    ask("POST", "/cards", json.dumps(card), token=token)
    ask("POST", "/cards", json.dumps(dict(card, card_number=int(pan) + 1)), token=token)
    ask("POST", "/cards", json.dumps(dict(card, iban=iban[:-1])), token=token)
    ask("GET", "/cards/" + pan, token=token)
    ask("GET", "/cards/" + pan[:-1], token=token)
    ask("GET", "/find?" + urllib.parse.urlencode({"email": email}), token=token)
    ask("GET", "/find?" + urllib.parse.urlencode({"email": "not." + email}), token=token)
    ask("GET", "/cards/" + pan)
    ask("GET", "/nothing?page=%d" % number, token=token)


def drive(port, path):
    rng, connection, start, exchanges = random.Random(1), http.client.HTTPConnection("127.0.0.1", port), time.monotonic(), []
    for number in range(60):
        def ask(method, target, body="", kind="application/json", token=None):
            lines = ["%s %s HTTP/1.1" % (method, target), "Host: shop.example"] + (["Authorization: Bearer " + token] if token else [])
            lines += ["Content-Type: " + kind, "Content-Length: %d" % len(body)] if body else []
            began = time.monotonic()
            connection.request(method, target, body or None, dict(line.split(": ", 1) for line in lines[1:]))
            answer = connection.getresponse()
            got = answer.read()
            head = ["HTTP/1.1 %d Any" % answer.status] + ["%s: %s" % pair for pair in answer.getheaders()]
            exchanges.append((int((began - start) * 1e6), number, answer.status, ("\r\n".join(lines) + "\r\n\r\n").encode(), body.encode(),
                              ("\r\n".join(head) + "\r\n\r\n").encode(), got, int((time.monotonic() - began) * 1e6)))
            return json.loads(got)
        visit(rng, ask, number)
    with open(path, "wb") as out:
        for at_us, number, status, head, text, answer_head, answer, latency_us in exchanges:
            exchange(out, at_us, number, status, head, text, b"", answer_head, answer, latency_us)
    statuses = [one[2] for one in exchanges]
    print(len(statuses), sum(status < 400 for status in statuses), sum(status >= 400 for status in statuses))


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2])), Api).serve_forever()
    elif sys.argv[1] == "drive":
        drive(int(sys.argv[2]), sys.argv[3])
    else:
        report = json.load(open(sys.argv[2]))
        statuses = [status for endpoint in report["endpoints"] for status in endpoint["statuses"]]
        print(report["totals"]["answered"], sum(status["count"] for status in statuses
                                                if status["replayed"] and status["original"] // 100 == status["replayed"] // 100))
