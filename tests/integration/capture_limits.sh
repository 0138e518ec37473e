#!/bin/bash
# Claims:
# - no body ends a recording: one whose pseudonyms outgrow a record, and two that do so together, are dropped and counted, and what comes
#   after them is recorded; --max-body beyond what a record holds is refused;
# - a ledger that cannot be written is known before anything is recorded;
# - where standard output is full or closed the exit status is 3, one line says why, and the recording is whole;
# - a message is one line (or one JSON object) without control bytes, whatever a name holds; so are messages about wrong options;
# - a recording that holds nothing says what to check.
. "$(dirname "$0")/lib.sh"
capture() { "$REHEARSE" capture --key-file "$work/key" "$@"; }
paths() { "$REHEARSE" inspect "$1" --format json | python3 -c 'import json, sys
for line in sys.stdin: print(json.loads(line)["path"])'; }

python3 - "$work" <<'PYTHON'
import gzip, struct, sys
def write(name, conversations, port=20000):
    out = open(sys.argv[1] + "/" + name, "wb")
    out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
    clock = [0]
    def packet(source, destination, sequence, ack, flags, payload=b""):
        tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, ack, 0x50, flags, 65535, 0, 0) + payload
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source[0]), bytes(destination[0]))
        frame = b"\2" * 12 + b"\x08\x00" + ip + tcp
        clock[0] += 1
        out.write(struct.pack("<IIII", 1700000000, clock[0], len(frame), len(frame)) + frame)
    for number, (request, response) in enumerate(conversations):
        client, server = ((10, 0, 0, 1), port + number), ((10, 0, 0, 2), 80)
        packet(client, server, 1, 0, 2)
        packet(server, client, 1, 2, 0x12)
        for at in range(0, len(request), 60000):
            packet(client, server, 2 + at, 2, 0x18, request[at:at + 60000])
        for at in range(0, len(response), 60000):
            packet(server, client, 2 + at, 2 + len(request), 0x18, response[at:at + 60000])
        packet(client, server, 2 + len(request), 2 + len(response), 0x11)
        packet(server, client, 2 + len(response), 3 + len(request), 0x11)
def post(path, body, kind, more=b""):
    return b"POST %s HTTP/1.1\r\nHost: h\r\nContent-Type: %s\r\n%sContent-Length: %d\r\n\r\n" % (path, kind, more, len(body)) + body
