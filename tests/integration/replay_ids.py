"""replay_ids.py generate     exchanges for make_recorded on standard output: users of a service, recorded from an instance of it
   replay_ids.py serve PORT   another instance: what it gives out is never what the first one gave out

Each user logs in, every other one by a code in a redirect, and creates things in as many styles as there are; what reads them says which one it expects (expect=), and the service answers
409 where it is another, 404 where there is none, 401 without a token, 412 without the entity tag."""
import json
import random
import re
import sys
import threading
import urllib.parse

from replay_server import answer_of, exchange, serve

USERS = 8
JSON = b"Content-Type: application/json"
FORM = b"Content-Type: application/x-www-form-urlencoded"


class Service:
    def __init__(self, seed, first):
        self.rng, self.number, self.things, self.tokens, self.codes = random.Random(seed), first, {}, set(), set()
        self.lock = threading.Lock()

    def word(self, size=14):
        return "".join(self.rng.choice("abcdefghjkmnpqrstuvwxyz") for _ in range(size - 1)) + self.rng.choice("23456789")

    def new(self, kind, note, name=None):
        if name is None:
            self.number += self.rng.randrange(1, 9)
            name = self.number
        self.things[kind, str(name)] = {"note": note, "tag": '"%s"' % self.word()}
        return name

    def look(self, kind, name, query):
        thing = self.things.get((kind, str(name)))
        if thing is None:
            return 404, None
        return (200 if query.get("expect", thing["note"]) == thing["note"] else 409), thing

    def answer(self, head, fields, body):
        with self.lock:
            status, value, lines = self.handle(head, fields, body)
        text = json.dumps(value).encode() if value is not None else b""
        return answer_of(status, text, ([JSON] if text else []) + [line.encode() for line in lines])

    def handle(self, head, fields, body):
        method, target = head.split(b" ")[:2]
        path, _, query = target.decode().partition("?")
        query = dict(urllib.parse.parse_qsl(query))
        values = {}
        if body and fields.get(b"content-type") == JSON.split(b": ")[1]:
            values = json.loads(body)
        elif body:
            values = dict(urllib.parse.parse_qsl(body.decode()))
        if path == "/authorize":
            code = self.word(24)
            self.codes.add(code)
            return 302, None, ["Location: http://any/callback?code=%s&lang=en" % code]
        if path == "/callback" and query["code"] not in self.codes:
            return 400, None, []
        if path in ("/login", "/callback"):
            token = self.word(24)
            self.tokens.add(token)
            return 200, {"access_token": token}, []
        if fields.get(b"authorization", b"").decode().removeprefix("Bearer ") not in self.tokens:
            return 401, None, []
        return self.create(path, values["note"]) if "note" in values else self.use(method, path, query, values, fields)

    def create(self, path, note):
        parts = path.strip("/").split("/")
        if parts[0] == "projects" and len(parts) > 1 and any(self.look(*pair, {})[0] != 200 for pair in zip(parts[::2], parts[1::2])):
            return 404, None, []
        kind = parts[-1]
        if kind in ("projects", "comments"):  # short numbers, below each other
            name = self.new(kind, note)
            return 201, {"id": name, "quantity": 2, "page": 1}, ["Location: /%s/%d" % ("/".join(parts), name)]
        if kind == "tasks":
            name = self.new(kind, note, "task-" + self.word())
            return 201, {"task": {"id": name, "project_id": int(parts[1])}}, []
        if kind == "jobs":
            name = self.new(kind, note, self.word())
            return 202, None, ["Location: http://any/jobs/%s/status" % name]
        if kind == "docs":
            return 201, None, ["X-Doc-Id: %s" % self.new(kind, note, self.word())]
        if kind == "notes":
            return 302, None, ["Location: /notes/%d/" % self.new(kind, note)]
        name = self.new(kind, note, "ord-" + self.word())
        return 200, {"data": {"order_id": name}}, ["ETag: " + self.things[kind, name]["tag"]]

    def use(self, method, path, query, values, fields):
        parts = path.strip("/").split("/")
        if path == "/find":
            found = [self.look("orders", name, {})[1] for name in query["of"].split(",")]
            return (200 if all(found) and "".join(one["note"] for one in found) == query["expect"] else 409), None, []
        if path == "/graphql":
            return self.look("orders", re.search(r'id: "([^"]*)"', values["query"])[1], query)[0], None, []
        if path == "/pay":
            right = values.get("quantity") == 2 and values.get("page") == 1
            return self.look("orders", values["order"], query)[0] if right else 409, None, []
        status, thing = 200, None
        for kind, name in zip(parts[::2], parts[1::2]):
            status, thing = self.look(kind, name, query if name == parts[-1 - len(parts) % 2] else {})
            if status != 200:
                return status, None, []
        if method == b"PUT":
            if fields.get(b"if-match", b"").decode() != thing["tag"]:
                return 412, None, []
            thing["tag"] = '"%s"' % self.word()
        return status, None, ["ETag: " + thing["tag"]]


