"""replay_contents.py generate        exchanges for make_recorded on standard output
   replay_contents.py serve PORT      answers them, some otherwise
   replay_contents.py check REPORT HOW"""
import gzip
import json
import sys

from replay_server import answer_of, exchange, serve

JSON = b"Content-Type: application/json"
EACH = 4
# Path: what was recorded and what the target answers (fields, body), and what is to be found with the key, and without.
TOKEN = b"0123456789abcdef-recorded-token"
LEAK = b"leak-in-token-77f01c0123456789abcdef"
CASES = {
    "/same": (([JSON], b'{"a": 1.50, "mail": "eve@shop.example"}'), ([JSON], b'{ "mail":"eve@shop.example","a":1.50}'), [], []),
    "/coded": (([JSON], b'{"a": 1, "token": "%s"}' % TOKEN), ([JSON, b"Content-Encoding: gzip"], b'{"a": 1, "token": "%s"}' % LEAK),
               [], []),
    "/token": (([JSON], b'{"token": "%s"}' % TOKEN), ([JSON], b'{"token": "%s"}' % LEAK), [], []),  # given out, so turned back
    "/mail": (([JSON], b'{"mail": "eve@shop.example"}'), ([JSON], b'{"mail": "leak-in-token-77f01c@shop.example"}'), ["json_sensitive"], []),
    "/gone": (([JSON], b'{"token": "%s"}' % TOKEN), ([JSON], b'{"toke": null}'), ["json_sensitive", "json_shape", "json_values"],
              ["json_shape", "json_values"]),
    "/type": (([JSON], b'{}'), ([b"Content-Type: text/html"], b"<p>" + LEAK), ["content_type"], ["content_type"]),
    "/value": (([JSON], b'{"price": 2.50}'), ([JSON], b'{"price": 2.5}'), ["json_values"], ["json_values"]),
    "/shape": (([JSON], b'[{"n": 1}]'), ([JSON], b'[{"n": "1"}]'), ["json_shape", "json_values"], ["json_shape", "json_values"]),
    "/cookies": (([b"Set-Cookie: sid=0123456789abcdef0123; Path=/"], b"ok"),
                 ([b"Set-Cookie: sid=leak-in-cookie-5d113b0123", b"Set-Cookie: more=1"], b"ok"), ["cookies"], ["cookies"]),
    "/moved": (([b"Location: http://shop.example/orders/17"], b""), ([b"Location: http://other/login?next=leak-in-location"], b""),
               ["location"], ["location"]),
    "/header": (([b"X-Api-Key: 0123456789abcdef"], b"ok"), ([b"X-Api-Key: leak-in-header-90ab", b"X-Leak: leak-in-header-90ab"], b"ok"), [], []),
}


def generate():
    at = 0
    for path, (recorded, _, _, _) in CASES.items():
        for _ in range(EACH):
            head, body = answer_of(200, recorded[1], recorded[0])
            exchange(sys.stdout.buffer, at, at % 3, 200, b"GET %s HTTP/1.1\r\nHost: shop.example\r\n\r\n" % path.encode(),
                     answer_head=head, answer=body)
            at += 1500


def handle(head, fields, body):
    fields, content = CASES[head.split()[1].decode()][1]
    if any(b"gzip" in field for field in fields):
        content = gzip.compress(content)
    return answer_of(200, content, fields)


def check(path, how):
    report = json.load(open(path))
    content = report["content"]
    found = {(item["endpoint"], item["difference"]) for item in report["findings"] if item["kind"] == "content"}
    assert content["sensitive_values"] == how, content
    want = {("GET " + path, kind) for path, case in CASES.items() for kind in case[2 if how == "by pseudonym" else 3]}
    got = {(item["endpoint"], item["kind"]) for item in content["differences"]}
    assert got == want, "found but not there: %s, not found: %s" % (got - want, want - got)
    assert all(item["affected"] == EACH and item["of"] >= EACH and item["examples"] for item in content["differences"])
    if EACH >= 3:  # values are none
        assert found == {item for item in want if item[1] not in ("json_values", "json_sensitive")}, found
    assert content["differ"] == EACH * len({endpoint for endpoint, _ in want}), content
    assert content["compared"] == EACH * len(CASES) and content["json_compared"] == EACH * 7, content


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    elif sys.argv[1] == "serve":
        serve(int(sys.argv[2]), handle)
    else:
        check(sys.argv[2], sys.argv[3])