def answer(body=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
form = gzip.compress(b"&".join(b"token=%d" % (i % 10) for i in range(1800000)))
large = b'{"a":"' + b"x" * (32 << 20) + b'"}'
large = large[:(32 << 20) - 2] + b'"}'
after = (b"GET /after HTTP/1.1\r\nHost: h\r\n\r\n", answer())
write("grows.pcap", [(post(b"/grows", form, b"application/x-www-form-urlencoded", b"Content-Encoding: gzip\r\n"), answer()), after])
write("large.pcap", [(post(b"/large", large, b"application/json"), answer(large)), after])
write("none.pcap", [(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + bytes(111))])
write("small.pcap", [after], 30000)
PYTHON
check_status 0 "$REHEARSE" capture -r "$work/small.pcap" -o "$work/small" --new-key-file "$work/key"

echo "== bodies"
check_status 0 capture -r "$work/grows.pcap" -o "$work/grows"
grep -q 'dropped (limit 1)' "$work/out" || fail "the body that grows is not counted as dropped"
[ "$(paths "$work/grows")" = $'/grows\n/after' ] || fail "a body that grows ended the recording"
[ "$("$REHEARSE" inspect "$work/grows" --format json | grep -c request_body_digest)" = 1 ] || fail "a body that grows leaves no digest"
check_status 0 capture -r "$work/large.pcap" -o "$work/large" --unsanitized --max-body 32M
[ "$(paths "$work/large")" = $'/large\n/after' ] || fail "two large bodies ended the recording"
grep -q 'bodies *kept 1, dropped (limit 1)' "$work/out" || fail "not one of two bodies of 32 MiB was kept"
check_status 0 "$REHEARSE" verify "$work/grows" "$work/large"
for size in 0 33M 1000G; do
    check_status 2 capture -r "$work/small.pcap" -o "$work/t" --max-body $size
    one_error_line '\-\-max-body: wanted 1 to 32M'
done
check_status 2 capture -r "$work/small.pcap" -o ""
one_error_line '\-\-output TRAFFIC is missing'

echo "== what cannot be written"
check_status 3 capture -r "$work/small.pcap" -o "$work/t" --ledger "$work/nowhere/ledger.json"
one_error_line '\-\-ledger .*nowhere/ledger.json: No such file'
[ ! -s "$work/out" ] && [ ! -e "$work/t" ] || fail "a capture began whose ledger cannot be written"
got=0
capture -r "$work/small.pcap" -o "$work/full" >/dev/full 2>"$work/err" || got=$?
[ $got = 3 ] || fail "exit status $got where standard output is full"
one_error_line 'cannot write to standard output'
got=0
capture -r "$work/small.pcap" -o "$work/closed" <&- >&- 2>"$work/err" || got=$?
[ $got = 3 ] || fail "exit status $got where standard output is closed"
one_error_line 'cannot write to standard output'
capture -r "$work/small.pcap" -o "$work/closed" --log-format json <&- >&- 2>&- || true
check_status 0 "$REHEARSE" verify "$work/full" "$work/closed"
[ "$(paths "$work/closed")" = $'/after\n/after' ] || fail "the recording without standard files is not whole"

echo "== messages"
name=$'a\033[31m\nb\302\233\377"\\.pcap'
check_status 3 capture -r "$work/$name" -o "$work/t"
one_error_line 'a\\x1b\[31m\\x0ab.*: No such file'
! LC_ALL=C grep -q $'[\001-\011\013-\037\177-\377]' "$work/err" || fail "a control byte in a message"
check_status 3 capture -r "$work/$name" -o "$work/t" --log-format json
python3 -c 'import json, sys; assert json.load(open(sys.argv[1], encoding="utf-8"))["level"] == "error"' "$work/err" ||
    fail "the message is no JSON"
check_status 2 capture --log-format json --no-such-option
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/err" || fail "a message about a wrong option is no JSON"
REHEARSE_LOG_FORMAT=json check_status 2 capture --count x
python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$work/err" || fail "a message about a wrong value is no JSON"

echo "== nothing recorded"
check_status 0 capture -r "$work/small.pcap" -o "$work/t" --filter 'port 81'; one_error_line 'no packet came by'
check_status 0 capture -r "$work/small.pcap" -o "$work/t" --ports 81; one_error_line 'no HTTP request was seen: check --ports'
check_status 0 capture -r "$work/none.pcap" -o "$work/t"; one_error_line 'no HTTP request was seen, but tls'
check_status 0 capture -r "$work/small.pcap" -o "$work/t" -p 80; [ ! -s "$work/err" ] || fail "a good capture says something"
check_status 0 capture -r "$work/small.pcap" -o "$work/named"; one_error_line 'HTTP was seen on port 80 \(1 request\)$'
"$REHEARSE" inspect "$work/t" >"$work/out" 2>"$work/err"
[ "$(wc -l <"$work/out")" = 2 ] && [ ! -s "$work/err" ] || fail "inspect does not show one exchange alone"
check_status 0 capture -r "$work/small.pcap" -o "$work/empty" --ports 81
check_status 0 "$REHEARSE" inspect "$work/empty"; one_error_line 'no exchange was recorded'

echo "== several files"
check_status 0 capture -o "$work/two" -r "$work/grows.pcap" "$work/small.pcap"
check_status 0 capture -o "$work/twice" -r "$work/small.pcap" -r "$work/grows.pcap"
[ "$(paths "$work/two" | sort | tr "\n" " ")" = "/after /after /grows " ] && [ "$(paths "$work/twice" | wc -l)" = 3 ] || fail "files after --read are not read"
check_status 2 capture -o "$work/t" -i lo -p 80 "$work/small.pcap"; one_error_line 'small.pcap. is one argument too many'
echo "nothing that is captured, named or closed ends a recording badly"
