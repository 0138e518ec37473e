#!/bin/bash
# Claims: live, what passes behind one and two VLAN tags, in IPv4 and IPv6 fragments, behind IPv6 extension headers and in packets far longer
# than the link's (GRO, TSO) is recorded whole; tunnels are with --decap, and left out by the kernel without, as are other ports and servers;
# -i any takes each packet of loopback once, both hops of a proxy, and what passes a bridge and its port once; interfaces without a link layer
# (tun) are captured; CAP_NET_RAW is the only right needed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
. "$(dirname "$0")/netns_kit.sh"
need_namespaces
"$REHEARSE" capture -i lo -p 1 -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

cat >"$work/inject.py" <<'PYTHON'
"""Sends whole conversations as frames: GET /NAME from 192.0.2.1 to 192.0.2.2:8080 in many dresses."""
import fcntl, os, socket, struct, sys

MACS = b"\x02\0\0\0\0\1\x02\0\0\0\0\2"


def tcp(source, destination, sequence, acknowledged, flags, data):
    return struct.pack("!HHIIBBHHH", source, destination, sequence, acknowledged, 0x50, flags, 60000, 0, 0) + data


def segments(name, port, server_port):
    request = f"GET /{name} HTTP/1.1\r\nHost: test\r\nX-Pad: {'p' * 60}\r\n\r\n".encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\n" + b"x" * 40
    there, back = (port, server_port), (server_port, port)
    yield True, tcp(*there, 100, 0, 2, b"")
    yield False, tcp(*back, 500, 101, 18, b"")
    yield True, tcp(*there, 101, 501, 24, request)
    yield False, tcp(*back, 501, 101 + len(request), 24, answer)
    yield True, tcp(*there, 101 + len(request), 501 + len(answer), 17, b"")
    yield False, tcp(*back, 501 + len(answer), 102 + len(request), 17, b"")


def ipv4(to_server, data, identification=0, fragment=0, protocol=6):
    ends = [bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])]
    if not to_server:
        ends.reverse()
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), identification, fragment, 64, protocol, 0) + ends[0] + ends[1] + data


def ipv6(to_server, data, first=6):
    ends = [b"\x20\1\x0d\xb8" + bytes(11) + b"\1", b"\x20\1\x0d\xb8" + bytes(11) + b"\2"]
    if not to_server:
        ends.reverse()
    return struct.pack("!IHBB", 6 << 28, len(data), first, 64) + ends[0] + ends[1] + data


if sys.argv[1:]:    # the name of a tun interface: what is written to it comes in there, without a link layer
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tun, 0x400454ca, struct.pack("16sH22x", sys.argv[1].encode(), 0x1001))
    for to_server, data in segments("tun", 4020, 8080):
        os.write(tun, ipv4(to_server, data))
    for to_server, data in segments("tun6", 4021, 8080):
        os.write(tun, ipv6(to_server, data))
    sys.exit()
wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
wire.bind(("v1", 0))
sent = 0


def send(*parts):
    global sent
    sent += 1
    wire.send(MACS + b"".join(parts))


for port, server_port, name in [(4001, 8080, "plain"), (4002, 8081, "other_port")]:
    for to_server, data in segments(name, port, server_port):
        send(b"\x08\0", ipv4(to_server, data))
        sent -= server_port != 8080
for to_server, data in segments("tag", 4003, 8080):
    send(b"\x81\0\0\7\x08\0", ipv4(to_server, data))
for to_server, data in segments("qinq", 4004, 8080):
    send(b"\x88\xa8\0\7\x81\0\0\x08\x08\0", ipv4(to_server, data))
