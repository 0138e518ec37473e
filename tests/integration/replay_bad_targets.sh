#!/bin/bash
# Claims: a target that stops answering, or answers with 5xx alone, is given up by the rule of --abort-if, unless that is off; one that is called
# production is refused; and: a target that refuses, hangs, resets, closes, answers garbage, cuts its answers or does not speak TLS never hangs
# the replay: one clear line says what is wrong, the results are stored, the ledger balances, and the exit status is that
# of CLI.md. A target that closes connections unannounced is followed. Wrong usage and a target that was recorded from are
# refused with one line and status 2; an interrupted run ends with 4.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
make_traffic="$REHEARSE_BUILD/tests/tools/make_traffic"
"$make_traffic" "$work/traffic" --count 120 --connections 20 --gap-us 500 --server 8080
target() { # target KIND: sets $port
    port=$(free_port)
    python3 "$REHEARSE_SOURCE/tests/integration/replay_bad_targets.py" "$port" "$1" &
    on_exit "kill $! 2>/dev/null"
    wait_for_port "$port"
}

balances() { # balances RUN: each exchange read has its one result
    "$REHEARSE" report "$1" --format json >"$work/report.json" || true
    python3 - "$work/report.json" <<'PY' || fail "the ledger of $1 does not balance"
import json, sys
ledger = json.load(open(sys.argv[1]))["ledger"]
count = lambda part: sum(part.values()) if isinstance(part, dict) else part
parts = [count(ledger[name]) for name in ("fired", "filtered", "sampled_out", "unreplayable", "not_sent")]
sys.exit(ledger["read"] != sum(parts) or ledger["read"] == 0)
PY
}

bad() { # bad NAME URL PATTERN: the run is invalid or failed, says why in one line, and is stored
    rm -rf "$work/run-$1"
    status=0
    timeout 90 "$REHEARSE" replay "$work/traffic" --target "$2" -o "$work/run-$1" --quiet --timeout 1s --connect-timeout 1s \
        --max-connections 60 >"$work/out" 2>"$work/err" || status=$?
    [ $status = 5 ] || [ $status = 1 ] || { cat "$work/out" "$work/err"; fail "$1: exit status $status"; }
    one_error_line "$3"
    balances "$work/run-$1"
}

failed_as() { # failed_as TRANSPORT DETAIL: each failure of the last report is of that kind, and says so
    python3 - "$work/report.json" "$@" <<'PY' || fail "not all failures are '$1': '$2'"
import json, re, sys
report, transport, detail = json.load(open(sys.argv[1])), *sys.argv[2:]
failures = report["failures"]
assert failures and set(report["transport_errors"]) == {transport}, report["transport_errors"]
assert all(one["transport"] == transport and re.search(detail, one["detail"]) and one["examples"] for one in failures), failures
assert sum(one["count"] for one in failures) == report["totals"]["failed"], failures
PY
}

bad refuses "http://127.0.0.1:$(free_port)" 'no request was answered: .*refused'
failed_as connect_refused 'Connection refused'
while read -r kind transport detail; do
    target $kind
    bad $kind "http://127.0.0.1:$port" 'no request was answered'
    failed_as $transport "$detail"
done <<'TABLE'
reset reset Connection reset
close closed closed by the target
garbage malformed .
cut incomplete closed by the target
hang timeout no response in time
stalls body_timeout did not end in time
TABLE
target garbage
bad tls "https://127.0.0.1:$port" 'no request was answered'
failed_as tls 'wrong version number|closed by the target in the TLS handshake'
target hang
bad tls_hang "https://127.0.0.1:$port" 'no request was answered'
failed_as tls_timeout 'no end of the TLS handshake in time'

# Answers of a special kind are told, and nothing follows from them: no second request, no other place.
while read -r kind name; do
    target $kind
    timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$kind" --quiet --methods GET \
        >"$work/out" 2>"$work/err" || true
    balances "$work/$kind"
    python3 -c 'import json, sys; totals = json.load(open(sys.argv[1]))["totals"]; sys.exit(totals[sys.argv[2]] != totals["sent"] or not totals["sent"])' \
        "$work/report.json" "$name" || fail "$kind: not all answers are told as $name"
done <<'TABLE'
limits retry_after
moves redirected
hints interim
TABLE

target once
check_replay 0 timeout 90 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/once" --quiet \
    --methods GET --speed 0.2
balances "$work/once"

