#!/bin/bash
# Claims: four thousand connections that are open at once on loopback, each in the middle of an exchange, are all recorded whole;
# with too little --memory for them the rest is counted as evicted, and the capture goes on.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
[ "$(ulimit -Hn)" -ge 10000 ] || { echo "SKIPPED: too few file descriptors"; trap - EXIT; rm -rf "$work"; exit 77; }
port=$(free_port)
start_nginx "$port"
"$REHEARSE" capture -i lo -p "$port" -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1
cat >"$work/many.py" <<'PYTHON'
import resource, socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
peers = []
for number in range(count):
    peer = socket.create_connection(("127.0.0.1", port), timeout=60)
    peer.sendall(b"GET /file?n=%d HTTP/1.1\r\nHost: te" % number)       # half a head, on every connection
    peers.append(peer)
for peer in peers:
    peer.sendall(b"st\r\nConnection: close\r\n\r\n")
for peer in peers:
    answer = b""
    while part := peer.recv(65536):
        answer += part
    assert answer.startswith(b"HTTP/1.1 200"), answer
    peer.close()
PYTHON
start_capture "$work/traffic" -i lo -p "$port" --ledger "$work/ledger.json"
python3 "$work/many.py" "$port" 4000
stop_capture
"$REHEARSE" inspect "$work/traffic" --format json >"$work/exchanges"
python3 - "$work" <<'PYTHON'
import json, sys
work = sys.argv[1]
ledger = json.load(open(work + "/ledger.json"))
exchanges = [json.loads(line) for line in open(work + "/exchanges")]
assert len(exchanges) == 4000 and len({e["connection"] for e in exchanges}) == 4000, len(exchanges)
assert {e["path"] for e in exchanges} == {f"/file?n={n}" for n in range(4000)}
assert all(e["status"] == 200 and not e["flags"] for e in exchanges)
assert ledger["balances"] and ledger["connections"]["complete"] == 4000 and ledger["bytes"]["gap"] == 0, ledger
PYTHON
start_capture "$work/few" -i lo -p "$port" --ledger "$work/few.json" --memory 1M
python3 "$work/many.py" "$port" 2000
stop_capture
python3 - "$work/few.json" <<'PYTHON'
import json, sys
ledger = json.load(open(sys.argv[1]))
assert ledger["balances"] and ledger["connections"]["evicted"] >= 1400, ledger
PYTHON
grep -q 'raise --memory' "$work/capture.err" || fail "evicted connections were not warned of"
echo "4000 connections at once were recorded"

# Any number of ports is taken at once: as ranges, and where they are too many for the kernel's filter, by the flow table.
for ports in "1-1024" "$port,$(seq -s, 1 7 3500)"; do
    check_status 0 timeout 60 "$REHEARSE" capture -i lo -p "$ports" -o "$work/ports" --key-file "$work/key" --duration 100ms
done
start_capture "$work/ports" -i lo -p "$(seq -s, 1 7 3500),$port" --ledger "$work/ports.json"
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'GET /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' >&3
cat <&3 >/dev/null
exec 3>&-
stop_capture
python3 -c 'import json, sys; assert json.load(open(sys.argv[1]))["requests"]["recorded"] == 1' "$work/ports.json" ||
    fail "the request to one of many ports is not recorded"
echo "many ports are taken"
