#!/bin/bash
# Claims: both senders agree. Each recorded request arrives once with either, byte for byte but for what the report of the
# second sender lists, with the counts that the requests themselves give; with recorded connections and with a pool, in
# two threads and in the closed loop. Against nginx both see the same statuses, bytes and kinds of failure, nginx sees the same
# requests and connections, and neither verdict has a finding. What is asked for and cannot go together is refused.
source "$(dirname "$0")/lib.sh"
oracle="$REHEARSE_SOURCE/tests/integration/replay_bytes.py"
export PYTHONDONTWRITEBYTECODE=1
# libcurl must not hear of these:
export http_proxy=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 ALL_PROXY=socks5://127.0.0.1:1

one() { # one KIND POOLED OPTION...: replays traffic of KIND by libcurl and checks what arrived
    local kind=$1 pooled=$2 port server
    shift 2
    port=$(free_port)
    rm -rf "$work/run" "$work/arrived"
    python3 "$oracle" serve "$port" "$work/arrived" &
    server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
    check_replay 0 timeout 120 "$REHEARSE" replay "$work/$kind" --target "http://127.0.0.1:$port" -o "$work/run" --quiet \
        --sender curl "$@"
    grep -q 'read 300 = 300 fired + 0 filtered' "$work/out" || fail "the ledger does not balance: $(grep Ledger "$work/out")"
    python3 "$oracle" check "$kind" "$work/arrived" "$port" "$pooled" curl || fail "$kind $pooled $*"
    kill $server
    wait $server 2>/dev/null || true
}

for kind in plain coded; do
    python3 "$oracle" generate $kind | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/$kind" --unsanitized
done
one plain recorded
cp "$work/out" "$work/plain.out"
"$REHEARSE" report "$work/run" --format json >"$work/report.json"
python3 - "$oracle" "$work/report.json" <<'PY' || fail "the deviations are not those of the requests"
import importlib.util, json, os, re, sys
sys.path.insert(0, os.path.dirname(sys.argv[1]))
spec = importlib.util.spec_from_file_location("replay_bytes", sys.argv[1])
oracle = importlib.util.module_from_spec(spec)
spec.loader.exec_module(oracle)
wanted = {"Host was sent first and spelled `Host`": 0, "a chunked body was cut into chunks anew": 0,
          "a trailer was sent with one space after its colon": 0,
          "white space in place of an empty field value was left out": 0}
for _, head, body, trailers in oracle.requests("plain"):
    wanted["Host was sent first and spelled `Host`"] += not head.split(b"\r\n")[1].startswith(b"Host:")
    wanted["a chunked body was cut into chunks anew"] += b"Transfer-Encoding" in head
    wanted["a trailer was sent with one space after its colon"] += b"X-More:2" in trailers
    wanted["white space in place of an empty field value was left out"] += re.search(rb"X-Empty:[ \t]+\r", head) is not None
run = json.load(open(sys.argv[2]))["run"]
assert run["sender"].startswith("libcurl "), run["sender"]
got = {item["rule"]: item["requests"] for item in run["deviations"]}
assert got == wanted, "%r\ninstead of\n%r" % (got, wanted)
PY
grep -q 'sender: libcurl .*HTTP/1.1' "$work/plain.out" || fail "the report does not say what fired"
grep -q 'not as recorded, in [0-9]* requests: Host was sent first' "$work/plain.out" || fail "the report lists no deviations"
one coded recorded --speed 3 --threads 2
one plain pooled --rate 1000 --connections 5
one coded pooled --speed max --concurrency 3 --connections 2

