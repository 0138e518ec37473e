#!/bin/bash
# Replay speed: `rehearse replay --speed max --concurrency 64` of a sealed folder of distinct shop exchanges in 1,000 sessions, everything else as
# it comes, against nginx on the other core, in turn with `wrk -t1 -c64`. nginx answers with the recorded statuses but for 100, which must
# all be found, and counts as many requests as there are results.
#     replay_rate.sh [EXCHANGES] [ROUNDS]
# Prints requests/s and requests per CPU-second of each (every thread counted), and their ratio; then the same with bodies sanitized and
# compared, and over TLS, there beside `h2load --h1` where that is installed.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
exchanges=${1:-200000}
rounds=${2:-5}
per_session=$((exchanges / 1000 > 0 ? exchanges / 1000 : 1))
"$build/tests/tools/make_pcap" --body 100-300 --per-connection "$per_session" "$exchanges" "$scratch/in.pcap"
"$build/rehearse" capture -q -r "$scratch/in.pcap" -p 8080 -o "$scratch/traffic" >/dev/null 2>&1
rm "$scratch/in.pcap"
planted=$("$build/rehearse" inspect -q "$scratch/traffic" --format json | python3 "$here/plan_statuses.py" 100 "$scratch/planned.map")
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -keyout "$scratch/key.pem" \
    -out "$scratch/cert.pem" 2>/dev/null
nginx_http="map_hash_max_size 1000000; map_hash_bucket_size 256; map \$request_uri \$planned { default ''; include $scratch/planned.map; }"
nginx_server="listen 127.0.0.1:$((port + 1)) ssl backlog=8192; ssl_certificate $scratch/cert.pem; ssl_certificate_key $scratch/key.pem;
        location = /count { stub_status; }"
for status in 204 304 404 500; do
    nginx_server+=" location = /planned/$status { internal; return $status '{\"error\":$status}'; }"
done
nginx_location="if (\$planned) { rewrite ^ /planned/\$planned last; }"
start_nginx 0
export COUNTER="http://127.0.0.1:$port"

mine() { # mine URL OPTION...: one run, its two figures
    rm -rf "$scratch/run"
    taskset -c 1 python3 "$here/replay_once.py" "$build/rehearse" "$scratch/traffic" "$1" "$scratch/run" "$planted" "${@:2}"
}
beside() { # beside NAME ROUND: the figures of $scratch/mine and of $scratch/other
    paste -d' ' "$scratch/mine" "$scratch/other" |
        awk -v r="$1 $2" '{printf "%-12s %12.0f %12.0f %7.2f %14.0f %14.0f %7.2f\n", r, $1, $3, $1 / $3, $2, $4, $2 / $4}'
}
printf '%-12s %12s %12s %7s %14s %14s %7s\n' "beside wrk" "rehearse/s" "wrk/s" ratio "rehearse/cpu-s" "wrk/cpu-s" ratio
for round in $(seq "$rounds"); do
    mine "http://127.0.0.1:$port" >"$scratch/mine"
    taskset -c 1 python3 "$here/wrk_once.py" "http://127.0.0.1:$port/items/7?page=1" >"$scratch/other"
    beside statuses "$round"
    mine "http://127.0.0.1:$port" --compare content >"$scratch/mine"
    beside bodies "$round"
done
printf '%-12s %12s %12s %7s %14s %14s %7s\n' "over TLS" "rehearse/s" "h2load/s" ratio "rehearse/cpu-s" "h2load/cpu-s" ratio
for round in $(seq "$rounds"); do
    mine "https://127.0.0.1:$((port + 1))" --insecure >"$scratch/mine"
    echo "nan nan" >"$scratch/other"
    if command -v h2load >/dev/null; then
        taskset -c 1 python3 "$here/h2load_once.py" "https://127.0.0.1:$((port + 1))/items/7?page=1" "$exchanges" --h1 >"$scratch/other"
    fi
    beside TLS "$round"
done
