#!/bin/bash
# Claims, on a live capture of a real nginx: --sample keeps whole users, about the share that was asked for, the same ones in two
# captures under one key, and all of a smaller sample in a larger one; --sample-by takes other things; the ledger balances.
# --server takes what the named addresses answer and nothing else; without --ports the ports with HTTP are named, in the
# ledger too, and what is not HTTP is counted as such.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
port=$(free_port)
start_nginx "$port"
"$REHEARSE" capture -i lo -p "$port" -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

# ask: 200 users on ten connections send 6 requests each, mixed, each user with a session cookie and a number in the query.
ask() {
    python3 - "$port" <<'PYTHON'
import socket, sys
for lane in range(10):
    peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=20)
    peer.sendall(b"".join(b"GET /file?u=%d&n=%d HTTP/1.1\r\nHost: shop.test\r\nCookie: theme=dark; sid=sekrit-of-user-%04d\r\n%s\r\n"
                          % (user, n, user, b"Connection: close\r\n" if (n, user) == (5, 190 + lane) else b"")
                          for n in range(6) for user in range(lane, 200, 10)))
    while peer.recv(1 << 16):
        pass
PYTHON
}

# users FOLDER: the users in it, each with its number of requests.
users() { "$REHEARSE" inspect "$work/$1" --format json | sed -n 's/.*"path":"[^"]*?u=\([0-9]*\).*/\1/p' | sort | uniq -c; }

sampled() { # sampled FOLDER ARGUMENT...
    start_capture "$work/$1" -i lo -p "$port" --ledger "$work/$1.json" "${@:2}"
    ask
    stop_capture
    ledger "$work/$1.json" 'requests["seen"] == 1200 and requests["sampled_out"] > 0 and requests["filtered"] == 0'
    users "$1" >"$work/$1.users"
}
sampled half --sample 50%
sampled again --sample 50%
sampled tenth --sample 10% --sample-by session
sampled named --sample 50% --sample-by cookie:sid
[ -z "$(awk '$1 != 6' "$work/half.users")" ] || fail "users are in it by parts"
in_half=$(wc -l <"$work/half.users")
[ "$in_half" -ge 60 ] && [ "$in_half" -le 140 ] || fail "half of 200 users are $in_half"
cmp "$work/half.users" "$work/again.users" || fail "a second capture under this key samples other users"
cmp "$work/half.users" "$work/named.users" || fail "the session cookie is not the one called sid"
in_tenth=$(wc -l <"$work/tenth.users")
[ "$in_tenth" -ge 4 ] && [ "$in_tenth" -lt "$in_half" ] || fail "a tenth of 200 users are $in_tenth"
[ "$(sort "$work/tenth.users" "$work/half.users" | uniq -d | wc -l)" = "$in_tenth" ] || fail "who is in at 10% is not in at 50%"

# Selected and sampled, each is counted once.
check_status 2 "$REHEARSE" capture -i lo -p "$port" -o "$work/no" --sample-by users
one_error_line "sample-by 'users': wanted session, connection"
start_capture "$work/both" -i lo -p "$port" --ledger "$work/both.json" --sample 50% --sample-by exchange --select 'query.n == 3'
ask
stop_capture
ledger "$work/both.json" 'filtered == {"select": 1000} and 50 < requests["recorded"] < 150 and requests["sampled_out"] > 50'

# Servers: nginx listens on 127.0.0.1 and 127.0.0.2; what goes between other addresses is not taken, and neither is what the
# named one asks itself.
ask_from() { curl -s --interface "$1" "http://$2:$port/file?from=$1&to=$2" -o /dev/null; }
start_capture "$work/five" -i lo -p "$port" --ledger "$work/five.json" --server 127.0.0.2/31
ask_from 127.0.0.1 127.0.0.2
ask_from 127.0.0.2 127.0.0.1
ask_from 127.0.0.1 127.0.0.1
stop_capture
ledger "$work/five.json" 'requests["seen"] == requests["recorded"] == 1 and ledger["packets"]["not_decoded"]["other_server"] > 5'
[ "$(count five "server == 127.0.0.2:$port and query.to == 127.0.0.2")" = 1 ] || fail "not the request to the server"

# Every port: a server on another port, something that is not HTTP on a third.
other=$(free_port)
opaque=$(free_port)
python3 - "$opaque" <<'PYTHON' &
import socket, sys
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
for _ in range(2):
    peer = listener.accept()[0]
    peer.sendall(b"SSH-2.0-test\r\n")
    peer.recv(100)
    peer.close()
PYTHON
opaque_pid=$!
on_exit "kill $opaque_pid 2>/dev/null"
python3 -m http.server --bind 127.0.0.1 --directory "$work/nginx/html" "$other" >/dev/null 2>&1 &
other_pid=$!
on_exit "kill $other_pid 2>/dev/null"
wait_for_port "$other"
start_capture "$work/six" -i lo --ledger "$work/six.json" --server 127.0.0.1
ask
curl -s "http://127.0.0.1:$other/file" -o /dev/null
curl -s -m 5 "http://127.0.0.1:$opaque/" -o /dev/null || true
stop_capture
ledger "$work/six.json" "requests['ports']['$port'] == 1200 and requests['ports']['$other'] == 1 and ledger['connections']['not_http']['ssh'] >= 1"
grep -q "HTTP was seen on ports .*$port (1200 requests)" "$work/capture.err" || { cat "$work/capture.err"; fail "the ports are not named"; }