for number, (to_server, data) in enumerate(segments("fragments4", 4005, 8080)):
    whole = len(data) if len(data) < 48 else 48
    send(b"\x08\0", ipv4(to_server, data[:whole], 70 + number, 0x2000 if whole < len(data) else 0))
    if whole < len(data):
        send(b"\x08\0", ipv4(to_server, data[whole:], 70 + number, whole // 8))
for number, (to_server, data) in enumerate(segments("fragments6", 4006, 8080)):
    for start in range(0, len(data), 48):
        more = start + 48 < len(data)
        send(b"\x86\xdd", ipv6(to_server, struct.pack("!BBHI", 6, 0, start | more, 90 + number) + data[start:start + 48], 44))
for to_server, data in segments("extensions", 4007, 8080):
    send(b"\x86\xdd", ipv6(to_server, b"\x3c\0" + bytes(6) + b"\6\1" + bytes(14) + data, 0))
print(sent)
for number, name in enumerate(["vxlan", "geneve", "gre", "ipip"]):
    for to_server, data in segments(name, 4010 + number, 8080):
        inner = ipv4(to_server, data)
        if name == "vxlan":
            dress = b"\x08\0\0\0\0\0\7\0" + MACS + b"\x08\0" + inner
            data, protocol = struct.pack("!HHHH", 5555, 4789, 8 + len(dress), 0) + dress, 17
        elif name == "geneve":
            dress = b"\0\0\x65\x58\0\0\7\0" + MACS + b"\x08\0" + inner
            data, protocol = struct.pack("!HHHH", 5555, 6081, 8 + len(dress), 0) + dress, 17
        elif name == "gre":
            data, protocol = b"\0\0\x08\0" + inner, 47
        else:
            data, protocol = inner, 4
        send(b"\x08\0", ipv4(to_server, data, protocol=protocol))
PYTHON
recorded_paths() { "$real_rehearse" inspect "$1" --format json | python3 -c 'import json, sys
print(*sorted(json.loads(line)["path"][1:] for line in sys.stdin))'; }
start_capture "$work/dresses" -i v0 -p 8080 --ledger "$work/ledger.json"
grep -q 'kernel filter: TCP ports\? 8080 .*not looked into without --decap: VXLAN' "$work/capture.err" || fail "the kernel filter is not told of"
sent=$(ip netns exec "$far" python3 "$work/inject.py")
stop_capture
got=$(recorded_paths "$work/dresses")
[ "$got" = "extensions fragments4 fragments6 plain qinq tag" ] || fail "recorded: $got"
python3 - "$work/ledger.json" "$sent" <<'PYTHON'
import json, sys
packets = json.load(open(sys.argv[1]))["packets"]
assert packets["received"] == int(sys.argv[2]), packets
PYTHON
start_capture "$work/tunnels" -i v0 -p 8080 --decap
ip netns exec "$far" python3 "$work/inject.py" >"$work/sent"
stop_capture
got=$(recorded_paths "$work/tunnels")
[ "$got" = "extensions fragments4 fragments6 geneve gre ipip plain qinq tag vxlan" ] || fail "with --decap recorded: $got"
echo "tags, fragments, extension headers and tunnels are recorded, other ports are not"

start_capture "$work/server" -i v0 -p 8080,8081 --server 198.51.100.0/24,2001:db8::2 --ledger "$work/ledger.json"
ip netns exec "$far" python3 "$work/inject.py" >"$work/sent"
stop_capture
got=$(recorded_paths "$work/server")
[ "$got" = "extensions fragments6" ] || fail "with --server recorded: $got"
grep -q '"other_server": 0' "$work/ledger.json" || fail "the kernel lets other servers through"
echo "the kernel leaves other servers out"

ip -n "$near" tuntap add t0 mode tun
ip -n "$near" link set t0 up
start_capture "$work/tun" -i t0 -p 8080
ip netns exec "$near" python3 "$work/inject.py" t0
stop_capture
got=$(recorded_paths "$work/tun")
[ "$got" = "tun tun6" ] || fail "from a tun interface: $got"
echo "an interface without a link layer is captured"

# Super-packets: 4 MB in far fewer packets than the link's MTU would make.
start_server 8080
start_capture "$work/big" -i v0 -p 8080 --ledger "$work/ledger.json" --max-body 8M --unsanitized
ask http://10.9.0.1:8080/big/4000000
stop_capture
"$real_rehearse" inspect "$work/big" --format json --bodies 2>/dev/null >"$work/exchanges" || "$real_rehearse" inspect "$work/big" --format json >"$work/exchanges"
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
ledger = json.load(open(work + "/ledger.json"))
exchange, = [json.loads(line) for line in open(work + "/exchanges")]
assert exchange["response_body_bytes"] == 4000000 and not [f for f in exchange["flags"] if f != "unsanitized"], exchange["flags"]
assert exchange.get("response_body", "0123456789abcdef" * 250000) == "0123456789abcdef" * 250000
assert ledger["packets"]["received"] < 1500 and ledger["bytes"]["gap"] == 0 and ledger["bodies"]["kept"] == 1, ledger["packets"]
PYTHON
echo "super-packets are recorded whole"

# A proxy host: each request passes twice, once on the wire and once on loopback.
start_server 9090
start_server 8090 9090
start_capture "$work/any" -i any -p 8090,9090 --ledger "$work/ledger.json"
for i in 1 2 3 4 5; do ask "http://10.9.0.1:8090/$i"; done
stop_capture
got=$(recorded_paths "$work/any")
[ "$got" = "1 1 2 2 3 3 4 4 5 5" ] || fail "two hops: $got"
python3 - "$work/ledger.json" <<'PYTHON'
import json, sys
ledger = json.load(open(sys.argv[1]))
assert ledger["connections"]["seen"] == 10 and ledger["packets"]["duplicate"] == 0 and ledger["bytes"]["gap"] == 0, ledger
PYTHON
echo "both hops of a proxy are recorded, each packet once"

ip -n "$near" link add br0 type bridge
ip -n "$near" link set v0 master br0
ip -n "$near" addr del 10.9.0.1/24 dev v0
ip -n "$near" addr add 10.9.0.1/24 dev br0
ip -n "$near" link set br0 up
start_capture "$work/bridge" -i any -p 8080 --ledger "$work/ledger.json"
ask http://10.9.0.1:8080/bridge
stop_capture
[ "$(recorded_paths "$work/bridge")" = bridge ] || fail "a bridge and its port: $(recorded_paths "$work/bridge")"
grep -q '"duplicate": 0,' "$work/ledger.json" && fail "the packets of a bridge and its port were not seen twice"
echo "what passes a bridge and its port is recorded once"

# CAP_NET_RAW alone, as another user.
if setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- test -x "$real_rehearse"; then
    chmod 755 "$work"; mkdir -m 700 "$work/nobody"; chown 65534:65534 "$work/nobody"
    REHEARSE=$work/rehearse-raw
    printf '#!/bin/sh\nexec ip netns exec %s setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all,+net_raw --inh-caps=-all,+net_raw --ambient-caps=-all,+net_raw -- "%s" "$@"\n' \
        "$near" "$real_rehearse" >"$REHEARSE"
    chmod +x "$REHEARSE"
    cp "$work/key" "$work/nobody/key"; chown 65534 "$work/nobody/key"
    sed 's#--key-file "$work/key"#--key-file "$work/nobody/key"#' "$(dirname "$0")/capture_kit.sh" >"$work/kit.sh"; . "$work/kit.sh"
    start_capture "$work/nobody/traffic" -i br0 -p 8080
    for pid in $capture_pid $(pgrep -P $capture_pid); do
        [ "$(awk '/^Uid/ {print $2}' "/proc/$pid/status")" = 65534 ] || fail "another user was wanted"
    done
    [ "$(awk '/^CapEff/ {print $2}' "/proc/$capture_pid/status")" = 0000000000002000 ] || fail "the parent has other rights than CAP_NET_RAW"
    for set in CapInh CapPrm CapEff CapAmb; do
        [ "$(awk "/^$set/ {print \$2}" "/proc/$(pgrep -P $capture_pid)/status")" = 0000000000000000 ] || fail "the worker has capabilities ($set)"
    done
    ask http://10.9.0.1:8080/raw
    stop_capture
    [ "$(recorded_paths "$work/nobody/traffic")" = raw ] || fail "nothing is recorded with CAP_NET_RAW alone"
    echo "CAP_NET_RAW is enough"
fi
