#!/bin/bash
# Claims: samples/quickstart.sh goes from a build to a report that names exactly the planted regressions, with --keep leaves
# traffic, run, report.json and planted.json and nothing else, prints no password or token, removes its temporary folder,
# and refuses wrong options; --seed none is reported as a pass.
source "$(dirname "$0")/lib.sh"
quickstart=$REHEARSE_SOURCE/samples/quickstart.sh
if ! "$REHEARSE" capture -i lo -p 9 -o "$work/probe" --duration 10ms >"$work/out" 2>"$work/err"; then
    grep -qiE 'permission|privilege|root|CAP_NET' "$work/err" || { cat "$work/err" >&2; fail "capture on lo does not work"; }
    echo "SKIPPED: no privilege to capture on lo"
    exit 77
fi
mkdir "$work/tmp"
export TMPDIR=$work/tmp

check_status 0 "$quickstart" --build "$REHEARSE_BUILD" --seed 3 --requests 1500 --rate 250 --keep "$work/kept"
[ "$(ls "$work/kept" | sort | tr '\n' ' ')" = "planted.json report.json run traffic " ] || fail "--keep left: $(ls "$work/kept")"
[ -z "$(ls -A "$work/tmp")" ] || fail "left behind: $(ls -A "$work/tmp")"
! grep -q 'wonder-' "$work/out" "$work/err" || fail "a password was printed"
! grep -rq 'wonder-' "$work/kept" || fail "a password was kept"
[ "$(grep -c 'planted and found' "$work/out")" = 3 ] || fail "the three are not named"
"$REHEARSE_BUILD/samples/shop-check" "$work/kept/planted.json" "$work/kept/report.json" >/dev/null || fail "the kept files do not agree"
printf '[]' >"$work/nothing"
check_status 1 "$REHEARSE_BUILD/samples/shop-check" "$work/nothing" "$work/kept/report.json"

check_status 0 "$quickstart" --build "$REHEARSE_BUILD" --seed none --requests 600 --rate 250
grep -q '0 findings, 0 regressions' "$work/out" || fail "findings without regressions"

check_status 2 "$quickstart" --seed x
check_status 2 "$quickstart" --frobnicate
check_status 2 "$quickstart" --build "$REHEARSE_BUILD" --keep "$work/kept"
