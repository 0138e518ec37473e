#!/bin/bash
# Claims: --dry-run prints the plan (what would be fired, when, over what, what it needs, what would be rewritten, what cannot be fired) and
# fires nothing, writes nothing; what it promises is what a replay then does. A replay that needs more open files or local ports than
# there are says so before it starts, with what to do.
source "$(dirname "$0")/lib.sh"
make_traffic="$REHEARSE_BUILD/tests/tools/make_traffic"
"$make_traffic" "$work/traffic" --count 400 --connections 150 --gap-us 5000 --server 8080
port=$(free_port)
PYTHONDONTWRITEBYTECODE=1 python3 "$REHEARSE_SOURCE/tests/integration/replay_self_check.py" serve "$port" 0 &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"
plan() { # plan OPTION...: the plan in $work/out
    (cd "$work" && check_status 0 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:1" --dry-run "$@")
}
says() { grep -qE -e "$1" "$work/out" || { cat "$work/out"; fail "the plan does not say: $1"; }; }

plan
says '^  requests +400 to fire; of 400 read, 0 filtered, 0 cannot be fired$'
says '^  schedule +recorded timing'
says '^ +1\.99 s, 200\.[0-9]/s in the mean, 20[0-9] in the busiest second$'
says '^  sessions +139;'
says '^  connections +139 as recorded, at most 106 open at a time'
says '^  order of cause +allows at most .* at 1 ms'
says '^  needs +170 open files of [0-9]+, 139 local ports of [0-9]+, at most .*memory'
ls -d "$work"/run-* 2>/dev/null && fail "a dry run leaves a run"
plan --rate 50 --loop 0 --duration 1h
says '180000 to fire'
says '50 requests/s'
says '3600 s, 50\.0/s in the mean'
says ' 50 in the busiest second'
says '[1-9][0-9][0-9]+ opened in any 60 s' # each iteration opens its own: 7.5 of them go through in a minute
plan --ramp 10..110/10s --loop 0 --duration 20s
says '1700 to fire'
says '20\.0 s, 85\.0/s in the mean, 110 in the busiest second'
plan --speed 4 --count 100 --methods GET --rewrite 's#^/#/v2/#'
says '100 to fire; of [0-9]+ read, [1-9][0-9]* filtered'
says 'in 100 requests: rewrite path'
plan --speed max --concurrency 7
says 'closed loop of 7 sessions'
says '71 open files of .* 139 local ports'
plan --connections 20
says 'a pool of 20$'
check_status 2 "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 --dry-run --bearer-file "$work/no-such-file"
one_error_line 'bearer-file .*No such file'
check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://192.0.2.10:8080" --dry-run
one_error_line 'recorded from 192.0.2.10:8080'

# What the plan said is what happens.
plan --count 60 --methods GET
planned=$(sed -n 's/^  requests  *\([0-9]*\) to fire; of \([0-9]*\) read, \([0-9]*\) filtered.*/read \2 = \1 fired + \3 filtered/p' "$work/out")
"$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet --count 60 --methods GET --speed 3 >"$work/out" 2>&1 || true
grep -q "$planned" "$work/out" || { cat "$work/out"; fail "planned: $planned"; }

# More addresses to connect from have more ports, and are used in turn.
plan --source-ip 127.0.0.2 --source-ip 127.0.0.3
twice=$(sed -n 's/.* local ports of \([0-9]*\),.*/\1/p' "$work/out")
plan
[ "$twice" = $((2 * $(sed -n 's/.* local ports of \([0-9]*\),.*/\1/p' "$work/out"))) ] || fail "two addresses have $twice ports"
"$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/sources" --quiet --count 60 --methods GET --speed 3 \
    --source-ip 127.0.0.2 --source-ip 127.0.0.3 >"$work/out" 2>&1 &
replay=$!
for _ in $(seq 100); do
    ss -Htn "dport = :$port" >>"$work/ss"
    kill -0 $replay 2>/dev/null || break
    sleep 0.02
done
wait $replay || true
for address in 2 3; do grep -q "127.0.0.$address:" "$work/ss" || fail "nothing was sent from 127.0.0.$address"; done
grep -qE '127\.0\.0\.1:[0-9]+ +127\.0\.0\.1:' "$work/ss" && fail "something was sent from another address"
for wrong in 'not.an.address is not an IP' '203.0.113.9 is not an address of this machine' '::1 the target has no address of that family'; do
    check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" --source-ip "${wrong%% *}"
    one_error_line "${wrong#* }"
done

# Too few files, too few ports.
(ulimit -n 120 && "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/files" --methods GET --speed 5 \
    >"$work/out" 2>"$work/err") || true
grep -q 'connections open at a time need [12][0-9][0-9] open files, the limit is 120: raise it' "$work/err" || fail "no word about files: $(cat "$work/err")"
grep -qE 'read 400 = [0-9]+ fired \+ [0-9]+ filtered \+ 0 sampled out \+ 0 unreplayable \+ 0 not sent' <(tr '\n' ' ' <"$work/out" | tr -s ' ') || fail "with few files not all are fired"
if [ "$(id -u)" = 0 ] && unshare -n true 2>/dev/null; then
    unshare -n bash -c 'ip link set lo up && echo "40000 40049" >/proc/sys/net/ipv4/ip_local_port_range && "$1" replay "$2" --target http://127.0.0.1:9 \
        -o "$3" --count 200 --speed 5' - "$REHEARSE" "$work/traffic" "$work/ports" >"$work/out" 2>"$work/err" || true
    grep -q '[0-9]* connections opened in 60 s need as many local ports, there are 50: .*--source-ip' "$work/err" ||
        fail "no word about ports: $(cat "$work/err")"
    # Where some connections came about, the rest is no finding: it is not the target that failed.
    status=0
    unshare -n bash -c 'ip link set lo up && echo "40000 40049" >/proc/sys/net/ipv4/ip_local_port_range && {
        PYTHONDONTWRITEBYTECODE=1 python3 "$4" serve 9000 0 & server=$!
        for _ in $(seq 100); do (exec 5<>/dev/tcp/127.0.0.1/9000) 2>/dev/null && break; sleep 0.1; done
        got=0; "$1" replay "$2" --target http://127.0.0.1:9000 -o "$3" --speed max --session none || got=$?
        kill $server; exit $got; }' - "$REHEARSE" "$work/traffic" "$work/wants" "$REHEARSE_SOURCE/tests/integration/replay_self_check.py" \
        >"$work/out" 2>"$work/err" || status=$?
    [ $status = 5 ] || { cat "$work/out"; fail "without ports: exit status $status"; }
    grep -q 'local ports, there are 50' "$work/err" || fail "no word about the ports of a closed loop: $(cat "$work/err")"
    tr '\n' ' ' <"$work/out" | tr -s ' ' | grep -q 'want of something on this machine .*--source-ip' || { cat "$work/out"; fail 'the report does not say what lacked'; }
fi
