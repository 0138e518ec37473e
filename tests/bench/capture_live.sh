#!/bin/bash
# Live capture on loopback: nginx on one core, `wrk -t1 -c32` on the other, in turn with nothing, with rehearse recording
# everything (sanitized, compressed, written) and with `tcpdump -w /dev/null`.
#     capture_live.sh [SECONDS] [ROUNDS]
# Prints requests/s of each, the slow-down of the server, the share of requests recorded and the recorder's CPU.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
seconds=${1:-5}
rounds=${2:-3}
start_nginx 0
load() { taskset -c 1 wrk -t1 -c32 -d"${seconds}s" "http://127.0.0.1:$port/items/7?page=1" | awk '/requests in/ {n=$1} /Requests\/sec/ {print n, $2}'; }
load >/dev/null
printf '%-8s %12s %12s %12s %10s %10s %12s\n' round "alone/s" "rehearse/s" "tcpdump/s" "slow-down" "recorded" "CPU us/req"
for round in $(seq "$rounds"); do
    read -r _ alone < <(load)
    rm -rf "$scratch/traffic"
    "$build/rehearse" capture -q -i lo -p "$port" -o "$scratch/traffic" --ledger "$scratch/ledger.json" 2>/dev/null &
    recorder=$!
    sleep 1
    read -r made recorded < <(load)
    sleep 1
    cpu=$(cpu_seconds $recorder)
    kill -INT $recorder
    wait $recorder || true
    share=$(python3 - "$scratch/ledger.json" "$made" <<'PY'
import json, sys
ledger = json.load(open(sys.argv[1]))
made = int(sys.argv[2])
dropped = ledger["packets"]["dropped_kernel"]
print(f'{100 * ledger["requests"]["recorded"] / made:.2f}% (kernel dropped {dropped})')
PY
)
    tcpdump -q -i lo -s 0 -w /dev/null "tcp port $port" 2>/dev/null &
    dump=$!
    sleep 1
    read -r _ dumped < <(load)
    kill -INT $dump
    wait $dump || true
    awk -v r="$round" -v a="$alone" -v b="$recorded" -v c="$dumped" -v s="$share" -v u="$cpu" -v n="$made" \
        'BEGIN {printf "%-8s %12.0f %12.0f %12.0f %9.1f%% %s %8.1f\n", r, a, b, c, 100 * (1 - b / a), s, 1e6 * u / n}'
done
