#!/bin/bash
# Claims:
# - a disk that does not take writes for a while (frozen) does not hold up a live capture: packets are taken, exchanges beyond the
#   queue are shed and counted, the others are recorded once the disk goes on;
# - a full disk does not end a live capture: what could not be written is counted, and recording goes on by itself when there is room;
# - the ledger balances in both, and what was recorded is sound;
# - offline, a full disk ends the capture with 3, and what was recorded before is kept.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
check_status 0 "$REHEARSE" capture -i lo -p 1 -o "$work/probe" --duration 1ms --new-key-file "$work/key"
mkdir "$work/disk"
truncate -s 24M "$work/image"
if ! { mkfs.ext4 -q -O ^has_journal "$work/image" && mount -o loop "$work/image" "$work/disk"; } 2>"$work/err"; then
    echo "SKIPPED: no loop device to mount: $(cat "$work/err")"
    exit 77
fi
on_exit "fsfreeze -u '$work/disk' 2>/dev/null; umount '$work/disk'"
port=$(free_port)
python3 - "$port" >/dev/null 2>&1 <<'PYTHON' &
import os, random, socketserver, sys
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            size = 0
            line = self.rfile.readline()
            if not line:
                return
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            body = b'["' + os.urandom(30000).hex().encode() + b'"]'
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
server=$!
on_exit "kill $server 2>/dev/null"
wait_for_port "$port"
load() { # load REQUESTS: 60 kB each, on one connection
    curl -sf -o /dev/null "http://127.0.0.1:$port/[1-$1]"
}
ledger() { python3 -c "import json, sys
l = json.load(open('$work/ledger.json'))
print(l$1)"; }
settled() { # settled: waits until the capture took all packets of the load: its progress does not move any more
    sleep 1.5
}

echo "== frozen"
start_capture "$work/disk/frozen" -i lo -p "$port" --ledger "$work/ledger.json" --buffer 256M
fsfreeze -f "$work/disk"
load 1200 # 72 MB: more than the queue of 32 MiB holds
settled
fsfreeze -u "$work/disk"
sleep 1
load 10
settled
stop_capture
[ "$(ledger '["balances"]')" = True ] || fail "the ledger does not balance"
[ "$(ledger '["requests"]["seen"]')" = 1210 ] || fail "seen $(ledger '["requests"]["seen"]') of 1210 requests"
[ "$(ledger '["requests"]["lost"]["queue"]')" -gt 100 ] || fail "nothing was shed: $(ledger '["requests"]')"
recorded=$(ledger '["requests"]["recorded"]')
[ "$recorded" -gt 300 ] || fail "only $recorded exchanges recorded"
check_status 0 "$REHEARSE" verify "$work/disk/frozen"
[ "$("$REHEARSE" inspect -q "$work/disk/frozen" --format json | wc -l)" = "$recorded" ] || fail "not all that was counted is there"
rm -r "$work/disk/frozen"

echo "== full"
start_capture "$work/disk/full" -i lo -p "$port" --ledger "$work/ledger.json" --buffer 256M
fallocate -l 16M "$work/disk/other" 2>/dev/null || head -c 16M /dev/zero >"$work/disk/other"
load 600 # 36 MB of hex digits, about 18 MB compressed: more than there is room for
for _ in $(seq 200); do grep -q 'exchanges are lost and counted' "$work/capture.err" && break; sleep 0.1; done
grep -q 'exchanges are lost and counted until it can be written again' "$work/capture.err" || fail "the full disk is not said: $(cat "$work/capture.err")"
rm "$work/disk/other"
sleep 0.5
load 20
settled
stop_capture
grep -q 'recording goes on' "$work/capture.err" || fail "that recording goes on is not said: $(cat "$work/capture.err")"
[ "$(ledger '["balances"]')" = True ] || fail "the ledger does not balance"
[ "$(ledger '["requests"]["seen"]')" = 620 ] || fail "seen $(ledger '["requests"]["seen"]') of 620 requests"
[ "$(ledger '["requests"]["lost"]["disk"]')" -gt 0 ] || fail "nothing was lost for the full disk: $(ledger '["requests"]')"
recorded=$(ledger '["requests"]["recorded"]')
check_status 0 "$REHEARSE" verify "$work/disk/full"
[ "$("$REHEARSE" inspect -q "$work/disk/full" --format json | wc -l)" = "$recorded" ] || fail "not all that was counted is there"
rm -r "$work/disk/full"

echo "== full, offline"
tcpdump -q -i lo -s 0 -B 65536 -w "$work/in.pcap" "tcp port $port" 2>"$work/tcpdump.err" &
dump=$!
for _ in $(seq 50); do grep -q 'listening on' "$work/tcpdump.err" && break; sleep 0.1; done
load 1000
sleep 1
kill -INT $dump
wait $dump || true
check_status 3 "$REHEARSE" capture -r "$work/in.pcap" -o "$work/disk/offline" --ledger "$work/ledger.json"
grep -q 'what was recorded before is kept' "$work/err" || fail "the full disk is not said: $(cat "$work/err")"
[ "$(ledger '["balances"]')" = True ] || fail "the ledger does not balance"
[ "$(ledger '["requests"]["recorded"]')" -gt 0 ] || fail "nothing was recorded before the disk was full"
echo "a disk that is slow or full costs what stands in the ledger, and nothing else"
