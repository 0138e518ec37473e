#!/bin/bash
# Claims: a live capture on loopback of a real nginx records every request that nginx logged, no other, with its status; packets
# that were in the ring when SIGTERM came are recorded; the ledger balances and agrees with nginx's own log, and so does its JSON;
# traffic that a replay sent is filtered and counted; the packets of another port are not seen.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
port=$(free_port)
start_nginx "$port"
"$REHEARSE" capture -i lo -p "$port" -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1
start_capture "$work/traffic" -i lo -p "$port" --ledger "$work/ledger.json" --unsanitized
: >"$work/nginx/access.log"
python3 - "$port" <<'PYTHON'
# 1500 requests: kept alive, pipelined, one a connection; GET, HEAD, POST; 200 and 404; small and large answers.
import socket, sys
port = int(sys.argv[1])
def connect():
    return socket.create_connection(("127.0.0.1", port), timeout=20)
def read_all(peer):
    while peer.recv(1 << 16):
        pass
def request(number, last, extra=b""):
    method, path = [(b"GET", b"/file"), (b"HEAD", b"/file"), (b"GET", b"/big"), (b"GET", b"/none"), (b"POST", b"/none")][number % 5]
    body = b"x" * (number % 3000) if method == b"POST" else b""
    return (method + b" " + path + b"?n=%d HTTP/1.1\r\nHost: test\r\n" % number + extra
            + (b"Content-Length: %d\r\n" % len(body) if method == b"POST" else b"")
            + (b"Connection: close\r\n" if last else b"") + b"\r\n" + body)
for batch in range(50):                     # 20 pipelined on each of 50 connections
    peer = connect()
    peer.sendall(b"".join(request(batch * 20 + i, i == 19) for i in range(20)))
    read_all(peer)
for number in range(1000, 1490):            # one a connection
    peer = connect()
    peer.sendall(request(number, True))
    read_all(peer)
for number in range(1490, 1500):            # sent by a replay
    peer = connect()
    peer.sendall(request(number, True, b"X-Rehearse-Run: 1\r\n"))
    read_all(peer)
PYTHON
stop_capture
grep -q '^requests .*seen 1500' "$work/capture.out" || { cat "$work/capture.out"; fail "the ledger does not say 1500 requests"; }
"$REHEARSE" inspect "$work/traffic" --format json >"$work/exchanges"
python3 - "$work" <<'PYTHON'
import collections, json, sys
work = sys.argv[1]
ledger = json.load(open(work + "/ledger.json"))
logged = collections.Counter(tuple(line.split()[:3]) for line in open(work + "/nginx/access.log"))
exchanges = [json.loads(line) for line in open(work + "/exchanges")]
found = collections.Counter((e["method"], e["path"], str(e["status"])) for e in exchanges)
filtered = {key: count for key, count in logged.items() if 1490 <= int(key[1].split("=")[1]) < 1500}
assert sum(logged.values()) == 1500, sum(logged.values())
assert logged - collections.Counter(filtered) == found, (logged - found, found - logged)
requests, responses, packets = ledger["requests"], ledger["responses"], ledger["packets"]
assert ledger["balances"] and ledger["loss_pct"] == 0, ledger
assert requests["seen"] == 1500 and requests["recorded"] == 1490 and requests["filtered"] == 10, requests
assert requests["seen"] == requests["recorded"] + requests["filtered"] + requests["sampled_out"] + sum(requests["lost"].values())
assert responses["seen"] == 1500 and responses["orphaned"] == 0, responses
assert packets["dropped_kernel"] == 0 and not packets["not_decoded"], packets
assert ledger["connections"]["seen"] == ledger["connections"]["complete"] == 550, ledger["connections"]
for e in exchanges:
    times = e["times_ns"]
    assert times[0] <= times[1] and times[2] <= times[3] and times[0] <= times[2], e
print("1500 requests agree with nginx's log")
PYTHON
