#!/bin/bash
# Replay speed: `rehearse replay --speed max --concurrency 64` of recorded exchanges against nginx on the other core, in turn
# with `wrk -t1 -c64`.
#     replay_rate.sh [EXCHANGES] [ROUNDS]
# Prints requests/s and requests per CPU-second of each (every thread counted), and their ratio.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
exchanges=${1:-200000}
rounds=${2:-5}
start_nginx 0
"$build/tests/tools/make_pcap" --body 100-300 "$exchanges" "$scratch/in.pcap"
"$build/rehearse" capture -q -r "$scratch/in.pcap" -p 8080 -o "$scratch/traffic" >/dev/null 2>&1
rm "$scratch/in.pcap"
printf '%-6s %12s %12s %7s %14s %14s %7s\n' round "rehearse/s" "wrk/s" ratio "rehearse/cpu-s" "wrk/cpu-s" ratio
for round in $(seq "$rounds"); do
    rm -rf "$scratch/run"
    taskset -c 1 python3 "$here/replay_once.py" "$build/rehearse" "$scratch/traffic" "http://127.0.0.1:$port" "$scratch/run" >"$scratch/mine"
    taskset -c 1 python3 "$here/wrk_once.py" "http://127.0.0.1:$port/items/7?page=1" >"$scratch/wrk"
    paste -d' ' "$scratch/mine" "$scratch/wrk" |
        awk -v r="$round" '{printf "%-6s %12.0f %12.0f %7.2f %14.0f %14.0f %7.2f\n", r, $1, $3, $1 / $3, $2, $4, $2 / $4}'
done
