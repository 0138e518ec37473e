# Shared by the live capture tests: nginx with an access log of its own, and a capture on loopback. Source it after lib.sh.

# need_capture: skips the test where this user may not capture on lo.
need_capture() {
    local got=0
    timeout 20 "$REHEARSE" capture -i lo -p 1 -o "$work/probe" --duration 1ms >/dev/null 2>"$work/err" || got=$?
    if [ "$got" != 0 ] && grep -q 'no privilege' "$work/err"; then
        echo "SKIPPED: no privilege to capture on lo"
        trap - EXIT
        rm -rf "$work"
        exit 77
    fi
}

# start_nginx PORT: serves /file, /big (60 kB) and 404 for the rest; its log is $work/nginx/access.log, one request a line.
start_nginx() {
    local port=$1
    mkdir -p "$work/nginx/html" "$work/nginx/tmp"
    echo "hello" >"$work/nginx/html/file"
    head -c 60000 /dev/zero | tr '\0' 'x' >"$work/nginx/html/big"
    cat >"$work/nginx/nginx.conf" <<CONFIG
daemon off;
worker_processes 1;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
user root;
events { worker_connections 16384; }
http {
    log_format one '\$request_method \$request_uri \$status \$connection_requests';
    access_log $work/nginx/access.log one;
    client_body_temp_path $work/nginx/tmp/a; proxy_temp_path $work/nginx/tmp/b; fastcgi_temp_path $work/nginx/tmp/c;
    uwsgi_temp_path $work/nginx/tmp/d; scgi_temp_path $work/nginx/tmp/e;
    keepalive_requests 100000;
    server { listen 127.0.0.1:$port backlog=8192; listen 127.0.0.2:$port; root $work/nginx/html; }
}
CONFIG
    ulimit -n "$(ulimit -Hn)"
    nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>"$work/nginx/start.err" &
    nginx_pid=$!
    on_exit "kill $nginx_pid 2>/dev/null; wait $nginx_pid 2>/dev/null"
    wait_for_port "$port"
}

# start_capture FOLDER ARGUMENT...: begins a live capture and waits until it listens.
start_capture() {
    local folder=$1 i
    shift
    : >"$work/capture.err" # the last capture's words are not this one's
    "$REHEARSE" capture -o "$folder" --key-file "$work/key" "$@" >"$work/capture.out" 2>"$work/capture.err" &
    capture_pid=$!
    on_exit "kill -9 $capture_pid 2>/dev/null"
    for i in $(seq 100); do
        grep -q 'listening on' "$work/capture.err" && return
        kill -0 $capture_pid 2>/dev/null || fail "the capture ended at once: $(cat "$work/capture.err")"
        sleep 0.1
    done
    fail "the capture does not say that it listens"
}

# stop_capture: ends it as a service manager would, and checks that it ended well.
stop_capture() {
    local got=0
    kill -TERM $capture_pid
    wait $capture_pid || got=$?
    [ $got = 0 ] || { cat "$work/capture.err" >&2; fail "the capture ended with $got"; }
}

# ledger FILE EXPRESSION: checks a Python expression over the ledger's |requests|, and the balance.
ledger() {
    python3 -c '
import json, sys
ledger = json.load(open(sys.argv[1]))
requests = ledger["requests"]
filtered = requests["filtered_by"]
assert requests["seen"] == requests["recorded"] + requests["filtered"] + requests["sampled_out"] + sum(requests["lost"].values()), requests
assert requests["filtered"] == sum(filtered.values()), requests
assert ledger["balances"], ledger
assert eval(sys.argv[2]), (sys.argv[2], requests)' "$1" "$2" || fail "ledger $1"
}

# count FOLDER EXPR: how many recorded exchanges match.
count() { "$REHEARSE" inspect "$work/$1" --select "$2" --format json | wc -l; }
