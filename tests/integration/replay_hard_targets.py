"""replay_hard_targets.py LISTEN KIND [CERTIFICATE KEY]: a server on PORT, [::1]:PORT or a path, which answers each request, but:

ok       nothing else
stop:N   falls silent for good after N requests, on every connection
die:N    ends after N requests
close    says Connection: close, and does so
drip     sends one byte of its answer every 50 ms, without end
huge     answers 32 MiB
"""
import asyncio
import os
import ssl
import sys

listen, kind = sys.argv[1:3]
left = int(kind.split(":")[1]) if ":" in kind else None
kind = kind.split(":")[0]


async def request(reader):
    """Reads one request. Returns False at the end."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
    return True


async def serve(reader, writer):
    global left
    try:
        while await request(reader):
            if left is not None:
                left -= 1
                if left < 0 and kind == "die":
                    os._exit(0)
                if left < 0:
                    await asyncio.sleep(3600)
            if kind == "drip":
                for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100000:
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(0.05)
            size = 32 << 20 if kind == "huge" else 2
            more = "Connection: close\r\n" if kind == "close" else ""
            writer.write(f"HTTP/1.1 200 OK\r\n{more}Content-Length: {size}\r\n\r\n".encode())
            for _ in range(size >> 16):
                writer.write(bytes(65536))
                await writer.drain()
            writer.write(b"ok" * (size == 2))
            await writer.drain()
            if kind == "close":
                break
    except ConnectionError:
        pass
    writer.close()


async def main():
    tls = None
    if len(sys.argv) > 3:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(sys.argv[3], sys.argv[4])
    if listen.startswith("/"):
        server = await asyncio.start_unix_server(serve, listen, backlog=4096)
    elif listen.startswith("[::1]:"):
        server = await asyncio.start_server(serve, "::1", int(listen[6:]), backlog=4096)
    else:
        server = await asyncio.start_server(serve, "127.0.0.1", int(listen), backlog=4096, ssl=tls)
    print("listening", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
