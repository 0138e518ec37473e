#!/bin/bash
# Speed of the sender on libcurl: `rehearse replay --speed max --concurrency 64` of distinct shop exchanges against nginx on the other core, over
# HTTP/1.1 by our own sender and by libcurl's, and over HTTP/2 by libcurl's, in turn with h2load on 64 connections.
#     replay_curl.sh [EXCHANGES] [ROUNDS]
# Prints requests/s and requests per CPU-second of each (every thread counted).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
exchanges=${1:-50000}
rounds=${2:-3}
"$build/tests/tools/make_pcap" --body 100-300 --per-connection 50 "$exchanges" "$scratch/in.pcap" >/dev/null
"$build/rehearse" capture -q -r "$scratch/in.pcap" -p 8080 -o "$scratch/traffic" >/dev/null 2>&1
rm "$scratch/in.pcap"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout "$scratch/key.pem" \
    -out "$scratch/cert.pem" 2>/dev/null
nginx_server="listen 127.0.0.1:$((port + 1)) ssl http2 backlog=8192; ssl_certificate $scratch/cert.pem; ssl_certificate_key $scratch/key.pem;
        location = /count { stub_status; }"
start_nginx 0
export COUNTER="http://127.0.0.1:$port"
unchanged=0 # nginx answers 200 to all; the recording holds other statuses, which are counted once
mine() { # mine NAME ROUND URL OPTION...
    rm -rf "$scratch/run"
    taskset -c 1 python3 "$here/replay_once.py" "$build/rehearse" "$scratch/traffic" "$3" "$scratch/run" "$unchanged" "${@:4}" |
        awk -v n="$1" -v r="$2" '{printf "%-24s %5s %12.0f %14.0f\n", n, r, $1, $2}'
}
load() { # load NAME ROUND URL OPTION...
    taskset -c 1 python3 "$here/h2load_once.py" "$3" "$exchanges" "${@:4}" | awk -v n="$1" -v r="$2" '{printf "%-24s %5s %12.0f %14.0f\n", n, r, $1, $2}'
}
"$build/rehearse" replay -q "$scratch/traffic" --target "http://127.0.0.1:$port" --speed max -o "$scratch/first" >/dev/null || true
unchanged=$("$build/rehearse" report -q --format json "$scratch/first" | python3 -c 'import json, sys; print(json.load(sys.stdin)["totals"]["status_changed"])')
tls="https://127.0.0.1:$((port + 1))" plain="http://127.0.0.1:$port"
printf '%-24s %5s %12s %14s\n' what round requests/s requests/cpu-s
for round in $(seq "$rounds"); do
    mine "own, HTTP/1.1" "$round" "$plain"
    mine "libcurl, HTTP/1.1" "$round" "$plain" --sender curl
    load "h2load, HTTP/1.1" "$round" "$plain/items/7?page=1" --h1
    mine "own, HTTP/1.1, TLS" "$round" "$tls" --insecure
    mine "libcurl, HTTP/1.1, TLS" "$round" "$tls" --insecure --sender curl
    mine "libcurl, HTTP/2, TLS" "$round" "$tls" --insecure --http2
    mine "libcurl, HTTP/2, pool" "$round" "$tls" --insecure --http2 --connections 64
    load "h2load, HTTP/2, TLS" "$round" "$tls/items/7?page=1"
done
