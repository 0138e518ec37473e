#!/bin/bash
# Claims:
# - a PROXY protocol header before requests is taken off and counted; what follows is recorded; its addresses are nowhere on the disk;
#   one that cannot be read makes the connection another protocol, by name;
# - other protocols on the port are counted by name, also behind an upgrade, and never become requests;
# - a defect of a message is in the flags of its exchange and counted in the ledger, JSON and text, by the same name;
# - behind a length that is none nothing is recorded, and the ledger still balances.
. "$(dirname "$0")/lib.sh"
python3 - "$work/odd.pcap" <<'PYTHON'
import struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
clock = 0
def packet(source, destination, sequence, ack, flags, payload=b""):
    global clock
    clock += 1
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source[0]), bytes(destination[0]))
    frame = b"\2" * 12 + b"\x08\x00" + ip + tcp
    out.write(struct.pack("<IIII", 1700000000, clock, len(frame), len(frame)) + frame)
def get(path):
    return b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n"
ok = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
v2 = b"\r\n\r\n\0\r\nQUIT\n"
talks = [
    [b"PROXY TCP4 203.0.113.7 198.51.100.1 1111 80\r\n" + get(b"/v1"), ok],
    [v2 + b"\x21\x11\0\x0c" + bytes([203, 0, 113, 8, 198, 51, 100, 1, 4, 5, 0, 80]), b"", get(b"/v2"), ok],
    [v2 + b"\x20\0\0\0" + get(b"/local"), ok],
    [b"PROXY TCP4 203.0.113.999 198.51.100.1 1111 80\r\n" + get(b"/never"), b""],
    [b"\x16\x03\x01\x02\x00\x01", b"\x16\x03\x03"],
    [b"\0\0\0\x08\x04\xd2\x16\x2f", b"N"],
    [b"GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
     b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b""],
    [b"\x01\x02\x03\n", b"\x04\x05"],
    [b"GET /lf HTTP/1.1\nHost: a\n\n", ok],
    [b"POST /length HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n" + get(b"/smuggled"), ok],
    [get(b"/chunk"), b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\nok\r\n0\r\n\r\n"],
]
for number, talk in enumerate(talks):
    ends = ((10, 0, 0, 1), 20000 + number), ((10, 0, 0, 2), 80)
    sent = [1, 1]
    packet(*ends, 0, 0, 2)
    packet(*ends[::-1], 0, 1, 0x12)
    for turn, data in enumerate(talk):
        side = turn % 2
        packet(ends[side], ends[not side], sent[side], sent[not side], 0x18, data)
        sent[side] += len(data)
    packet(*ends, sent[0], sent[1], 0x11)
    packet(*ends[::-1], sent[1], sent[0] + 1, 0x11)
PYTHON
"$REHEARSE" capture -r "$work/odd.pcap" -p 80 -o "$work/traffic" --ledger "$work/ledger.json" --new-key-file "$work/key" >"$work/text"
"$REHEARSE" inspect "$work/traffic" --format json >"$work/exchanges"
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
ledger = json.load(open(work + "/ledger.json"))
exchanges = {exchange["path"]: exchange for exchange in map(json.loads, open(work + "/exchanges"))}
assert sorted(exchanges) == ["/chunk", "/length", "/lf", "/local", "/up", "/v1", "/v2"], sorted(exchanges)
assert ledger["balances"], ledger
connections = ledger["connections"]
assert connections["proxied"] == 3, connections
assert connections["not_http"] == {"proxy_malformed": 1, "tls": 1, "postgresql": 1, "http2": 1, "unknown": 1}, connections
assert connections["tunnelled"] == 1, connections
assert ledger["requests"]["defects"] == {"bare_lf": 1, "length_invalid": 1}, ledger["requests"]
assert ledger["responses"]["defects"] == {"chunk_line": 1}, ledger["responses"]
assert ledger["requests"]["flags"]["upgrade"] == 1, ledger["requests"]
assert "request.bare_lf" in exchanges["/lf"]["flags"] and "response.chunk_line" in exchanges["/chunk"]["flags"], exchanges
assert {"request.length_invalid", "request_incomplete"} <= set(exchanges["/length"]["flags"]), exchanges["/length"]
assert exchanges["/v1"]["flags"] == [] and exchanges["/v2"]["status"] == 200, exchanges
text = open(work + "/text").read()
assert "defects (bare_lf 1, length_invalid 1)" in text and "proxied 3" in text, text
PYTHON
! grep -rqE '203\.0\.113|smuggled|never' "$work/traffic" "$work/text" "$work/ledger.json" || fail "an address or a guess got out"
"$REHEARSE" inspect "$work/traffic" --format raw | grep -qE '203\.0\.113|smuggled' && fail "an address or a guess got out"
exit 0
