#!/bin/bash
# Claims: HTTP/2 is fired by ALPN and by prior knowledge, with and without TLS, bodies included: nginx sees each request
# once, as HTTP/2, with what was recorded, the requests of a session on one connection, those of a pool on one; as many
# streams are under way at once as requests were in the recording, those that overlapped on one recorded connection
# included. A connection that the target ends loses no request, uploads included, and repeats none. A target that speaks HTTP/1.1 alone is fired at in that, and the report says so. The report lists what was not as
# recorded. A target that resets streams or says what is not HTTP/2 makes failures of their kinds.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
tls=$(free_port) h2c=$(free_port) one=$(free_port) back=$(free_port) ending=$(free_port) brief=$(free_port)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 \
    -subj /CN=shop.test -addext subjectAltName=DNS:shop.test 2>/dev/null
mkdir "$work/nginx"
chmod 755 "$work" "$work/nginx"
cat >"$work/nginx.conf" <<CONF
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 1024; }
http {
    log_format seen '\$connection \$server_protocol \$request_method \$request_uri \$status "\$http_x_number" "\$http_accept" "\$host" \$content_length';
    client_body_temp_path $work/nginx/body; proxy_temp_path $work/nginx/proxy; fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi; scgi_temp_path $work/nginx/scgi;
    ssl_certificate $work/cert.pem; ssl_certificate_key $work/key.pem;
    client_max_body_size 1m;
    server { listen 127.0.0.1:$tls ssl http2; listen 127.0.0.1:$h2c http2; access_log $work/seen.log seen; location / { proxy_pass http://127.0.0.1:$back; } }
    server { listen 127.0.0.1:$ending http2; keepalive_requests 30; access_log $work/seen.log seen; location / { return 200 ok; } }
    server { listen 127.0.0.1:$brief ssl http2; keepalive_requests 5; access_log $work/seen.log seen; location / { proxy_pass http://127.0.0.1:$back; } }
    server { listen 127.0.0.1:$one ssl; access_log $work/seen.log seen; location / { proxy_pass http://127.0.0.1:$back; } }
}
CONF
# What nginx passes on to: waits where it is asked to, and knows how many requests were there at once.
python3 - "$back" "$work/most" "$REHEARSE_SOURCE/tests/integration" <<'PY' &
import sys, threading, time
sys.path.insert(0, sys.argv[3])
from replay_server import answer_of, serve
lock, now, most = threading.Lock(), 0, 0
def handle(head, fields, body):
    global now, most
    with lock:
        now += 1
        most = max(most, now) if now > 1 else 1
        open(sys.argv[2], "w").write(str(most))
    if b"/slow" in head:
        time.sleep(0.3)
    with lock:
        now -= 1
    answer, content = answer_of(200, b"ok %d" % len(body))
    return answer, b"" if head.startswith(b"HEAD") else content
serve(int(sys.argv[1]), handle)
PY
server=$!
nginx -c "$work/nginx.conf" 2>"$work/nginx.start" &
nginx=$!
on_exit "kill $nginx $server 2>/dev/null"
for port in $tls $h2c $one $back; do wait_for_port "$port"; done

generate() { # generate SLOW: exchanges; with SLOW 12 at a time on one recorded connection
    python3 - "$1" "$REHEARSE_SOURCE/tests/integration" <<'PY'
import sys
sys.path.insert(0, sys.argv[2])
from replay_server import answer_of, exchange
slow = sys.argv[1] == "slow"
for number in range(12 if slow else 140):
    method, body, fields = b"GET", b"", b""
    if number % 7 == 3:
        method, body = b"POST", b"a=%d" % number
    elif number % 7 == 4:
        method, body = b"PUT", b"x" * 100000
    elif number % 7 == 5:
        method = b"HEAD"
    if body:
        fields = b"Content-Length: %d\r\n" % len(body)
    head = method + (b" /slow" if slow else b" /quick") + b"?n=%d HTTP/1.1\r\nHost: shop.test\r\nX-Number: %d\r\nAccept: a, b\r\nAccept: c\r\nConnection: keep-alive\r\n" % (number, number)
    answer, content = answer_of(200, b"ok")
    exchange(sys.stdout.buffer, number * 1000, 0 if slow else number % 7, 200, head + fields + b"\r\n", body, b"", answer,
             b"" if method == b"HEAD" else content, 300000 if slow else 1000)
PY
}
for kind in quick slow; do
    generate $kind | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/$kind" --unsanitized
done

fire() { # fire KIND URL OPTION...
    local kind=$1 url=$2
    shift 2
    rm -rf "$work/run" "$work/most"
    : >"$work/seen.log"
    timeout 60 "$REHEARSE" replay "$work/$kind" --target "$url" -o "$work/run" --quiet --host recorded "$@" >"$work/out" 2>"$work/err" || true
    # how quick a server in Python is, is not what is tested
    grep -qE '^default: status findings = 0 +0 +pass' "$work/out" || { tail -n 20 "$work/out" "$work/err" >&2; fail "$kind $url $*"; }
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
}

check_seen() { # check_seen PROTOCOL CONNECTIONS: so many, or any (-)
    python3 - "$work/seen.log" "$1" "$2" <<'PY' || fail "nginx saw something else"
import sys
seen = [line.split() for line in open(sys.argv[1])]
assert {line[1] for line in seen} == {sys.argv[2]}, {line[1] for line in seen}
assert sys.argv[3] == "-" or len({line[0] for line in seen}) == int(sys.argv[3]), "%d connections" % len({line[0] for line in seen})
wanted = []
for number in range(140):
    method, size = "GET", "-"
    if number % 7 == 3:
        method, size = "POST", str(len("a=%d" % number))
    elif number % 7 == 4:
        method, size = "PUT", "100000"
    elif number % 7 == 5:
        method = "HEAD"
    wanted.append([method, "/quick?n=%d" % number, "200", '"%d"' % number, '"a,', 'b"', '"shop.test"', size])
assert sorted(wanted) == sorted(line[2:] for line in seen), "requests differ: %r" % [line for line in seen if line[2:] not in wanted][:3]
PY
}

fire quick "https://127.0.0.1:$tls" --http2 --ca-file "$work/cert.pem" --sni shop.test
check_seen HTTP/2.0 7
python3 - "$work/report.json" <<'PY' || fail "the report does not list what was not as recorded"
import json, sys
run = json.load(open(sys.argv[1]))["run"]
assert "HTTP/2 by ALPN" in run["sender"], run["sender"]
got = {item["rule"]: item["requests"] for item in run["deviations"]}
assert got.pop("TLS began with the connection's first request, not ahead of it", 0) <= 7  # none on a busy machine
hop = [rule for rule in got if "fields of the connection" in rule]
assert len(got) == 3 and got.pop(hop[0]) == 140, got
assert set(got.values()) == {140}, got
PY
fire quick "https://127.0.0.1:$tls" --http2 --insecure --connections 5 --speed max
check_seen HTTP/2.0 1
fire quick "https://127.0.0.1:$tls" --http2-prior-knowledge --insecure --threads 2
check_seen HTTP/2.0 7
fire quick "http://127.0.0.1:$h2c" --http2-prior-knowledge
check_seen HTTP/2.0 7
fire quick "http://127.0.0.1:$h2c" --http2-prior-knowledge --connections 5 --speed max
check_seen HTTP/2.0 1
fire quick "http://127.0.0.1:$ending" --http2-prior-knowledge --connections 3 --methods GET
grep -q '80 sent, 80 answered, 0 failed' "$work/out" || fail "lost at the end of a connection: $(grep Totals "$work/out")"
[ "$(cut -d' ' -f1 "$work/seen.log" | sort -u | wc -l)" -ge 3 ] || fail "the target ended no connection"
# One that ends a connection after five requests, while others are on their way: each is answered, and was looked at once.
fire quick "https://127.0.0.1:$brief" --http2 --insecure --connections 20
check_seen HTTP/2.0 -
grep -q '140 sent, 140 answered, 0 failed' "$work/out" || fail "lost at the ends of connections: $(grep -A5 -e Totals -e ^Failures "$work/out")"
fire quick "https://127.0.0.1:$one" --http2 --insecure
check_seen HTTP/1.1 7
grep -q 'HTTP/2 was asked for, the target chose HTTP/1.1' "$work/out" || fail "nothing says that it was HTTP/1.1"
for how in "https://127.0.0.1:$tls --http2 --insecure" "http://127.0.0.1:$h2c --http2-prior-knowledge"; do
    fire slow $how
    [ "$(cat "$work/most")" = 12 ] || fail "$how: $(cat "$work/most") requests at once instead of 12"
    [ "$(cut -d' ' -f1 "$work/seen.log" | sort -u | wc -l)" = 1 ] || fail "$how: not one connection"
done
fire slow "https://127.0.0.1:$one" --http2 --insecure # without streams, six connections at most
[ "$(cut -d' ' -f1 "$work/seen.log" | sort -u | wc -l)" -le 6 ] || fail "more than six connections of one session"

port=$(free_port)
python3 - "$port" <<'PY' &
import socket, struct, sys, threading
def frame(kind, flags, stream, body=b""):
    return struct.pack(">I", len(body))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + body
def exactly(client, size):
    data = b""
    while len(data) < size:
        part = client.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data
def serve(client): # answers each HEADERS with RST_STREAM, INTERNAL_ERROR
    try:
        exactly(client, 24)
        client.sendall(frame(4, 0, 0))
        while True:
            head = exactly(client, 9)
            exactly(client, int.from_bytes(head[:3], "big"))
            if head[3] == 1:
                client.sendall(frame(3, 0, int.from_bytes(head[5:], "big"), struct.pack(">I", 2)))
    except (OSError, EOFError):
        client.close()
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
PY
server=$!
on_exit "kill $server 2>/dev/null"
wait_for_port "$port"
check_status 1 timeout 60 "$REHEARSE" replay "$work/quick" --target "http://127.0.0.1:$port" -o "$work/reset" --quiet --http2-prior-knowledge \
    --count 5 --methods GET --abort-if off
grep -qE '^200 +reset +5 ' "$work/out" || fail "reset streams are not counted as that: $(grep -A8 Status "$work/out")"
check_status 1 timeout 60 "$REHEARSE" replay "$work/quick" --target "http://127.0.0.1:$back" -o "$work/not" --quiet --http2-prior-knowledge \
    --count 5 --methods GET --abort-if off
grep -qE '^200 +(malformed|reset|closed) +5 ' "$work/out" || fail "HTTP/1.1 where HTTP/2 was known: $(grep -A8 Status "$work/out")"
