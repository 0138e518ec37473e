#!/bin/bash
# Claims: a target that answered and then fell silent or went away has failed (1); one that closes after each answer, lives on
# a unix socket, on IPv6 or behind thousands of connections is followed to the end; an answer that drips cannot outlast the
# time-out; large answers take no memory; a certificate that does not verify is named, and --insecure passes it by; traffic
# without requests that can be fired, and a name that does not resolve, are said. Caps, pools, threads, sessions, --count,
# --duration and --loop all balance in the ledger.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
make_traffic="$REHEARSE_BUILD/tests/tools/make_traffic"
"$make_traffic" "$work/traffic" --count 400 --connections 40 --gap-us 500 --server 8080
url=
target() { # target LISTEN KIND [CERTIFICATE KEY]: replaces the one before, sets $url
    [ -z "${server:-}" ] || { kill $server 2>/dev/null || true; wait $server || true; } 2>/dev/null
    local listen=$1
    [ "$listen" != port ] && [ "$listen" != v6 ] || { port=$(free_port) && listen=$port; }
    [ "$1" != v6 ] || listen="[::1]:$port"
    : >"$work/listening"
    python3 "$REHEARSE_SOURCE/tests/integration/replay_hard_targets.py" "$listen" "${@:2}" >"$work/listening" &
    server=$!
    local i
    for i in $(seq 100); do
        grep -q listening "$work/listening" && break
        sleep 0.1
    done
    url="http://127.0.0.1:$port"
}
on_exit 'kill $server 2>/dev/null'

# run NAME STATUS ARGUMENTS...: the run ends with STATUS and its ledger balances, $work/report.json holds its report. STATUS
# ok: 0, or 1 for nothing but findings of latency. Where the machine is slow, ok and 1 may be 5: the sender fell behind.
run() {
    local status=0
    rm -rf "$work/run"
    timeout 120 "$REHEARSE" replay "$work/traffic" -o "$work/run" --quiet "${@:3}" >"$work/out" 2>"$work/err" || status=$?
    [ "$2" = ok ] && [ $status = 1 ] && grep -q 'status findings = 0  *0  pass' "$work/out" && status=0
    [[ "$2" =~ ok|1 ]] && [ $status = 5 ] && grep -q 'sender fell behind' "$work/out" && status=${2/ok/0}
    [ $status = "${2/ok/0}" ] || { cat "$work/out" "$work/err" >&2; fail "$1: exit status $status instead of $2"; }
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
    python3 - "$work/report.json" <<'PY' || fail "$1: the ledger does not balance"
import json, sys
ledger = json.load(open(sys.argv[1]))["ledger"]
count = lambda part: sum(part.values()) if isinstance(part, dict) else part
parts = [count(ledger[name]) for name in ("fired", "filtered", "sampled_out", "unreplayable", "not_sent")]
sys.exit(ledger["read"] != sum(parts))
PY
}

is() { # is NAME EXPRESSION: of the report of the last run
    python3 -c "import json, sys; r = json.load(open('$work/report.json')); l, t = r['ledger'], r['totals']; sys.exit(not ($2))" ||
        { python3 -c "import json; r = json.load(open('$work/report.json')); print(r['ledger'], r['totals'], r['verdict'], r['reasons'])"
          fail "$1: not $2"; }
}

target port stop:100
run silent 1 --target "$url" --timeout 1s
is silent "100 <= t['answered'] <= 100 and t['failed'] > 0"
target port die:100
run gone 1 --target "$url" --timeout 1s
is gone "t['answered'] >= 90 and t['failed'] > 0"
target port close
run close ok --target "$url"
is close "t['answered'] == 400"
target port drip
run drip 1 --target "$url" --timeout 1s --connect-timeout 1s
is drip "t['answered'] == 0"

target port ok
for flags in "--connections 1" "--connections 1000" "--threads 4" "--threads 4 --connections 7" "--max-connections 5" \
    "--max-in-flight 3" "--session none" "--session connection" "--session cookie:sid" "--session header:X-Number" \
    "--speed max" "--speed max --concurrency 1" "--speed max --threads 3 --concurrency 5" "--speed max --connections 3" \
    "--rate 2000" "--verbatim --host recorded"; do
    run "$flags" ok --target "$url" $flags
    is "$flags" "l['read'] == 400 and t['answered'] == 400"
