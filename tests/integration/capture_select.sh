#!/bin/bash
# Claims, on a live capture of a real nginx: --select records the exchanges that match, judged by real values before they
# become pseudonyms, by head and by response, and counts the others; the ledger balances; nothing of the expression reaches the
# disk; a wrong expression ends with 2 and marks the place. inspect --select shows what matches. What a real replay sends
# through the capture is counted as such, and with --keep-replays recorded.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
port=$(free_port)
start_nginx "$port"
"$REHEARSE" capture -i lo -p "$port" -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

# ask COUNT: 10 users send COUNT requests each, each user on a connection of its own, with a session cookie: /file and /none.
ask() {
    python3 - "$port" "$1" <<'PYTHON'
import socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
for user in range(10):
    peer = socket.create_connection(("127.0.0.1", port), timeout=20)
    sent = b"".join(b"%s /%s?n=%d HTTP/1.1\r\nHost: shop.test\r\nCookie: sid=sekrit-of-user-%04d\r\n%s\r\n"
                    % (b"GET" if n % 2 else b"HEAD", b"file" if n % 3 else b"none", n, user,
                       b"Connection: close\r\n" if n == count - 1 else b"") for n in range(count))
    peer.sendall(sent)
    while peer.recv(1 << 16):
        pass
PYTHON
}

# By head and by response at once: 30 requests a user, 15 of them GET, 5 of those of /none.
start_capture "$work/one" -i lo -p "$port" --ledger "$work/one.json" \
    --select "cookie.sid ~ '^sekrit-of-user-000[0-3]$' && method == GET && status == 404"
ask 30
stop_capture
ledger "$work/one.json" 'requests["seen"] == 300 and requests["recorded"] == 20 and filtered == {"select": 280}'
[ "$(count one 'method == GET and status == 4xx and path == /none')" = 20 ] || fail "not the 20 that were selected"
[ "$(count one 'method != GET or status != 404')" = 0 ] || fail "others are recorded"
if grep -rq -e sekrit -e 'cookie.sid' "$work/one" "$work/one.json"; then fail "the expression is on the disk"; fi

# By head alone; from the environment.
REHEARSE_SELECT="path == /file && query.n in (1, 2)" start_capture "$work/two" -i lo -p "$port" --ledger "$work/two.json"
ask 30
stop_capture
ledger "$work/two.json" 'requests["recorded"] == 20 and filtered == {"select": 280}'
[ "$(count two "server == 127.0.0.1:$port && host == shop.test && latency < 1m")" = 20 ] || fail "not the 20 of the paths"

# Wrong ones.
check_status 2 "$REHEARSE" capture -i lo -p "$port" -o "$work/wrong" --select "method == GET && stauts == 500"
[ ! -e "$work/wrong" ] || fail "a wrong expression, and a folder"
printf '%s\n' "rehearse capture: --select, column 18: there is no field 'stauts'; did you mean 'status'?" \
    "rehearse capture:   method == GET && stauts == 500" "rehearse capture:                    ^^^^^^" >"$work/wanted"
diff "$work/wanted" "$work/err" || fail "not what was to be said of a wrong expression"
check_status 2 "$REHEARSE" inspect "$work/two" --select "status = 200"
grep -q "write ==" "$work/err" || fail "no hint"
check_status 0 "$REHEARSE" inspect "$work/two" --select "status == 599"
grep -q "no exchange matches" "$work/err" || fail "nothing matches, and nothing is said"
longest=$(printf 'status == 200 or %.0s' $(seq 20))
check_status 2 "$REHEARSE" inspect "$work/two" --select "${longest}flaag"
[ "$(tail -n 1 "$work/err" | tr -d -c '^')" = '^^^^^' ] || fail "the place in a long expression is not marked"

# A replay through the capture.
replay() { # what it says of so few is not the question
    "$REHEARSE" replay "$work/two" --target "http://127.0.0.1:$port" -o "$1" --speed 20 --allow-production >"$work/out" 2>&1 || true
    grep -q '20 sent, 20 answered' "$work/out" || { cat "$work/out" >&2; fail "the replay did not go through"; }
}
start_capture "$work/three" -i lo -p "$port" --ledger "$work/three.json"
ask 1
replay "$work/run1"
stop_capture
ledger "$work/three.json" 'requests["recorded"] == 10 and filtered == {"replay": 20}'
start_capture "$work/four" -i lo -p "$port" --ledger "$work/four.json" --keep-replays --select 'request.header.X-Rehearse-Run'
ask 1
replay "$work/run2"
stop_capture
ledger "$work/four.json" 'requests["recorded"] == 20 and filtered == {"select": 10}'