for kind in dies sick; do
    target $kind
    check_status 1 timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$kind" --quiet --methods GET \
        --rate 200 --loop 0 --duration 30s --connections 20 --abort-if 'errors > 60% for 1s'
    one_error_line 'stopped: errors > 60% for 1s: of'
    grep -q 'gave the target up' "$work/out" || fail "$kind: the report does not say why the run ended"
    balances "$work/$kind"
done
check_status 5 timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$(free_port)" -o "$work/on" --quiet \
    --rate 200 --loop 0 --duration 1s --connections 20 --abort-if off
grep -q 'aborted' "$work/out" && fail "a replay that is not to stop by itself does"

check_status 2 "$REHEARSE" replay "$work/traffic" --target http://192.0.2.10:8080 -o "$work/production"
one_error_line 'recorded from 192.0.2.10:8080'
[ ! -e "$work/production" ] || fail "a refused run leaves a folder"
check_status 2 "$REHEARSE" replay "$work/traffic"
one_error_line 'target'
check_status 2 "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 --rate 5 --speed 2
one_error_line 'exclude'
while read -r pattern arguments; do
    # shellcheck disable=SC2086  # the words of a command line
    check_status 2 "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 -o "$work/wrong" $arguments
    one_error_line "$pattern"
    [ ! -e "$work/wrong" ] || fail "wrong usage leaves a folder: $arguments"
done <<'TABLE'
gate --gate nonsense
abort-if --abort-if nonsense
exclude --abort-if off --abort-if errors>5%_for_1s
max-lag --max-lag 0
max-gap --max-gap 0
duration --duration 0
count --count 0
concurrency --speed max --concurrency 0
max-connections --max-connections 0
methods --methods ,
factor.from --speed 1e99
production --production 127.0.0.1/33
is.production.*--allow-production --production 127.0.0.0/8
is.production.*--allow-production --production 192.0.2.1 --production localhost
--rate --rate 0
--rate --rate 1e99
--speed --speed 0
--speed --speed fast
--loop --loop 0
--threads --threads 0
--threads --threads 65
--timeout --timeout 0
--timeout --connect-timeout 0s
--concurrency --concurrency 3
--connections --connections 0
--session --session cookie:
--set-header --set-header nonsense
--max-in-flight --max-in-flight 0
--ca-file --ca-file /nowhere/ca.pem
threads.8:.each.needs.*--max-connections --threads 8 --max-connections 3
threads.8:.each.needs.*--connections --threads 8 --connections 7
threads.8:.each.needs.*--max-in-flight --threads 8 --max-in-flight 2
threads.8:.each.needs.*--concurrency --threads 8 --speed max --concurrency 3
--ca-file:.cannot.load --ca-file /dev/null
--ca-file:.cannot.load --ca-file /dev/null --sender curl
--sni.needs.an.https --sni shop.example
--retry-wait.needs.--retry --retry-wait 1s
--retry-all-methods.needs.--retry --retry-all-methods
--link-wait.and.--no-links --link-wait 1s --no-links
TABLE
check_status 2 "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 -o "$work/once"
one_error_line 'already holds a run'
check_status 3 "$REHEARSE" replay "$work/nothing" --target http://127.0.0.1:1 -o "$work/never"
one_error_line 'nothing'

target once
status=0
"$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/stopped" --speed 0.01 --timeout 2s \
    >"$work/out" 2>"$work/err" &
replay=$!
sleep 1
kill -INT $replay
wait $replay || status=$?
[ $status = 5 ] && grep -q 'the sender fell behind' "$work/out" && status=4 # so it may be on a busy machine
[ $status = 4 ] || { cat "$work/out" "$work/err"; fail "interrupted: exit status $status"; }
grep -q 'interrupted: [0-9]* requests under way are waited for.*a second signal' "$work/err" || fail "a signal is not answered: $(cat "$work/err")"
grep -q 'interrupted' "$work/out" || fail "an interrupted run does not say so"
balances "$work/stopped"

# A full disk: as root, in a namespace of its own.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    mkdir "$work/small"
    target once
    check_status 3 unshare -m bash -c 'mount -t tmpfs -o size=20k none "$1/small" && "$2" replay "$1/traffic" -o "$1/small/run" \
        --target "http://127.0.0.1:$3" --speed max --methods GET --loop 30 --quiet; got=$?
        "$2" verify "$1/small/run" >"$1/verified"; "$2" report "$1/small/run" >"$1/report"; exit $got' - "$work" "$REHEARSE" "$port"
    one_error_line 'No space left on device; what was measured before is in .*small/run'
    grep -q ' ok, ' "$work/verified" || fail "a run on a full disk is not sealed"
    grep -q 'INCONCLUSIVE' "$work/report" || fail "a run on a full disk has no report"
fi
