#!/bin/bash
# The whole path on one machine: records a sample shop at work, starts its next release, replays the recording against it
# and prints the report. See --help.
set -euo pipefail

usage() {
    cat <<'END'
Usage: samples/quickstart.sh [options]

Builds rehearse and a sample shop, records the shop while several users are at work, starts the shop's next release, which
has regressions, replays the recording against it at twice the original speed, and prints the report. Only 127.0.0.1 is
used. Recording needs root (or CAP_NET_RAW). Everything but the build folder is removed at the end.

Options:
  --seed N|none   which regressions the next release has (7); none: it has none, and the report must say pass
  --keep DIR      leave traffic, run, report.json and planted.json in DIR (new or empty)
  --requests N    how many requests the users send (3000)
  --rate N        how many a second (200)
  --build DIR     use what is built there (build/release is built first otherwise)
  --help          print this help

Exit status: 0 the report named exactly the planted regressions, 1 it did not, 2 wrong usage, 3 a step failed.
END
}

wrong() { echo "quickstart: $*; --help explains" >&2; exit 2; }

seed=7 keep= requests=3000 rate=200 build=
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage; exit 0 ;;
    --seed | --keep | --requests | --rate | --build)
        [ $# -gt 1 ] || wrong "$1 needs a value"
        printf -v "${1#--}" %s "$2"
        shift 2
        ;;
    *) wrong "unknown option $1" ;;
    esac
done
[[ $seed =~ ^(none|[0-9]+)$ ]] || wrong "--seed takes a number or none"
[[ $requests =~ ^[1-9][0-9]*$ && $rate =~ ^[1-9][0-9]*$ ]] || wrong "--requests and --rate take a number"
if [ -n "$keep" ]; then
    mkdir -p "$keep"
    keep=$(cd "$keep" && pwd)
    [ -z "$(ls -A "$keep")" ] || wrong "$keep is not empty"
fi
[ -z "$build" ] || build=$(cd "$build" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/rehearse-quickstart.XXXXXX")
pids=()
finish() {
    local status=$? pid
    trap '' INT TERM
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
    exit $status
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

say() { printf '\n==> %s\n' "$*"; }
broken() { # broken LOG WHAT: shows the end of the log and gives up
    echo "quickstart: $2; the end of what it said:" >&2
    tail -20 "$work/$1" >&2
    exit 3
}
free_port() { # prints a port of 127.0.0.1 that nobody listens on
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}
wait_until() { # wait_until LOG WHAT COMMAND...: for 15 s at most
    local log=$1 what=$2 i
    shift 2
    for i in $(seq 150); do
        "$@" 2>/dev/null && return
        sleep 0.1
    done
    broken "$log" "$what"
}
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
forget() { # forget PID: it has ended
    local pid left=()
    for pid in "${pids[@]}"; do [ "$pid" = "$1" ] || left+=("$pid"); done
    pids=("${left[@]}")
}
stop() { # stop SIGNAL PID LOG WHAT: ends it and expects status 0
    local status=0
    kill "-$1" "$2"
    wait "$2" || status=$?
    forget "$2"
    [ $status = 0 ] || broken "$3" "$4 ended with status $status"
}
start_shop() { # start_shop PORT USERS LOG OPTIONS...; its process id is in $shop
    local port=$1 users=$2 log=$3
    shift 3
    "$build/samples/shop" --port "$port" --users "$users" "$@" >"$work/$log" 2>&1 &
    shop=$!
    pids+=("$shop")
    wait_until "$log" "the shop does not listen" listens "$port"
}

if [ -z "$build" ]; then
    say "Installing what is missing and building (preset release)"
    tests/install.sh --build-only || exit 3
    build=$PWD/build/release
    { cmake --preset release && cmake --build --preset release -j2 --target rehearse shop shop-drive shop-check; } \
        >"$work/build.log" 2>&1 || broken build.log "the build failed"
fi
rehearse=$build/rehearse

for i in $(seq 60); do echo "user$i:wonder-$((i * 7919))-land"; done >"$work/users"
port=$(free_port)
say "Starting the shop on 127.0.0.1:$port, with 60 users"
start_shop "$port" "$work/users" shop.log --access-log "$work/access.log"

say "Recording it: rehearse capture -i lo -p $port"
"$rehearse" capture -i lo -p "$port" -o "$work/traffic" --new-key-file "$work/key" --ledger "$work/ledger.json" \
    >"$work/capture.log" 2>&1 &
capture=$!
pids+=("$capture")
listening() { grep -q 'listening on' "$work/capture.log" || ! kill -0 "$capture"; }
wait_until capture.log "the capture did not begin" listening
kill -0 "$capture" 2>/dev/null || broken capture.log "the capture ended at once (it needs root or CAP_NET_RAW)"

say "Users at work: $requests requests, about $rate a second"
"$build/samples/shop-drive" --port "$port" --users "$work/users" --requests "$requests" --rate "$rate" \
    >"$work/drive.log" 2>&1 || broken drive.log "the driver met answers that it did not expect"
cat "$work/drive.log"

say "Stopping the recording and the shop"
stop INT "$capture" capture.log "the capture"
cat "$work/capture.log"
stop TERM "$shop" shop.log "the shop"
echo "The shop's own access log counts $(wc -l <"$work/access.log") requests."

say "What a recorded login looks like: the password and the token are pseudonyms"
"$rehearse" inspect "$work/traffic" --format raw 2>"$work/inspect.log" >"$work/raw" || broken inspect.log "inspect failed"
awk '/^POST \/login/ {on = 1} on && lines++ < 24 {print} /expires_in/ && on {exit}' "$work/raw"

next=$(free_port)
say "Starting the next release on 127.0.0.1:$next (regressions: $seed), its users seeded by rehearse pseudonym"
cut -d: -f1 "$work/users" | "$rehearse" pseudonym --key-file "$work/key" >"$work/names" 2>"$work/pseudonym.log" &&
    cut -d: -f2 "$work/users" | "$rehearse" pseudonym --key-file "$work/key" >"$work/passwords" 2>>"$work/pseudonym.log" ||
    broken pseudonym.log "pseudonym failed"
paste -d: "$work/names" "$work/passwords" >"$work/users.next"
start_shop "$next" "$work/users.next" next.log --regressions "$seed" --planted "$work/planted.json"

say "Replaying: rehearse replay TRAFFIC --target http://127.0.0.1:$next --speed 2 (exit status 1 says: it got worse)"
status=0
"$rehearse" replay "$work/traffic" --target "http://127.0.0.1:$next" --speed 2 -o "$work/run" \
    >"$work/replay.out" 2>"$work/replay.log" || status=$?
echo "The replay ended with status $status."
case $status in 0 | 1 | 4 | 5) ;; *) broken replay.log "the replay could not be carried out" ;; esac
stop TERM "$shop" next.log "the next release"

say "The report: rehearse report RUN"
"$rehearse" report "$work/run" 2>"$work/report.log" || true
"$rehearse" report "$work/run" --format json >"$work/report.json" 2>>"$work/report.log" || true
[ -s "$work/report.json" ] || broken report.log "there is no report"

say "Compared with what the shop says was planted"
agrees=0
"$build/samples/shop-check" "$work/planted.json" "$work/report.json" || agrees=$?
if [ -n "$keep" ]; then
    mv "$work/traffic" "$work/run" "$work/report.json" "$work/planted.json" "$keep/"
    echo "Left in $keep: traffic, run, report.json, planted.json."
fi
if [ "$agrees" != 0 ]; then
    echo "quickstart: the report does not say what was planted" >&2
    exit 1
fi
say "Done: the report names exactly what was planted"