class User:
    """Sends to the first instance, and writes down what it sent and got."""

    def __init__(self, service, number):
        self.service, self.number, self.at_us, self.token, self.count = service, number, number * 5000, None, 0

    def __call__(self, method, target, value=None, form=None, fields=()):
        lines, body = ["%s %s HTTP/1.1" % (method, target), "Host: shop"] + list(fields), b""
        if self.token:
            lines.append("Authorization: Bearer " + self.token)
        if value is not None:
            body, lines = json.dumps(value).encode(), lines + [JSON.decode()]
        if form is not None:
            body, lines = urllib.parse.urlencode(form).encode(), lines + [FORM.decode()]
        if body:
            lines.append("Content-Length: %d" % len(body))
        head = ("\r\n".join(lines) + "\r\n\r\n").encode()
        named = dict((name.lower(), text.strip()) for name, text in (line.encode().split(b":", 1) for line in lines[1:]))
        answer, content = self.service.answer(head, named, body)
        status = int(answer.split(b" ")[1])
        assert status < 400, (target, status)
        self.at_us, self.count = self.at_us + 3000, self.count + 1
        exchange(sys.stdout.buffer, self.at_us, self.number * 10 + self.count % 3, status, head, body, b"", answer, content)
        return dict(line.split(": ", 1) for line in answer.decode().split("\r\n") if ": " in line), json.loads(content) if content else None

    def live(self):
        note = "n%d" % self.number
        if self.number % 2:
            callback = self("GET", "/authorize?client=web")[0]["Location"].removeprefix("http://any")
            self.token = self("GET", callback)[1]["access_token"]
        else:
            self.token = self("POST", "/login", {"user": "someone", "password": self.service.word()})[1]["access_token"]
        project = self("POST", "/projects", {"note": note})[1]["id"]
        self("GET", "/projects/%d?expect=%s&page=1" % (project, note))
        task = self("POST", "/projects/%d/tasks" % project, {"note": note})[1]["task"]["id"]
        self("GET", "/projects/%d/tasks/%s?expect=%s" % (project, task, note))
        comment = self("POST", "/projects/%d/tasks/%s/comments" % (project, task), {"note": note})[1]["id"]
        self("GET", "/projects/%d/tasks/%s/comments/%d?expect=%s" % (project, task, comment, note))
        job = self("POST", "/jobs", {"note": note})[0]["Location"].removeprefix("http://any")
        self("GET", job + "?expect=" + note)
        self("GET", job.replace("status", "result") + "?expect=" + note)
        self("GET", "/docs/%s?expect=%s" % (self("POST", "/docs", {"note": note})[0]["X-Doc-Id"], note))
        self("GET", "%s?expect=%s" % (self("POST", "/notes", form={"note": note})[0]["Location"], note))
        fields, answer = self("POST", "/orders", {"note": note + "a"})
        first, tag = answer["data"]["order_id"], fields["ETag"]
        second = self("POST", "/orders", {"note": note + "b"})[1]["data"]["order_id"]
        self("GET", "/find?of=%s,%s&expect=%sb%sa" % (second, first, note, note))
        self("POST", "/graphql?expect=%sa" % note, {"query": 'query { order(id: "%s") { note } }' % first})
        self("POST", "/pay?expect=%sb" % note, {"order": second, "quantity": 2, "page": 1})
        tag = self("PUT", "/orders/%s?expect=%sa" % (first, note), {"x": 1}, fields=["If-Match: " + tag])[0]["ETag"]
        self("PUT", "/orders/%s" % first, {"x": 2}, fields=["If-Match: " + tag])


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        instance = Service(7, 1000)
        for number in range(USERS):
            User(instance, number).live()
    else:
        serve(int(sys.argv[2]), Service(None, 5000).answer)
