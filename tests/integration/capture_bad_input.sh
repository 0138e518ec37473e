#!/bin/bash
# Claims: what capture cannot do it says in one line on standard error, with the exit status of CLI.md: a missing, empty, damaged
# or foreign file, a wrong filter, an interface that does not exist, no privilege, a folder that holds
# something else, a key file that others may read, a full disk. What was recorded up to then is kept and readable.
. "$(dirname "$0")/lib.sh"
capture() { "$REHEARSE" capture --key-file "$work/key" "$@"; }
records() { "$REHEARSE" inspect "$1" --format json | wc -l; }

# A capture of 40 connections with one exchange each, by Python, Ethernet.
python3 - "$work/good.pcap" <<'PYTHON'
import struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
clock = [1700000000, 0]
def packet(source, destination, sequence, ack, flags, payload):
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source[0]), bytes(destination[0]))
    frame = b"\2" * 12 + b"\x08\x00" + ip + tcp
    clock[1] += 100
    out.write(struct.pack("<IIII", clock[0], clock[1], len(frame), len(frame)) + frame)
for number in range(40):
    client, server = ((10, 0, 0, 1), 20000 + number), ((10, 0, 0, 2), 80)
    request = b"GET /item/%d HTTP/1.1\r\nHost: x\r\n\r\n" % number
    response = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody"
    packet(client, server, 1, 0, 2, b"")
    packet(server, client, 5, 2, 0x12, b"")
    packet(client, server, 2, 6, 0x18, request)
    packet(server, client, 6, 2 + len(request), 0x18, response)
    packet(client, server, 2 + len(request), 6 + len(response), 0x11, b"")
    packet(server, client, 6 + len(response), 3 + len(request), 0x11, b"")
PYTHON
check_status 0 "$REHEARSE" capture -r "$work/good.pcap" -o "$work/good" --new-key-file "$work/key"
[ "$(records "$work/good")" = 40 ] || fail "the good capture does not give 40 exchanges"

check_status 2 capture -o "$work/t"; one_error_line '\-\-interface IF or --read FILE'
check_status 2 capture -r a -i b -p 1 -o "$work/t"; one_error_line '\-\-interface IF or --read FILE'
check_status 2 capture -r "$work/good.pcap"; one_error_line '\-\-output'
check_status 2 capture -i lo -p 80 --server 10.0.0.1,shop -o "$work/t"; one_error_line "\-\-server '10.0.0.1,shop': wanted addresses"
check_status 2 capture -i lo -p 80,x -o "$work/t"; one_error_line 'ports between 1 and 65535'
check_status 2 capture -r "$work/good.pcap" -o "$work/t" --bodies some; one_error_line 'none\|request\|all'
check_status 2 capture -r "$work/good.pcap" -o "$work/t" --filter 'tcp porc 80'; one_error_line '\-\-filter .*tcp porc 80'
check_status 3 capture -r "$work/missing.pcap" -o "$work/t"; one_error_line 'missing.pcap: No such file'
check_status 3 capture -r "$work" -o "$work/t"; one_error_line 'is a folder'
: >"$work/empty.pcap"
check_status 3 capture -r "$work/empty.pcap" -o "$work/t"; one_error_line 'empty.pcap is empty'
echo "this is no capture file, it only looks long enough to be one" >"$work/text.pcap"
check_status 3 capture -r "$work/text.pcap" -o "$work/t"; one_error_line 'text.pcap: not a pcap or pcapng file'
printf '{"log": {}}' >"$work/some.har"
check_status 3 capture -r "$work/some.har" -o "$work/t"; one_error_line 'some.har: not a pcap .*looks like JSON'
head -c 20 "$work/good.pcap" >"$work/head.pcap"
check_status 3 capture -r "$work/head.pcap" -o "$work/t"; one_error_line 'head.pcap: .*ends within its header'
check_status 2 capture -r - -r - -o "$work/t"; one_error_line 'only once'
check_status 3 capture -i nowhere0 -p 80 -o "$work/t"; one_error_line "no interface named 'nowhere0'; there are .*lo"
[ ! -e "$work/t" ] || fail "a capture that never began left a folder"
# A link type that cannot be decoded is an account of packets that could not be, no error.
printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\x93\0\0\0\1\0\0\0\0\0\0\0\4\0\0\0\4\0\0\0abcd' >"$work/link.pcap"
check_status 0 capture -r "$work/link.pcap" -o "$work/link"; one_error_line 'none of the packets .*link_147'
grep -q '^packets .*received 1, not_decoded (.* 1)' "$work/out" || fail "a packet of an unknown link type is not accounted for"

