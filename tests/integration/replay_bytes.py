"""replay_bytes.py generate KIND            exchanges for make_recorded on standard output
   replay_bytes.py serve PORT FILE          stores what arrives
   replay_bytes.py check KIND FILE PORT POOLED [SENDER]   compares with what was recorded, the table of CLI.md applied,
                                            and what the sender curl deviates in

The table is applied here from its text, not from the program's code."""
import gzip
import pickle
import random
import re
import sys
import threading

from replay_server import answer_of, exchange, serve

COUNT = 300
FRESH = (b"idempotency-key", b"x-request-id", b"traceparent")


def requests(kind):
    """Yields (connection, head, body content as seen, trailers). Each has a unique X-Number."""
    rng = random.Random(kind)
    for number in range(COUNT):
        method = rng.choice([b"GET", b"get", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"PURGE"])
        target = rng.choice([b"/", b"/a/b;c?d=%20%zz&e", b"//double", b"/..%2f/x", b"/q?a=b=c&&", b"/\xc3\xa9?\xff",
                             b"http://shop.example/abs?x", b"http://shop.example"])
        if method == b"OPTIONS":
            target = b"*"
        fields = [(b"Host", b"shop.example"), (b"X-Number", b"%d" % number), (b"aCCept", b"a, b;q=0.1"),
                  (b"Accept", b"c"), (b"X-Empty", b""), (b"User-Agent", b"Odd/1 (x; \xe9)"),
                  (b"Referer", b"http://shop.example/from?x=1"), (b"Origin", b"https://elsewhere.example"),
                  (b"X-Request-ID", b"%032x" % rng.getrandbits(128)), (b"Idempotency-Key", b"key-%d" % (number % 7))]
        rng.shuffle(fields)
        if rng.random() < 0.1:
            fields.append((b"Connection", b"close"))
        body, trailers = b"", b""
        if method in (b"POST", b"PUT", b"PATCH"):
            body = rng.choice([b"{\"a\": [1, 2.50, \"\\u00e9\"] }", b"plain=1&b=%20", b"x" * 70000, b"\x00\x01binary\r\n\r\n"])
            if kind == "coded":
                fields.append((b"Content-Encoding", b"gzip"))
                body = gzip.compress(body, mtime=0)
            fields.append((b"Content-Type", b"application/x-test"))
            if rng.random() < 0.4:
                fields.append((b"Transfer-Encoding", b"chunked"))
                trailers = rng.choice([b"", b"X-Sum: 1\r\nX-More:2\r\n"])
            else:
                fields.append((b"content-length", b"%d" % len(body)))
            if rng.random() < 0.2:
                fields.append((b"Expect", b"100-continue"))
        space = rng.choice([b" ", b"", b"  ", b"\t"])
        head = method + b" " + target + b" HTTP/1.1\r\n"
        head += b"".join(name + b":" + space + value + b"\r\n" for name, value in fields) + b"\r\n"
        yield rng.randrange(6), head, body, trailers


def generate(kind):
    answer, content = answer_of(200, b"ok")
    for number, (connection, head, body, trailers) in enumerate(requests(kind)):
        if head.startswith(b"HEAD"):
            content_of = b""
        else:
            content_of = content
        exchange(sys.stdout.buffer, number * 1500, connection, 200, head, body, trailers, answer, content_of)


def store(path):
    out, lock = open(path, "wb"), threading.Lock()

    def handle(head, fields, body):
        with lock:
            pickle.dump((head, body), out)
            out.flush()
        answer, content = answer_of(200, b"ok")
        return answer, b"" if head.startswith(b"HEAD") else content
    return handle


def expected(head, body, trailers, host, pooled):
    """The table, by regular expressions."""
    head = re.sub(rb"^(\S+) http://shop\.example(/?)", lambda m: m[1] + b" /", head)
    head = re.sub(rb"(?m)^(Host:[ \t]*)shop\.example", rb"\g<1>" + host, head)
    head = re.sub(rb"(?m)^(Referer:[ \t]*)http://shop\.example", rb"\g<1>http://" + host, head)
    if pooled:
        head = re.sub(rb"(?m)^Connection:[ \t]*close\r\n", b"", head)
    if b"\r\nTransfer-Encoding:" in head:
        body = (b"%x\r\n" % len(body) + body + b"\r\n" if body else b"") + b"0\r\n" + trailers + b"\r\n"
    return head, body


def as_curl_sends(head, body, trailers):
    """Host first, nothing in place of an empty value, one space in trailers; other chunks, which are joined here."""
    lines = head.split(b"\r\n")
    host = [line for line in lines if line.startswith(b"Host:")]
    lines = lines[:1] + host + [re.sub(rb":[ \t]+$", b":", line) for line in lines[1:] if line not in host]
    return b"\r\n".join(lines), re.sub(rb"(?m)^(X-\w+):[ \t]*", rb"\g<1>: ", trailers)


def joined(head, body):
    """A chunked body as one chunk."""
    if b"\r\nTransfer-Encoding:" not in head:
        return body
    content, rest = b"", body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line, 16)
        if not size:
            break
        content, rest = content + rest[:size], rest[size + 2:]
    return (b"%x\r\n" % len(content) + content + b"\r\n" if content else b"") + b"0\r\n" + rest


def mask(head, values):
    """Takes the fresh values out, noting them, and the run's header."""
    lines = []
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() in FRESH:
            values.append(value.strip())
            line = name + b":" + re.sub(rb"[0-9a-z]", b"?", value)
        lines.append(line)
    return b"\r\n".join(lines)


def check(kind, path, port, pooled, sender):
    arrived, fresh, runs = {}, {}, set()
    with open(path, "rb") as stored:
        while True:
            try:
                head, body = pickle.load(stored)
            except EOFError:
                break
            number = int(re.search(rb"(?m)^X-Number:\s*(\d+)", head)[1])
            assert number not in arrived, "arrived twice: %d" % number
            run = re.search(rb"\r\nX-Rehearse-Run: (\w+)\r\n\r\n$", head)
            assert run, "the run's header is not the last: %r" % head
            runs.add(run[1])
            arrived[number] = (head[:run.start()] + b"\r\n\r\n", body)
    assert len(arrived) == COUNT, "%d of %d arrived" % (len(arrived), COUNT)
    assert len(runs) == 1
    for number, (_, head, body, trailers) in enumerate(requests(kind)):
        if sender == "curl":
            head, trailers = as_curl_sends(head, body, trailers)
            arrived[number] = (arrived[number][0], joined(*arrived[number]))
        head, body = expected(head, body, trailers, b"127.0.0.1:%d" % port, pooled)
        before, after = [], []
        masked, got = mask(head, before), mask(arrived[number][0], after)
        assert masked == got, "request %d:\n%r\ninstead of\n%r" % (number, got, masked)
        assert arrived[number][1] == body, "body of request %d differs" % number
        for old, new in zip(before, after):
            assert old != new, "not fresh: %r" % old
            assert fresh.setdefault(old, new) == new, "equal values became different ones"
    assert len(set(fresh.values())) == len(fresh), "different values became equal"
    print("%d requests arrived as recorded" % COUNT)


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate(sys.argv[2])
    elif sys.argv[1] == "serve":
        serve(int(sys.argv[2]), store(sys.argv[3]))
    else:
        check(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5] == "pooled", (sys.argv + ["http1"])[6])