done
run "cap" ok --target "$url" --max-in-flight 1 --rate 100000 # all due at once: the wait is the target's, not send lag
is "cap" "r['run']['notes'] and r['send_lag_us']['p50'] < r['response']['p50'] / 4"
run count ok --target "$url" --count 150
is count "l['read'] == 150 and t['answered'] == 150"
run "count in a closed loop" ok --target "$url" --count 150 --speed max --threads 2
is count "l['read'] == 150 and t['answered'] == 150"
run loop ok --target "$url" --loop 3 --speed max
is loop "l['read'] == 1200 and t['answered'] == 1200"
run "loop and count" ok --target "$url" --loop 0 --count 1000 --rate 4000
is loop "l['read'] == 1000 and t['answered'] == 1000"
run duration ok --target "$url" --rate 500 --duration 200ms
is duration "l['read'] == 100 and t['answered'] == 100"
run "duration in a closed loop" ok --target "$url" --loop 0 --duration 300ms --speed max
is duration "t['answered'] > 0"
run "methods" 4 --target "$url" --methods PATCH
is methods "l['filtered'] == 400 and t['sent'] == 0"

status=0
"$REHEARSE" replay "$work/traffic" "$work/traffic" -o "$work/signalled" --target "$url" --speed 0.05 --quiet >"$work/out" 2>"$work/err" &
replay=$!
sleep 1
kill -INT $replay
wait $replay || status=$?
[ $status = 4 ] || fail "interrupted: status $status"

# Thousands of recorded connections.
"$make_traffic" "$work/many" --count 10000 --connections 5000 --gap-us 100 --server 8080
mv "$work/traffic" "$work/few" && mv "$work/many" "$work/traffic"
run many ok --target "$url" --speed max --connect-timeout 30s
is many "t['answered'] == 10000"
rm -r "$work/traffic" && mv "$work/few" "$work/traffic"

target /"${work#/}/socket" ok
run unix ok --target "unix:$work/socket"
is unix "t['answered'] == 400"
if [ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6; then
    target v6 ok
    run v6 ok --target "http://[::1]:$port"
    is v6 "t['answered'] == 400"
fi

# Large answers: eight times as many bytes take no more memory.
peak() { # peak COUNT: prints the replay's peak in KiB
    rm -rf "$work/run"
    python3 -c 'import resource, subprocess, sys
sys.exit(3) if subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode not in (0, 1, 4, 5) else None
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)' \
        "$REHEARSE" replay "$work/traffic" -o "$work/run" --target "$url" --quiet --connections 1 --count "$1" --methods GET
}
target port huge
small=$(peak 1) large=$(peak 8)
[ "$large" -lt $((small + 24000)) ] || fail "answers of 32 MiB: $small KiB for one, $large KiB for eight"

openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/certificate.pem" -days 2 -subj /CN=elsewhere \
    -addext subjectAltName=DNS:elsewhere 2>/dev/null
target port ok "$work/certificate.pem" "$work/key.pem"
run certificate 5 --target "https://127.0.0.1:$port"
one_error_line 'no request was answered: self-signed certificate; --ca-file FILE .* --insecure'
run "wrong name" 5 --target "https://127.0.0.1:$port" --ca-file "$work/certificate.pem"
one_error_line 'no request was answered: IP address mismatch; --sni NAME'
run insecure ok --target "https://127.0.0.1:$port" --insecure
is insecure "t['answered'] == 400"
run "another name" ok --target "https://127.0.0.1:$port" --ca-file "$work/certificate.pem" --sni elsewhere
is sni "t['answered'] == 400"

check_status 3 "$REHEARSE" replay "$work/traffic" -o "$work/unresolved" --target http://no-such-host.invalid --quiet
one_error_line 'no-such-host.invalid'
[ ! -e "$work/unresolved" ] || fail "a target that does not resolve leaves a folder"
printf '0\t1\tCONNECT\tshop.example:443\t200\t100\n' | "$make_traffic" "$work/tunnels" --lines --server 8080
rm -r "$work/traffic" && mv "$work/tunnels" "$work/traffic"
run "nothing replayable" 4 --target http://127.0.0.1:1
is "nothing replayable" "l['read'] == 1 and sum(l['unreplayable'].values()) == 1"
rm -r "$work/traffic" && "$make_traffic" "$work/traffic" --count 0
run empty 4 --target http://127.0.0.1:1
is empty "l['read'] == 0"