# Damaged in the middle and cut at its end: what came before is kept.
size=$(stat -c %s "$work/good.pcap")
head -c $((size / 2 + 30)) "$work/good.pcap" >"$work/cut.pcap"
check_status 3 capture -r "$work/cut.pcap" -o "$work/cut"; one_error_line 'cut.pcap is damaged .*is kept'
grep -q '^requests .*recorded [12]' "$work/out" || fail "no ledger after a damaged file"
[ "$(records "$work/cut")" -ge 19 ] || fail "what came before the damage was not kept"
python3 - "$work/good.pcap" "$work/bad.pcap" <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
at = 24
for _ in range(120):
    at += 16 + int.from_bytes(data[at + 8:at + 12], "little")
data[at + 8:at + 12] = b"\xff\xff\xff\x7f"
open(sys.argv[2], "wb").write(data)
PYTHON
check_status 3 capture -r "$work/bad.pcap" -o "$work/bad"; one_error_line 'bad.pcap is damaged'
[ "$(records "$work/bad")" = 20 ] || fail "$(records "$work/bad") exchanges before the damage instead of 20"

mkdir "$work/other"; echo hello >"$work/other/notes.txt"
check_status 2 capture -r "$work/good.pcap" -o "$work/other" || check_status 3 capture -r "$work/good.pcap" -o "$work/other"
one_error_line 'other'
[ "$(ls "$work/other")" = notes.txt ] || fail "a folder of something else was written to"
check_status 0 capture -r "$work/good.pcap" -o "$work/good" # traffic of ours is added to
[ "$(records "$work/good")" = 80 ] || fail "a second capture was not added"

cp "$work/key" "$work/open.key"; chmod 644 "$work/open.key"
got=0; "$REHEARSE" capture -r "$work/good.pcap" -o "$work/t" --key-file "$work/open.key" >"$work/out" 2>"$work/err" || got=$?
[ "$got" = 2 ] || [ "$got" = 3 ] || fail "a key file that others may read was taken"
one_error_line 'open.key'

# Loss beyond the limit: a hole in the middle of one response.
check_status 0 capture -r "$work/good.pcap" -o "$work/loss0" --max-loss 0%
"$REHEARSE" capture -r "$work/good.pcap" -o "$work/loss1" --max-loss 1% --key-file "$work/key" --filter 'not (tcp[0:2] = 80 and len > 100)' \
    >"$work/out" 2>"$work/err" && fail "loss above --max-loss was no failure"
one_error_line 'more than --max-loss 1%'

# No privilege, and a full disk: as root, in a namespace of its own.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"; mkdir -m 777 "$work/nobody"
    cp "$work/key" "$work/nobody/key"; chown 65534 "$work/nobody/key"
    if setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- test -x "$REHEARSE"; then
        check_status 3 setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all -- \
            "$REHEARSE" capture -i lo -p 80 -o "$work/nobody/t"
        one_error_line 'no privilege to capture on lo: run as root, or'
    else
        echo "the program cannot be reached by another user here: privilege not tested"
    fi
fi
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    mkdir "$work/small"
    python3 - "$work/good.pcap" "$work/big.pcap" <<'PYTHON'
import os, sys
data = open(sys.argv[1], "rb").read()
body, out = data[24:], open(sys.argv[2], "wb")
out.write(data[:24])
for turn in range(600):     # the same connections again, from other ports and with other paths
    at, part = 0, bytearray(body)
    noise = os.urandom(8).hex().encode()[:4]
    while at < len(part):
        size = int.from_bytes(part[at + 8:at + 12], "little")
        frame = at + 16
        for place in (34, 36):
            port = int.from_bytes(part[frame + place:frame + place + 2], "big")
            if port != 80:
                part[frame + place:frame + place + 2] = (20000 + (port - 20000 + 40 * turn) % 40000).to_bytes(2, "big")
        if size > 58 and part[frame + size - 4:frame + size] == b"body":
            part[frame + size - 4:frame + size] = noise
        at = frame + size
    out.write(part)
PYTHON
    check_status 3 unshare -m bash -c 'mount -t tmpfs -o size=256k none "$1/small" && "$2" capture -r "$1/big.pcap" \
        -o "$1/small/t" --key-file "$1/key" --ledger "$1/ledger.json"; got=$?; "$2" inspect "$1/small/t" --format json \
        2>/dev/null | wc -l >"$1/kept"; exit $got' - "$work" "$REHEARSE"
    one_error_line 'No space left on device.*is kept'
    [ "$(cat "$work/kept")" -gt 100 ] || fail "only $(cat "$work/kept") exchanges were kept on the full disk"
    python3 - "$work/ledger.json" <<'PYTHON'
import json, sys
ledger = json.load(open(sys.argv[1]))
assert ledger["balances"] and ledger["requests"]["lost"]["disk"] > 0, ledger
PYTHON
fi
echo "every failure is one line, with its exit status, and what was recorded is kept"
