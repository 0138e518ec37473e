#!/bin/bash
# Claim: the capture's forecast of what a replay cannot fire is what the replay then counts, reason by reason: defective heads and framing,
# withheld lines, upgrades, tunnels, bodies that are cut, dropped or not wanted, requests that are not whole.
. "$(dirname "$0")/lib.sh"
python3 - "$work/all.pcap" <<'PYTHON'
import struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
clock = [0]
def packet(source, destination, sequence, ack, flags, payload=b""):
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source[0]), bytes(destination[0]))
    frame = b"\2" * 12 + b"\x08\x00" + ip + tcp
    clock[0] += 1
    out.write(struct.pack("<IIII", 1700000000, clock[0], len(frame), len(frame)) + frame)
ok = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
form = b"Content-Type: application/x-www-form-urlencoded\r\n"
def post(more, body):
    return b"POST /f HTTP/1.1\r\nHost: h\r\n" + more + b"\r\n" + body
requests = [
    b"GET /plain HTTP/1.1\r\nHost: h\r\n\r\n", b"GET /a'b\x1b\xff HTTP/1.1\r\nHost: h\r\n\r\n",
    b"GET /q HTTP/1.1\r\nHost: h\r\nX-A: \x01\r\n\r\n", b"GET /q HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n",
    b"GET /q HTTP/1.1\r\nHost: h\r\nX: a\r\n folded\r\n\r\n", b"GET /q HTTP/1.1\r\nHost : h\r\n\r\n",
    b"GET /up HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", b"PO'ST /m HTTP/1.1\r\nHost: h\r\n\r\n", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
    post(form + b"Content-Length: 3\r\n", b"a=1"), post(b"Content-Type: image/png\r\nContent-Length: 3\r\n", b"abc"),
    post(b"Content-Type: application/json\r\nContent-Length: 3\r\n", b"{\"a"), post(form + b"Content-Length: 3000\r\n", b"a=" + b"x" * 2998),
    post(form + b"Content-Length: 03\r\n", b"a=1"), post(form + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", b"3\r\na=1\r\n0\r\n\r\n"),
    post(form + b"Transfer-Encoding: chunked\r\n", b"3\r\na=1\r\n0\r\n\r\n"), post(form + b"Content-Length: 30\r\n", b"a=1"),
    b"GET /cut HTTP/1.1\r\nHost: h\r\nX-A: b",
]
answers = [ok] * len(requests)
requests.append(b"GET /answer-cut HTTP/1.1\r\nHost: h\r\n\r\n")
answers.append(b"HTTP/1.1 200 OK\r\nContent-Le") # the request is whole all the same
for number, (request, ok) in enumerate(zip(requests, answers)):
    client, server = ((10, 0, 0, 1), 20000 + number), ((10, 0, 0, 2), 80)
    packet(client, server, 1, 0, 2)
    packet(server, client, 1, 2, 0x12)
    packet(client, server, 2, 2, 0x18, request)
    packet(server, client, 2, 2 + len(request), 0x18, ok)
    packet(client, server, 2 + len(request), 2 + len(ok), 0x11)
    packet(server, client, 2 + len(ok), 3 + len(request), 0x11)
PYTHON

for bodies in all request none; do
    check_status 0 "$REHEARSE" capture -r "$work/all.pcap" -o "$work/$bodies" --max-body 2K --bodies $bodies --ledger "$work/ledger.json"
    check_status 5 "$REHEARSE" replay "$work/$bodies" --target "http://127.0.0.1:$(free_port)" --speed 100 -o "$work/$bodies.run"
    "$REHEARSE" report "$work/$bodies.run" --format json >"$work/report.json" || true
    python3 - "$work/ledger.json" "$work/report.json" <<'PYTHON'
import json, sys
capture, replay = (json.load(open(path)) for path in sys.argv[1:])
forecast, found = capture["requests"]["unreplayable"], replay["ledger"]["unreplayable"]
assert forecast == found, f"forecast {forecast}, found {found}"
assert capture["requests"]["recorded"] == replay["ledger"]["read"], (capture["requests"], replay["ledger"])
# A request and a head that are cut; a request line with a quote in its method and a line without colon, which are withheld.
assert found["incomplete"] == 2 and found["header_withheld"] == 2, found
assert len(found) >= 6 and replay["ledger"]["fired"] >= 3, replay["ledger"]
print(found)
PYTHON
done
echo "a capture forecasts what a replay cannot fire"
