"""replay_auth.py generate         exchanges for make_recorded on standard output, every other one with an Authorization of its own
   replay_auth.py serve PORT LOG   answers everything and logs of each request: its Authorization, the place of that line, how many lines there are"""
import sys

from replay_server import answer_of, exchange, serve


def generate():
    for n in range(60):
        own = b"Authorization: Bearer recorded-token-0123456789\r\n" if n % 2 else b""
        head = b"GET /%d HTTP/1.1\r\n%sHost: shop\r\nAccept: a\r\n\r\n" % (n, own)
        exchange(sys.stdout.buffer, n * 50000, n % 3, 200, head, b"", b"", *answer_of(200, b"ok"))


def logger(path):
    log = open(path, "w", 1)

    def handle(head, fields, body):
        names = [line.split(b":")[0].decode() for line in head.split(b"\r\n")[1:] if b":" in line]
        print(fields.get(b"authorization", b"- -").decode(), names.index("Authorization"), len(names), file=log)
        return answer_of(200, b"ok")
    return handle


if __name__ == "__main__":
    if sys.argv[1] == "generate":
        generate()
    else:
        serve(int(sys.argv[2]), logger(sys.argv[3]))
