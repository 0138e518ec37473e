"""Servers and exchanges for the tests of replay: raw sockets, so that every byte is seen as it arrived."""
import socket
import threading


def exchange(out, at_us, connection, status, head, body=b"", trailers=b"", answer_head=b"", answer=b"", latency_us=1000):
    """Writes one exchange in the form that make_recorded reads."""
    parts = (head, body, trailers, answer_head, answer)
    numbers = [at_us, connection, status, latency_us] + [len(part) for part in parts]
    out.write((" ".join(map(str, numbers)) + "\n").encode() + b"".join(parts))


def answer_of(status, body=b"", fields=()):
    lines = [b"HTTP/1.1 %d Any" % status, b"Content-Length: %d" % len(body)] + list(fields)
    return b"\r\n".join(lines) + b"\r\n\r\n", body


class Connection:
    """Reads requests and keeps their raw bytes apart: head, body as framed."""

    def __init__(self, sock):
        self.sock, self.buffer = sock, b""

    def more(self):
        data = self.sock.recv(65536)
        if not data:
            raise EOFError
        self.buffer += data

    def until(self, mark):
        while mark not in self.buffer:
            self.more()
        at = self.buffer.index(mark) + len(mark)
        part, self.buffer = self.buffer[:at], self.buffer[at:]
        return part

    def exactly(self, size):
        while len(self.buffer) < size:
            self.more()
        part, self.buffer = self.buffer[:size], self.buffer[size:]
        return part

    def request(self):
        head = self.until(b"\r\n\r\n")
        fields = [line.split(b":", 1) for line in head.split(b"\r\n")[1:] if b":" in line]
        fields = {name.strip().lower(): value.strip() for name, value in fields}
        if fields.get(b"expect", b"").lower() == b"100-continue":
            self.sock.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if b"chunked" in fields.get(b"transfer-encoding", b""):
            body = b""
            while True:
                line = self.until(b"\r\n")
                size = int(line, 16)
                body += line
                if size == 0:
                    break
                body += self.exactly(size + 2)
            while True:
                line = self.until(b"\r\n")
                body += line
                if line == b"\r\n":
                    break
            return head, fields, body
        return head, fields, self.exactly(int(fields.get(b"content-length", b"0")))


def serve(port, handle):
    """Calls handle(head, fields, body) -> (head, body) for each request, for ever."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(512)

    def run(sock):
        connection = Connection(sock)
        try:
            while True:
                head, fields, body = connection.request()
                sock.sendall(b"".join(handle(head, fields, body)))
                if fields.get(b"connection", b"").lower() == b"close":
                    break
        except (EOFError, OSError):
            pass
        sock.close()

    while True:
        sock, _ = listener.accept()
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=run, args=(sock,), daemon=True).start()
