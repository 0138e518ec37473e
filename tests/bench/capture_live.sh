#!/bin/bash
# Live capture on loopback: nginx on one core, `wrk -t1 -c32` on the other, in turn with nothing, with rehearse recording
# everything (sanitized, compressed, written) and with `tcpdump -w /dev/null`.
#     capture_live.sh [SECONDS] [ROUNDS]
# Prints requests/s of each, the rate that the server keeps under each recorder, the CPU of each a request, and what rehearse
# recorded of the requests that wrk saw answered (a little more: some were under way when wrk ended).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
seconds=${1:-5}
rounds=${2:-3}
start_nginx 0
load() { taskset -c 1 wrk -t1 -c32 -d"${seconds}s" "http://127.0.0.1:$port/items/7?page=1" | awk '/requests in/ {n=$1} /Requests\/sec/ {print n, $2}'; }
load >/dev/null
row='%-6s %9s %11s %6s %8s %10s %6s %8s  %s\n'
# shellcheck disable=SC2059
printf "$row" round alone/s rehearse/s kept us/req tcpdump/s kept us/req recorded
for round in $(seq "$rounds"); do
    read -r _ alone < <(load)
    rm -rf "$scratch/traffic"
    "$build/rehearse" capture -q -i lo -p "$port" -o "$scratch/traffic" --ledger "$scratch/ledger.json" >/dev/null &
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
print(f'{100 * ledger["requests"]["recorded"] / made:.2f}%, kernel dropped {dropped}')
PY
)
    tcpdump -q -i lo -s 0 -w /dev/null "tcp port $port" 2>/dev/null &
    dump=$!
    sleep 1
    read -r dumped_made dumped < <(load)
    sleep 1
    dump_cpu=$(cpu_seconds $dump)
    kill -INT $dump
    wait $dump || true
    awk -v row="$row" -v r="$round" -v a="$alone" -v b="$recorded" -v c="$dumped" -v s="$share" -v u="$cpu" -v n="$made" \
        -v du="$dump_cpu" -v dn="$dumped_made" 'BEGIN {
            printf row, r, int(a), int(b), int(100 * b / a) "%", sprintf("%.1f", 1e6 * u / n), int(c), int(100 * c / a) "%",
                sprintf("%.1f", 1e6 * du / dn), s}'
done
