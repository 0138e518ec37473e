#!/bin/bash
# Claims: --steps sends as many requests as its rates say, and ends after the last step, a ramp-up or not; a run that wants more than the traffic
# holds says so; --ramp sends the integral of its rate; equal
# seeds of --arrival poisson send equally many, another seed does not; --max-gap cuts an hour's silence short; the run says how it was
# paced; ways of pacing that exclude each other, or need another, are refused with one line.
source "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
port=$(free_port)
start_nginx "$port"
lines() { # what make_traffic reads: two requests with an hour's silence between them
    printf '0\t1\tGET\t/items/1\t200\t100\n3600000000\t1\tGET\t/items/2\t200\t100\n'
}
"$REHEARSE_BUILD/tests/tools/make_traffic" "$work/traffic" --count 400 --connections 8 --gap-us 100 --server 9
lines | "$REHEARSE_BUILD/tests/tools/make_traffic" "$work/silence" --lines --server 9

sent() { # sent RUN TRAFFIC OPTION...: replays, whatever the verdict; prints how many were sent
    local run=$1 traffic=$2 status=0
    shift 2
    timeout 60 "$REHEARSE" replay "$work/$traffic" --target "http://127.0.0.1:$port" -o "$work/$run" --quiet --abort-if off "$@" \
        >"$work/out" 2>"$work/err" || status=$?
    [ $status != 2 ] && [ $status != 3 ] || { cat "$work/err" >&2; fail "exit status $status: $*"; }
    "$REHEARSE" report "$work/$run" --format json >"$work/$run.json" || true
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["totals"]["sent"])' "$work/$run.json"
}
is() { # is WANTED GOT WHAT
    [ "$1" = "$2" ] || fail "$3: $2 were sent, not $1"
}
paced() { # paced RUN TEXT
    grep -qF "\"pace\": \"$2\"" "$work/$1.json" || { grep pace "$work/$1.json" >&2; fail "$1 does not say that it was paced by '$2'"; }
}

is 150 "$(sent steps traffic --steps 100,200/500ms)" '--steps 100,200/500ms'
paced steps '100 requests/s in 500 ms, 200 requests/s in 500 ms, then the end'
env -u REHEARSE_NO_RAMP "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 --dry-run --steps 200,400/500ms >"$work/plan"
grep -q '200 requests/s in 500 ms, 400 requests/s in 500 ms, then the end, after a ramp-up of ' "$work/plan" || fail "steps after a ramp-up: $(cat "$work/plan")"
grep -qE ' 31[0-2] to fire' "$work/plan" || fail "the ramp-up is at the cost of a step: $(cat "$work/plan")"
is 400 "$(sent count traffic --rate 2000 --count 500)" '--count above what there is'
grep -q 'the traffic was over after 400 requests of 500: --loop 0 repeats it' "$work/out" || fail "--count is not reached, and nothing says so: $(cat "$work/out")"
is 400 "$(sent short traffic --rate 2000 --duration 30s)" '--duration above what there is'
grep -qE 'the traffic was over after 200 ms of 30 s: --loop 0 repeats it' "$work/out" || fail "--duration is not reached, and nothing says so: $(cat "$work/out")"
is 500 "$(sent looped traffic --rate 2000 --count 500 --loop 0)" '--count with --loop 0'
grep -q 'traffic was over' "$work/out" && fail 'a repeated traffic is said to be over'
for how in '--count 500' '--rate 2000 --duration 30s'; do
    "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 --dry-run $how | grep -q 'then the traffic is over.*--loop 0' || fail "the plan does not say that traffic lacks: $how"
done
for how in '--rate 2000 --count 50 --duration 30s' '--rate 10 --count 500 --duration 1s'; do
    "$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 --dry-run $how >"$work/plan" || fail "no plan: $how"
    grep -q 'traffic is over' "$work/plan" && fail "the plan says that traffic lacks, where one limit ends the run before the other: $how"
done
is 200 "$(sent ramp traffic --ramp 0..400/1s --duration 1s)" '--ramp 0..400/1s for a second'
grep -q '0 to 400 requests/s' <("$REHEARSE" report "$work/ramp" || true) || fail 'the report does not show the ramp'
one=$(sent poisson1 traffic --rate 300 --arrival poisson --seed 5 --duration 500ms)
is "$one" "$(sent poisson2 traffic --rate 300 --arrival poisson --seed 5 --duration 500ms)" 'with the same seed'
[ "$one" != "$(sent poisson3 traffic --rate 300 --arrival poisson --seed 6 --duration 500ms)" ] || fail "both seeds sent $one"
paced poisson3 '300 requests/s, Poisson arrivals with seed 6'
is 2 "$(sent silent silence --max-gap 20ms)" '--max-gap'
is 2 "$(sent loop silence --max-gap 20ms --speed 2 --loop 3 --count 2)" '--max-gap with --loop'

refused() { # refused PATTERN OPTION...
    local pattern=$1
    shift
    check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/never" "$@"
    one_error_line "$pattern"
}
refused 'exclude each other' --rate 5 --ramp 1..2/1s
refused 'exclude each other' --steps 1,2/1s --speed 2
refused '1..0/5s|not a rate' --ramp 1..0/5s
refused 'not a time above 0' --steps 1,2/0s
refused 'needs --rate' --arrival poisson
refused 'needs --arrival poisson' --rate 5 --seed 3
refused 'needs recorded timing' --rate 5 --max-gap 1s
