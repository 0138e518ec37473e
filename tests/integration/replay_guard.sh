#!/bin/bash
# Claims: traffic that was recorded from the target itself, be it the last exchange of a folder, is refused before anything is fired: by what the
# ends of sealed segments say, and by the records of those that do not say it or were not sealed.
source "$(dirname "$0")/lib.sh"
make_traffic="$REHEARSE_BUILD/tests/tools/make_traffic"
export REHEARSE work PYTHONDONTWRITEBYTECODE=1 PYTHONPATH="$REHEARSE_SOURCE/tests/integration"
"$make_traffic" "$work/other" --count 17000 --connections 50 --gap-us 1 --server 9 --start-ns 1700000000000000000
"$make_traffic" "$work/early" --count 10 --connections 2 --gap-us 1 --server 8080 --start-ns 1690000000000000000
"$make_traffic" "$work/late" --count 10 --connections 2 --gap-us 1 --server 8080 --start-ns 1700000100000000000
"$REHEARSE" sanitize "$work/late" -o "$work/told" --quiet >"$work/out" # ends that say it
cp -r "$work/late" "$work/cut"
for segment in "$work/cut"/*.seg; do # as one that was not sealed
    truncate -s -80 "$segment" && mv "$segment" "$segment.part"
done
unshare -rn true 2>/dev/null || { echo "SKIPPED: no network namespace of its own"; exit 77; }

# In a network of its own, whose loopback has the address that the traffic was recorded from.
cat >"$work/inside.sh" <<'INSIDE'
set -eu
ip link set lo up
ip addr add 192.0.2.10/32 dev lo
python3 -c '
import socketserver
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while self.rfile.readline():
            size = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                if line.lower().startswith(b"content-length:"):
                    size = int(line[15:])
            self.rfile.read(size)
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
class Server(socketserver.ThreadingTCPServer):
    daemon_threads, request_queue_size = True, 1000
Server(("192.0.2.10", 8080), Handler).serve_forever()' &
server=$!
trap 'kill $server' EXIT
for i in $(seq 100); do
    (exec 3<>/dev/tcp/192.0.2.10/8080) 2>/dev/null && break
    sleep 0.05
done
for when in early late told cut; do
    status=0
    "$REHEARSE" replay "$work/other" "$work/$when" --target http://192.0.2.10:8080 --speed max --abort-if off --quiet \
        -o "$work/run-$when" >"$work/out" 2>"$work/err-$when" || status=$?
    echo "$status" >"$work/status-$when"
done
INSIDE
timeout 100 unshare -rn bash "$work/inside.sh" || fail "the part in a network of its own"
for when in early late told cut; do
    [ "$(cat "$work/status-$when")" = 2 ] || { cat "$work/err-$when" >&2; fail "$when: status $(cat "$work/status-$when")"; }
    cp "$work/err-$when" "$work/err"
    one_error_line 'recorded from 192.0.2.10:8080'
    [ ! -e "$work/run-$when" ] || fail "$when: a refused run leaves a folder"
done
