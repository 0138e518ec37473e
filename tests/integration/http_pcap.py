"""Writes packet files of HTTP exchanges for the tests of verbs over traffic: each exchange a connection of its own, whole."""
import struct


def write(path, exchanges, port=80):
    """exchanges: pairs of bytes, request and response; a response may be a list of pairs, microseconds to wait and bytes."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        clock = 0

        def packet(source, destination, sequence, ack, flags, payload=b""):
            nonlocal clock
            tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, ack, 0x50, flags, 65535, 0, 0) + payload
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source[0]), bytes(destination[0]))
            frame = b"\2" * 12 + b"\x08\x00" + ip + tcp
            clock += 100
            out.write(struct.pack("<IIII", 1700000000 + clock // 1000000, clock % 1000000, len(frame), len(frame)) + frame)

        for number, (request, response) in enumerate(exchanges):
            client, server = ((10, 0, number >> 8 & 255, number & 255), 20000 + number), ((10, 9, 0, 2), port)
            packet(client, server, 1, 0, 2)
            packet(server, client, 1, 2, 0x12)
            for at in range(0, len(request), 1000):
                packet(client, server, 2 + at, 2, 0x18, request[at:at + 1000])
            pieces = response if isinstance(response, list) else [(0, response)]
            response, at = b"".join(piece for _, piece in pieces), 0
            for wait, piece in pieces:
                clock += wait
                for begin in range(0, len(piece), 1000):
                    part = piece[begin:begin + 1000]
                    packet(server, client, 2 + at, 2 + len(request), 0x18, part)
                    at += len(part)
            packet(client, server, 2 + len(request), 2 + len(response), 0x11)
            packet(server, client, 2 + len(response), 3 + len(request), 0x11)
            packet(client, server, 3 + len(request), 3 + len(response), 0x10)


def message(start, headers=(), body=b""):
    """A message with a length where it has a body; headers are pairs of text."""
    lines = [start] + ["%s: %s" % header for header in headers]
    if body or start.startswith("HTTP/"):
        lines.append("Content-Length: %d" % len(body))
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape") + body
