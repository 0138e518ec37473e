#!/bin/bash
# Does a replay tell of a stall what users would have felt? nginx is frozen (SIGSTOP) for a second of a run at a constant rate; the response p99 and max
# reported are held against the values of a queue that is served again at the rate that nginx's own log shows. First with a listen backlog
# of 8192 and connections opened ahead; then with one of 511 and a connection for each request, where those that find no room are tried
# again by the kernel after a second and more: that must stand in the connect times.
#     stall.sh [RATE] [SECONDS] [ROUNDS]
set -euo pipefail
. "$(dirname "$0")/lib.sh"
rate=${1:-2000}
seconds=${2:-30}
rounds=${3:-3}
count=$((rate * seconds))
ulimit -n "$(ulimit -Hn)"

# frozen_run BACKLOG OPTION...: prints the freeze's begin and end as seconds of the wall clock; leaves the report and nginx's log.
frozen_run() {
    local backlog=$1 worker run
    shift
    sed -i "s/backlog=[0-9]*/backlog=$backlog/" "$scratch/nginx.conf"
    taskset -c 0 nginx -c "$scratch/nginx.conf" -p "$scratch" &
    pids+=($!)
    for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done
    worker=$(cat "/proc/$!/task/$!/children" | tr -d ' ')
    local master=$!
    rm -rf "$scratch/run"
    : >"$scratch/access.log"
    taskset -c 1 "$build/rehearse" replay -q "$scratch/traffic" --target "http://127.0.0.1:$port" --rate "$rate" --count "$count" \
        --methods GET -o "$scratch/run" "$@" >/dev/null 2>"$scratch/replay.err" &
    run=$!
    sleep $((seconds / 3))
    kill -STOP "$worker"
    local begin=$EPOCHREALTIME
    sleep 1
    local end=$EPOCHREALTIME
    kill -CONT "$worker"
    wait $run || true
    kill $master
    wait $master || true
    "$build/rehearse" report "$scratch/run" --format json >"$scratch/report.json" || true
    echo "$begin $end"
}

"$build/tests/tools/make_traffic" "$scratch/traffic" --count $((count * 14 / 10)) --connections "$((count * 14 / 10))" --gap-us 100 --server 8080
nginx_http='log_format one "$msec";'
nginx_server="access_log $scratch/access.log one;"
start_nginx 0
kill "${pids[-1]}"
wait "${pids[-1]}" || true
for round in $(seq "$rounds"); do
    read -r begin end < <(frozen_run 8192 --connections 4000)
    echo "round $round, backlog 8192: $(python3 "$here/stall.py" queue "$scratch/report.json" "$scratch/access.log" "$rate" "$begin" "$end")"
    read -r begin end < <(frozen_run 511)
    echo "round $round, backlog  511: $(python3 "$here/stall.py" connects "$scratch/report.json" "$begin" "$end")"
done
