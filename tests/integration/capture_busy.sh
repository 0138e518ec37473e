#!/bin/bash
# Claims: on a machine where others take every processor, a live capture, which waits for what they leave over, still takes each packet
# of a moderate stream: nothing is dropped, each request that nginx answered is recorded with its answer.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
port=$(free_port)
start_nginx "$port"
"$REHEARSE" key --new "$work/key" >/dev/null
start_capture "$work/traffic" -i lo -p "$port" --ledger "$work/ledger.json"
for _ in 1 2 3 4 5 6; do # in sessions of their own, as other services are
    setsid timeout 60 sh -c 'while :; do :; done' &
    on_exit "kill $! 2>/dev/null"
done
python3 - "$port" <<'ASK'
import http.client, sys, time
peer = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
for number in range(1200):
    peer.request("GET", f"/file?{number}")
    assert peer.getresponse().read() == b"hello\n"
    time.sleep(0.002)
ASK
stop_capture
ledger "$work/ledger.json" 'ledger["packets"]["dropped_kernel"] == 0 and requests["recorded"] == 1200 and not requests["flags"]'
