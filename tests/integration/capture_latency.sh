#!/bin/bash
# Claims: the latency of a live capture is the latency that nginx itself measured: |latency - $request_time| is at most 2 ms, its
# step, in 99 % of exchanges (in one round, or of several, each exchange by its median), whatever takes the time: a slow upstream, a
# body in parts, a limited rate, a request sent slowly or after 100 Continue; for an early response nginx counts until the request
# was read. Times to first byte are no shorter than what the upstream waited, those of early responses are 0.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
port=$(free_port)
upstream=$(free_port)
mkdir -p "$work/nginx/html" "$work/nginx/tmp"
echo hello >"$work/nginx/html/file"
head -c 40000 /dev/zero | tr '\0' x >"$work/nginx/html/limited"
cat >"$work/nginx/nginx.conf" <<CONFIG
daemon off;
worker_processes 1;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
user root;
events { worker_connections 1024; }
http {
    log_format one '\$arg_n \$status \$request_time';
    access_log $work/nginx/access.log one;
    client_body_temp_path $work/nginx/tmp/a; proxy_temp_path $work/nginx/tmp/b; fastcgi_temp_path $work/nginx/tmp/c;
    uwsgi_temp_path $work/nginx/tmp/d; scgi_temp_path $work/nginx/tmp/e;
    server {
        listen 127.0.0.1:$port;
        root $work/nginx/html;
        location /limited { limit_rate 400k; }
        location /upstream { proxy_pass http://127.0.0.1:$upstream; proxy_buffering off; }
        location /refused { return 403 "no"; }
    }
}
CONFIG
nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>"$work/nginx/start.err" &
nginx_pid=$!
on_exit "kill $nginx_pid 2>/dev/null; wait $nginx_pid 2>/dev/null"
python3 "$(dirname "$0")/capture_latency.py" serve "$upstream" &
upstream_pid=$!
on_exit "kill $upstream_pid 2>/dev/null"
wait_for_port "$port"
wait_for_port "$upstream"
# A worker that waits for a processor reads late what came in time: where that is allowed, it goes before all others.
for worker in $(cat "/proc/$nginx_pid/task/$nginx_pid/children"); do chrt -f -p 1 "$worker" 2>/dev/null || true; done
"$REHEARSE" capture -i lo -p "$port" -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

# measure: one capture of all kinds of exchanges, held against nginx's log.
measure() {
    rm -rf "$work/traffic"
    start_capture "$work/traffic" -i lo -p "$port" --ledger "$work/ledger.json"
    : >"$work/nginx/access.log"
    python3 "$(dirname "$0")/capture_latency.py" ask "$port"
    local _
    for _ in $(seq 50); do # nginx writes its log when a request is over, and we have its answer before
        [ "$(wc -l <"$work/nginx/access.log")" -ge 360 ] && break
        sleep 0.1
    done
    stop_capture
    "$REHEARSE" inspect "$work/traffic" --format json >"$work/exchanges"
    python3 "$(dirname "$0")/capture_latency.py" compare "$work/exchanges" "$work/nginx/access.log" "$work/differences"
}

# A machine whose processors are taken away for milliseconds measures that, in nginx and in the capture: then once more, and each
# request is judged by the median of its rounds.
for round in 1 2 3 4 5 6 7 8 9; do
    measure || fail "not what nginx logged"
    [ $((round % 2)) = 1 ] || continue # of an even number there is no middle one
    got=0
    python3 "$(dirname "$0")/capture_latency.py" judge "$work/differences" || got=$?
    [ $got = 0 ] && exit 0
    [ $got = 3 ] || fail "the differences were not judged"
done
fail "more than 1 % of the latencies differ by more than 2 ms from nginx's, in the median of nine rounds"
