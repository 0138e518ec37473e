#!/bin/bash
# The HTTP/1.1 sender beside wrk, one thread and 64 connections each, against the same nginx (one worker, 2-byte answers).
# usage: sender_bench.sh BUILD_DIR [SECONDS]      (a release build; needs nginx and wrk)
set -eu
build=$1
seconds=${2:-5}
work=$(mktemp -d)
port=$((20000 + RANDOM % 20000))
cat >"$work/nginx.conf" <<EOF
worker_processes 1;
pid $work/nginx.pid;
error_log $work/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    keepalive_requests 100000000;
    server { listen 127.0.0.1:$port; location / { default_type text/plain; return 200 "ok"; } }
}
EOF
nginx -p "$work" -c "$work/nginx.conf"
trap 'kill "$(cat "$work/nginx.pid")"; rm -rf "$work"' EXIT
for _ in $(seq 50); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.1
done
cpu_of() { # cpu_of COMMAND...: runs it, prints its output and leaves user + system seconds in $cpu
    TIMEFORMAT='%U %S'
    { time "$@" >"$work/out" 2>&1; } 2>"$work/time"
    cat "$work/out"
    cpu=$(awk 'END {print $1 + $2}' "$work/time")
}
for round in 1 2; do
    taskset -c 0 "$build/tests/bench/sender_bench" "http://127.0.0.1:$port" 64 "$seconds"
    cpu_of taskset -c 0 wrk -t1 -c64 -d"${seconds}s" "http://127.0.0.1:$port/" >/dev/null
    awk -v cpu="$cpu" '/requests in/ {n = $1} /Requests\/sec/ {rate = $2}
        END {printf "wrk:    %.0f requests/s, %.2f us CPU a request, %.0f requests/s per core\n", rate, 1e6 * cpu / n, n / cpu}' "$work/out"
done
