"""proxies.py KIND PORT LOG [CERTIFICATE KEY | STATUS]

A proxy on 127.0.0.1 that logs each way asked for as a line "KIND HOST:PORT", and what it refuses: socks4 (and 4a, told
by the log's host), https (CONNECT and forwarding behind TLS), refuse (answers CONNECT with STATUS)."""
import socket
import ssl
import struct
import sys
import threading


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(client, host, port, first=b""):
    with socket.create_connection(("127.0.0.1", port)) as server:
        server.sendall(first)
        back = threading.Thread(target=pump, args=(server, client), daemon=True)
        back.start()
        pump(client, server)
        back.join()


def exactly(sock, size):
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def until(sock, mark):
    data = b""
    while not data.endswith(mark):
        data += exactly(sock, 1)
    return data


def socks4(client, log):
    _, command, port, a, b, c, d = struct.unpack(">BBHBBBB", exactly(client, 8))
    until(client, b"\0")
    named = (a, b, c) == (0, 0, 0) and d
    host = until(client, b"\0")[:-1].decode() if named else "%d.%d.%d.%d" % (a, b, c, d)
    log("socks4a" if named else "socks4", "%s:%d" % (host, port))
    client.sendall(b"\0\x5a" + bytes(6))
    join(client, host, port)


def https(client, log):
    head = until(client, b"\r\n\r\n")
    method, target = head.split(b" ")[:2]
    assert method == b"CONNECT", head
    log("https", target.decode())
    client.sendall(b"HTTP/1.1 200 Go\r\n\r\n")
    join(client, "", int(target.rsplit(b":", 1)[1]))


def refuse(client, log):
    target = until(client, b"\r\n\r\n").split(b" ")[1]
    log("refused", target.decode())
    client.sendall(b"HTTP/1.1 %s No\r\nContent-Length: 0\r\n\r\n" % sys.argv[4].encode())


def main():
    kind, port, path = sys.argv[1:4]
    lock = threading.Lock()
    context = None
    if kind == "https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[4], sys.argv[5])

    def log(*words):
        with lock, open(path, "a") as out:
            print(*words, file=out)

    def serve(client):
        try:
            with client:
                if context:
                    client = context.wrap_socket(client, server_side=True)
                {"socks4": socks4, "https": https, "refuse": refuse}[kind](client, log)
        except (OSError, EOFError):
            pass

    listener = socket.create_server(("127.0.0.1", int(port)), backlog=100)
    while True:
        client, _ = listener.accept()
        threading.Thread(target=serve, args=(client,), daemon=True).start()


main()
