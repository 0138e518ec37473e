#!/bin/bash
# Claims: however a capture is stored (pcap, pcapng, nanoseconds, gzip, zstd, in several members, through a pipe, cut into files that are
# named in any order), it gives the same exchanges and the same ledger (but for memory_peak: what is kept for reuse depends on the writing threads); a pcapng file whose interfaces differ in link type and time
# resolution gives each packet its own, to the nanosecond; what a capture says it lost is in the ledger; compressed data that is
# damaged or cut is one line, with what came before kept; a pipe without packets ends when asked.
. "$(dirname "$0")/lib.sh"
need_shared corpus/pcap/judged.tsv
pcap=$REHEARSE_SHARED/corpus/pcap
record() { # record NAME FILE...: into $work/NAME, with its exchanges (without what is different by design) in NAME.json
    local name=$1 file files=()
    shift
    for file in "$@"; do files+=(-r "$file"); done
    "$REHEARSE" capture "${files[@]}" -o "$work/$name" --key-file "$work/key" --ledger "$work/$name.ledger" >"$work/$name.out" \
        2>"$work/err" || { cat "$work/err" >&2; fail "$name was not recorded"; }
    "$REHEARSE" inspect "$work/$name" --format json | sed 's/"id":"[^"]*",//' >"$work/$name.json"
}
same() { # same NAME OTHER
    cmp "$work/$1.json" "$work/$2.json" || fail "$2: not the exchanges of $1"
    cmp <(grep -v memory_peak "$work/$1.ledger") <(grep -v memory_peak "$work/$2.ledger") || fail "$2: not the ledger of $1"
}
"$REHEARSE" capture -r "$pcap/h1-get-plain.pcap" -o "$work/first" --new-key-file "$work/key" >"$work/out"

# stored FILE FORM...: in each form the file gives what it gives plainly.
stored() {
    local file=$1 form plain=$pcap/$1 half=$(($(stat -c %s "$pcap/$1") / 2))
    shift
    record "$file" "$plain"
    [ -s "$work/$file.json" ] || fail "$file gives no exchange"
    gzip -c "$plain" >"$work/gzip"
    zstd -q -c "$plain" >"$work/zstd"
    { head -c $half "$plain" | gzip -c; tail -c +$((half + 1)) "$plain" | gzip -1c; } >"$work/members"
    { head -c $half "$plain" | zstd -q -19 -c; tail -c +$((half + 1)) "$plain" | zstd -q -c; } >"$work/frames"
    for form; do
        case $form in
        stdin) record "$file.$form" - <"$plain" ;;
        pipe) record "$file.$form" - < <(head -c 50 "$plain"; sleep 0.2; head -c $half "$plain" | tail -c +51; sleep 0.2
                                         tail -c +$((half + 1)) "$plain") ;;
        packed_pipe) record "$file.$form" - < <(cat "$work/members") ;;
        *) record "$file.$form" "$work/$form" ;;
        esac
        same "$file" "$file.$form"
    done
}
stored h1-keepalive-site-31.pcap gzip zstd stdin packed_pipe
stored file-pcapng-gap.pcapng members frames pipe
stored derived-bigendian-nanosecond.pcap frames

# Cut into 24 files, every packet into the next one in turn, some compressed; and mixed up with pcapng.
python3 - "$pcap/h1-keepalive-site-31.pcap" "$work" <<'PYTHON'
import gzip, struct, sys
data, work = open(sys.argv[1], "rb").read(), sys.argv[2]
order = "<" if data[:4] == b"\xd4\xc3\xb2\xa1" else ">"
link = struct.unpack(order + "I", data[20:24])[0]
at, packets = 24, []
while at < len(data):
    seconds, part, size, wire = struct.unpack(order + "IIII", data[at:at + 16])
    packets.append((seconds, part, wire, data[at + 16:at + 16 + size]))
    at += 16 + size
def block(kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack(">II", kind, len(body) + 12) + body + struct.pack(">I", len(body) + 12)
for number in range(24):
    out = data[:24] if number % 3 else block(0x0A0D0D0A, struct.pack(">IHHq", 0x1A2B3C4D, 1, 0, -1)) + \
        block(1, struct.pack(">HHI", link, 0, 0))
    for seconds, part, wire, frame in packets[number::24]:
        stamp = seconds * 1000000 + part
        out += struct.pack(order + "IIII", seconds, part, len(frame), wire) + frame if number % 3 else \
            block(6, struct.pack(">IIIII", 0, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), wire) + frame)
    open("%s/part%02d" % (work, number), "wb").write(gzip.compress(out) if number % 2 else out)
PYTHON
record parts $(ls -r "$work"/part??)
same h1-keepalive-site-31.pcap parts
record few "$work"/part0[0-7] "$work"/part1? "$work"/part0[89] "$work"/part2? # in another order
same h1-keepalive-site-31.pcap few