# nginx: statuses, lengths, a connection that is closed, one that never answers, and one answer that is cut.
port=$(free_port)
mkdir "$work/nginx"
chmod 755 "$work" "$work/nginx" # nginx reads as nobody
head -c 200000 /dev/zero | tr '\0' x >"$work/nginx/large"
cat >"$work/nginx.conf" <<CONF
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 1024; }
http {
    log_format seen '\$connection \$request_method \$request_uri \$status \$body_bytes_sent \$request_length "\$http_x_number" "\$http_accept" "\$content_length"';
    access_log $work/seen.log seen;
    client_body_temp_path $work/nginx/body; proxy_temp_path $work/nginx/proxy; fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi; scgi_temp_path $work/nginx/scgi;
    keepalive_requests 7;
    server {
        listen 127.0.0.1:$port;
        root $work/nginx;
        location /ok { return 200 "fine\n"; }
        location /moved { return 302 /ok; }
        location /gone { return 410; }
        location /empty { return 204; }
        location /close { return 444; }
        location /post { if (\$request_method = POST) { return 201 "made"; } return 405; }
    }
}
CONF
nginx -c "$work/nginx.conf" 2>"$work/nginx.start" &
nginx=$!
on_exit "kill $nginx 2>/dev/null"
wait_for_port "$port"
python3 - >"$work/nginx.exchanges" <<PY
import sys
sys.path.insert(0, "$REHEARSE_SOURCE/tests/integration")
from replay_server import answer_of, exchange
paths = [(b"/ok", 200), (b"/moved", 302), (b"/gone", 410), (b"/empty", 204), (b"/large", 200), (b"/post", 201), (b"/nowhere", 404)]
for number in range(210):
    path, status = paths[number % 7]
    method = b"POST" if path == b"/post" else b"HEAD" if number % 5 == 0 else b"GET"
    body = b"a=%d" % number if method == b"POST" else b""
    head = method + b" " + path + b"?n=%d HTTP/1.1\r\nHost: shop\r\nX-Number: %d\r\n" % (number, number)
    head += b"Content-Length: %d\r\n" % len(body) if body else b""
    answer, content = answer_of(status, b"x")
    exchange(sys.stdout.buffer, number * 1000, number % 9, status, head + b"\r\n", body, b"", answer, b"" if method == b"HEAD" else content)
PY
"$REHEARSE_BUILD/tests/tools/make_recorded" "$work/both" --unsanitized <"$work/nginx.exchanges"
for sender in http1 curl; do
    : >"$work/seen.log"
    check_replay 0 timeout 60 "$REHEARSE" replay "$work/both" --target "http://127.0.0.1:$port" -o "$work/run-$sender" --quiet --sender $sender
    grep -q 'No findings' "$work/out" || fail "$sender: findings"
    "$REHEARSE" report "$work/run-$sender" --format json >"$work/$sender.json" || [ $? = 5 ] # the sender may have fallen behind
    cut -d' ' -f2- "$work/seen.log" | sort >"$work/$sender.seen"
    cut -d' ' -f1 "$work/seen.log" | sort | uniq -c | awk '{print $1}' | sort -n >"$work/$sender.connections"
done
[ "$(wc -l <"$work/curl.seen")" = 210 ] || fail "nginx saw $(wc -l <"$work/curl.seen") requests"
diff "$work/http1.seen" "$work/curl.seen" >&2 || fail "nginx saw other requests"
diff "$work/http1.connections" "$work/curl.connections" >&2 || fail "nginx saw requests on other connections"
python3 - "$work" <<'PY' || fail "the two reports differ"
import json, sys
http1, curl = (json.load(open("%s/%s.json" % (sys.argv[1], name))) for name in ("http1", "curl"))
for name in ("answered", "failed", "status_changed", "worse", "better", "pairs", "redirected", "interim"):
    assert http1["totals"][name] == curl["totals"][name], name
assert http1["ledger"] == curl["ledger"]
statuses = lambda report: {e["endpoint"]: e.get("status", e.get("matrix")) for e in report["endpoints"]}
assert statuses(http1) == statuses(curl)
PY

refused() { # refused PATTERN OPTION...
    local pattern=$1
    shift
    check_status 2 "$REHEARSE" replay "$work/both" -o "$work/refused" "$@"
    one_error_line "$pattern"
}
refused 'needs --sender curl' --target http://127.0.0.1:1 --sender http1 --http2-prior-knowledge
refused 'needs an https:// target' --target http://127.0.0.1:1 --http2
refused 'exclude each other' --target https://127.0.0.1:1 --http2 --http2-prior-knowledge
refused 'key needs --cert' --target https://127.0.0.1:1 --key "$work/nowhere"
refused 'cert needs an https:// target' --target http://127.0.0.1:1 --cert "$work/nginx.conf"
refused '--cert .*nowhere' --target https://127.0.0.1:1 --cert "$work/nowhere"
refused 'no proxy leads to a unix socket' --target "unix:$work/s" --proxy 127.0.0.1:1
refused 'must begin with http://' --target http://127.0.0.1:1 --proxy ftp://127.0.0.1:1
