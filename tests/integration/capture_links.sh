#!/bin/bash
# Claims: packets of a link type that cannot be decoded are counted by its name, beside files of others, too, and where there is
# nothing else the end says so; HTTP in a tunnel is recorded and the tunnel counted; the same addresses and ports in another virtual
# network or VLAN are another connection, on an interface `any` they are not, nor where a router passes packets on from one VLAN to another
# or each direction has its own; a datagram on a tunnel's port without its header is UDP; fragments that never become whole are counted.
. "$(dirname "$0")/lib.sh"
python3 - "$work" <<'PYTHON'
import struct, sys
work = sys.argv[1]
def pcap(name, dlt, packets):
    with open(f"{work}/{name}.pcap", "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, dlt))
        for clock, packet in enumerate(packets):
            out.write(struct.pack("<IIII", 1700000000, clock, len(packet), len(packet)) + packet)
def ipv4(protocol, payload, fragment=0):
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0, b"\x0a\0\0\1", b"\x0a\0\0\2")[
        :12] + b"\x0a\0\0\1\x0a\0\0\2" + payload
def tcp(client, sequence, ack, flags, payload=b""):
    ports = (40000, 80) if client else (80, 40000)
    segment = struct.pack("!HHIIBBHHH", *ports, sequence, ack, 0x50, flags, 65535, 0, 0) + payload
    packet = ipv4(6, segment)
    return packet if client else packet[:12] + packet[16:20] + packet[12:16] + packet[20:]
def exchange(path, start=0):
    request = f"GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n".encode()
    response = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    yield tcp(True, start + 100, 0, 2)
    yield tcp(False, start + 500, start + 101, 18)
    yield tcp(True, start + 101, start + 501, 24, request)
    yield tcp(False, start + 501, start + 101 + len(request), 24, response)
def ethernet(payload, tags=b"", kind=0x0800):
    return bytes(12) + tags + struct.pack("!H", kind) + payload
def udp(port, payload):
    return ipv4(17, struct.pack("!HHHH", 50000, port, 8 + len(payload), 0) + payload)
def vxlan(network, packet):
    return ethernet(udp(4789, struct.pack("!II", 0x08000000, network << 8) + ethernet(packet)))
def interleave(one, other):
    return [packet for pair in zip(one, other) for packet in pair]
foreign = [bytes(40)] * 3
pcap("user0", 147, foreign)
pcap("radio", 105, foreign)
pcap("plain", 1, [ethernet(packet) for packet in exchange("plain")])
pcap("networks", 1, interleave([vxlan(7, p) for p in exchange("seven")], [vxlan(8, p) for p in exchange("eight", 1 << 30)]))
pcap("vlans", 1, interleave([ethernet(p, b"\x81\0\0\7") for p in exchange("seven")], [ethernet(p) for p in exchange("none", 1 << 30)]))
def tagged(vlan, packets):
    return [ethernet(packet, struct.pack("!HH", 0x8100, vlan)) for packet in packets]
pcap("routed", 1, interleave(tagged(7, exchange("routed")), tagged(8, exchange("routed"))))
pcap("directions", 1, [tagged(7 + at % 2, [packet])[0] for at, packet in enumerate(exchange("directions"))])
cooked = struct.pack("!HHH8s", 0, 1, 6, bytes(8))
pcap("any", 113, interleave([cooked + b"\x81\0\0\7\x08\0" + p for p in exchange("same")], [cooked + b"\x08\0" + p for p in exchange("same")]))
pcap("odd", 1, [ethernet(udp(4789, bytes(40)))] * 2 + [ethernet(ipv4(6, bytes(24), 0x2000))] + [ethernet(p) for p in exchange("odd")])
PYTHON

# record NAME... : captures these files; the ledger is in $work/ledger, the paths in $work/paths, messages in $work/err.
record() {
    local files=() name
    for name in "$@"; do files+=(-r "$work/$name.pcap"); done
    rm -rf "$work/traffic"
    "$REHEARSE" capture "${files[@]}" -o "$work/traffic" --unsanitized --ledger "$work/ledger" >"$work/out" 2>"$work/err" ||
        fail "capture of $* ended with $?: $(cat "$work/err")"
    "$REHEARSE" inspect "$work/traffic" --format json 2>/dev/null | python3 -c '
import json, sys
print(*sorted(json.loads(line)["path"] for line in sys.stdin))' >"$work/paths"
}
counts() { # counts EXPRESSION: over the ledger as p (packets) and c (connections)
    python3 - "$work/ledger" "$1" <<'PYTHON' || fail "not so: $1"
import json, sys
ledger = json.load(open(sys.argv[1]))
p, c = ledger["packets"], ledger["connections"]
if not eval(sys.argv[2]):
    print(p)
    sys.exit(1)
PYTHON
}
recorded() { [ "$(cat "$work/paths")" = "$1" ] || fail "recorded: $(cat "$work/paths"), wanted: $1"; }

record user0
counts 'p["received"] == 3 and p["not_decoded"] == {"link_147": 3}'
grep -q 'none of the packets could be decoded as TCP: most are link_147' "$work/err" || fail "the end does not say so: $(cat "$work/err")"
record radio
counts 'p["not_decoded"] == {"link_ieee802_11": 3}'
grep -q 'none of the packets could be decoded as TCP: most are link_ieee802_11' "$work/err" || fail "the end does not say so: $(cat "$work/err")"
record user0 plain
counts 'p["received"] == 7 and p["not_decoded"] == {"link_147": 3}'
recorded /plain

record networks
counts 'p["decapsulated"] == {"vxlan": 8} and p["not_decoded"] == {} and c["seen"] == 2'
recorded "/eight /seven"
record vlans
counts 'c["seen"] == 2'
recorded "/none /seven"
for name in routed directions; do
    record $name
    counts 'c["seen"] == 1'
    recorded /$name
done
record any
counts 'c["seen"] == 1'
recorded /same

record odd
counts 'p["not_decoded"] == {"udp": 2, "ip_fragment": 1} and p["decapsulated"] == {}'
recorded /odd