# One connection over three interfaces: Ethernet in microseconds, raw IP in nanoseconds, Linux cooked in 2^-30 s, the last one in
# a section of the other byte order. Each packet's time is exact, and what the capturing machine lost is told.
python3 - "$work/mixed.pcapng" <<'PYTHON'
import struct, sys
def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    return struct.pack(order + "II", kind, len(body) + 12) + body + struct.pack(order + "I", len(body) + 12)
def option(order, code, value):
    return struct.pack(order + "HH", code, len(value)) + value + b"\0" * (-len(value) % 4)
def section(order):
    return block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
def interface(order, link, options=b""):
    return block(order, 1, struct.pack(order + "HHI", link, 0, 0) + options)
def packet(order, number, stamp, frame):
    return block(order, 6, struct.pack(order + "IIIII", number, stamp >> 32, stamp & 0xFFFFFFFF, len(frame), len(frame)) + frame)
def ip(source, destination, sequence, ack, flags, payload):
    tcp = struct.pack("!HHIIBBHHH", source, destination, sequence, ack, 0x50, flags, 65535, 0, 0) + payload
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes((10, 0, source % 7, 1)),
                       bytes((10, 0, destination % 7, 1))) + tcp
ethernet, cooked, base = b"\2" * 12 + b"\x08\x00", b"\0" * 14 + b"\x08\x00", 1700000000
request = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
response = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody"
out = section("<") + interface("<", 1) + interface("<", 101, option("<", 9, b"\x09") + option("<", 14, struct.pack("<q", base)))
out += packet("<", 0, base * 10**6, ethernet + ip(4000, 80, 1, 0, 2, b""))
out += packet("<", 0, base * 10**6 + 100, ethernet + ip(80, 4000, 5, 2, 0x12, b""))
out += packet("<", 1, 123456789, ip(4000, 80, 2, 6, 0x18, request))
out += block("<", 5, struct.pack("<III", 0, 0, 0) + option("<", 5, struct.pack("<Q", 3)) + option("<", 7, struct.pack("<Q", 4)))
out += section(">") + interface(">", 113, option(">", 9, b"\x9e"))
out += packet(">", 0, (base << 30) + (1 << 29) + 1, cooked + ip(80, 4000, 6, 2 + len(request), 0x18, response))
open(sys.argv[1], "wb").write(out)
PYTHON
record mixed "$work/mixed.pcapng"
grep -q '7 packets were lost when the file was captured' "$work/err" || fail "what the file says it lost is not said"
python3 - "$work/mixed.json" "$work/mixed.ledger" <<'PYTHON'
import json, sys
exchange, = map(json.loads, open(sys.argv[1]))
assert exchange["times_ns"] == [1700000000123456789] * 2 + [1700000000500000000] * 2, exchange["times_ns"]
assert exchange["status"] == 200 and exchange["host"] and exchange["path"] == "/a", exchange
packets = json.load(open(sys.argv[2]))["packets"]
assert (packets["received"], packets["dropped_kernel"], packets["dropped_interface"]) == (4, 4, 3), packets
PYTHON
check_status 0 "$REHEARSE" capture -r "$work/mixed.pcapng" -o "$work/filtered" --filter 'src port 80'
grep -q '^packets .*received 2,' "$work/out" || fail "the filter does not hold for each link type"

# Damage inside compression, and a cut.
plain=$pcap/h1-keepalive-site-31.pcap
gzip -c "$plain" >"$work/file.gz"
zstd -q -c "$plain" >"$work/file.zst"
for stored in file.gz file.zst; do
    head -c $(($(stat -c %s "$work/$stored") * 9 / 10)) "$work/$stored" >"$work/cut.$stored"
    check_status 3 "$REHEARSE" capture -r "$work/cut.$stored" -o "$work/t.$stored" --key-file "$work/key"
    one_error_line "cut.$stored is damaged .*ends early.*is kept"
    python3 - "$work/$stored" "$work/bad.$stored" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[len(data) * 9 // 10:len(data) * 9 // 10 + 200] = b"\xa5" * 200
open(sys.argv[2], "wb").write(data)
PYTHON
    check_status 3 "$REHEARSE" capture -r "$work/bad.$stored" -o "$work/u.$stored" --key-file "$work/key"
    one_error_line "bad.$stored is damaged .*is kept"
done
[ "$("$REHEARSE" inspect "$work/t.file.gz" --format json | wc -l)" -ge 15 ] || fail "what came before the cut was not kept"

# A pipe that stays open and silent behind its packets: SIGINT ends the capture cleanly.
mkfifo "$work/pipe"
"$REHEARSE" capture -r "$work/pipe" -o "$work/silent" --key-file "$work/key" >"$work/silent.out" 2>"$work/err" &
capture=$!
on_exit "kill $capture 2>/dev/null"
exec 4>"$work/pipe"
cat "$plain" >&4
sleep 1
kill -INT $capture
got=0; wait $capture || got=$?
exec 4>&-
[ $got = 4 ] || { cat "$work/err"; fail "exit status $got instead of 4 after SIGINT"; }
grep -q '^requests .*recorded 31' "$work/silent.out" || fail "what a pipe gave before SIGINT was not recorded"
echo "a capture gives the same however it is stored"
