#!/bin/bash
# Live capture on loopback: nginx on one core, the load on the other, in interleaved rounds with nothing, with rehearse recording
# everything (sanitized, compressed, written) and with `tcpdump -w` to a file, all on tmpfs. Needs nginx, wrk and tcpdump.
#     capture_live.sh [SECONDS] [ROUNDS] [RATE]
# Each round loads the server twice: at full speed with `wrk -t1 -c32`, and with RATE (40000) requests/s offered whatever the
# server does (offered_load.c). Prints every round, then what the figures are judged by (medians over the rounds):
#   full speed   rate kept: at least 75 % of alone; CPU a request, all processes and threads of the recorder: at most 3.5 us
#   offered      recorded = answered, or the ledger says what was lost; rate kept: at least 99.5 % of alone; p99 at most tcpdump's
# CAPTURE_OPTIONS are given to the capture (for example --buffer 16M).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
seconds=${1:-5}
rounds=${2:-3}
rate=${3:-40000}
for tool in nginx wrk tcpdump; do
    command -v $tool >/dev/null || { echo "needs $tool: apt-get install nginx-light wrk tcpdump" >&2; exit 2; }
done
ulimit -n "$(ulimit -Hn)"
start_nginx 0
url="http://127.0.0.1:$port/items/7?page=1"

# The loads: print requests answered, rate, p50, p99, p999, max in us (0: not measured).
load_full() { taskset -c 1 wrk -t1 -c32 -d"${seconds}s" "$url" | awk '/requests in/ {n = $1} /Requests\/sec/ {print n, $2, 0, 0, 0, 0}'; }
load_offered() {
    taskset -c 1 "$build/tests/bench/offered_load" "$url" "$rate" "$seconds" |
        awk '{gsub(/[a-z0-9_]+=/, ""); print $2, $4, $5, $6, $7, $8}'
}

# start_recorder NAME: in a process group of its own, its id in $recorder.
start_recorder() {
    rm -rf "$scratch/traffic" "$scratch/copy.pcap" "$scratch/ledger.json"
    case $1 in
    alone) recorder=; return ;;
    rehearse)
        # shellcheck disable=SC2086
        setsid "$build/rehearse" capture -q -i lo -p "$port" -o "$scratch/traffic" --ledger "$scratch/ledger.json" \
            ${CAPTURE_OPTIONS:-} >/dev/null 2>"$scratch/recorder.err" & ;;
    tcpdump) setsid tcpdump -q -i lo -s 0 -w "$scratch/copy.pcap" "tcp port $port" >/dev/null 2>"$scratch/recorder.err" & ;;
    esac
    recorder=$!
    pids=("${pids[0]}" $recorder)
    sleep 1
    kill -0 $recorder || { cat "$scratch/recorder.err" >&2; exit 1; }
}

# stop_recorder NAME ANSWERED: prints what it has of the requests that were answered.
stop_recorder() {
    [ "$1" = alone ] && { echo -; return; }
    kill -TERM $recorder # once: a second one would end rehearse at once
    local i
    for i in $(seq 100); do
        sleep 0.1
        kill -0 $recorder 2>/dev/null || break
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || true # tcpdump looks up from its ring when a packet comes
    done
    kill -KILL $recorder 2>/dev/null || true
    if [ "$1" = tcpdump ]; then
        echo "kernel dropped $(awk '/dropped by kernel/ {print $1}' "$scratch/recorder.err")"
        return
    fi
    python3 - "$scratch/ledger.json" "$2" <<'PY'
import json, sys
ledger, answered = json.load(open(sys.argv[1])), int(sys.argv[2])
requests, packets = ledger["requests"], ledger["packets"]
lost = sum(requests["lost"].values())
print(f'recorded {requests["recorded"] - answered:+d} of {answered}, kernel dropped {packets["dropped_kernel"]},'
      f' lost {lost}, no response {ledger["responses"]["seen"] - requests["seen"]:+d}, balances {ledger["balances"]}')
PY
}

load_full >/dev/null
printf '%-5s %-8s %-8s %10s %8s %8s %9s %9s %8s  %s\n' round load recorder answered/s p50us p99us p999us maxus cpu/req recorded
for round in $(seq "$rounds"); do
    for load in full offered; do
        for name in alone rehearse tcpdump; do
            start_recorder $name
            before=$([ -z "$recorder" ] && echo 0 || group_cpu_seconds "$recorder")
            read -r answered achieved p50 p99 p999 max < <(load_$load)
            sleep 1
            after=$([ -z "$recorder" ] && echo 0 || group_cpu_seconds "$recorder")
            has=$(stop_recorder $name "$answered")
            cpu=$(awk -v a="$after" -v b="$before" -v n="$answered" 'BEGIN {printf "%.2f", 1e6 * (a - b) / n}')
            printf '%-5s %-8s %-8s %10.0f %8s %8s %9s %9s %8s  %s\n' "$round" $load $name "$achieved" "$p50" "$p99" "$p999" "$max" \
                "$cpu" "$has"
            printf '%s\t' "$round" $load $name "$achieved" "$p99" "$cpu" "$has" >>"$scratch/rows"
            echo >>"$scratch/rows"
        done
    done
done
python3 - "$scratch/rows" <<'PY'
import collections, statistics, sys
figures = collections.defaultdict(dict)
for line in open(sys.argv[1]):
    turn, load, name, rate, p99, cpu, has = line.rstrip("\n\t").split("\t")
    figures[load, turn][name] = (float(rate), float(p99), float(cpu))
def middle(load, what):
    return statistics.median(what(round) for (kind, _), round in figures.items() if kind == load)
for name in ("rehearse", "tcpdump"):
    kept = middle("full", lambda round: 100 * round[name][0] / round["alone"][0])
    cpu = middle("full", lambda round: round[name][2])
    steady = middle("offered", lambda round: 100 * round[name][0] / round["alone"][0])
    p99 = middle("offered", lambda round: round[name][1])
    print(f"{name:8} full speed: {kept:.1f} % of the rate kept, {cpu:.2f} us CPU a request; offered: {steady:.2f} % kept, p99 {p99:.0f} us")
ratio = middle("offered", lambda round: round["rehearse"][1] / max(1, round["tcpdump"][1]))
alone = middle("offered", lambda round: round["alone"][1])
print(f"p99 of rehearse / tcpdump -w: {ratio:.2f} (at most 1.0); alone {alone:.0f} us")
print("bars of rehearse: at least 75 % kept and at most 3.5 us at full speed; at least 99.5 % kept and nothing lost as offered")
PY
