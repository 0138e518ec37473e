#!/bin/bash
# Claims: what is no run, a run of which parts are missing or damaged, and a gate that is not one, each give one clear line
# and their exit status; a run with a damaged block is reported as far as it reads, and is inconclusive at best.
. "$(dirname "$0")/lib.sh"
make_run=$REHEARSE_BUILD/tests/integration/make_run
"$make_run" "$work/run" 2 4000
"$make_run" "$work/other" 4 100

check_status 2 "$REHEARSE" report
check_status 3 "$REHEARSE" report "$work/nothing"
one_error_line 'nothing'
mkdir "$work/empty"
check_status 2 "$REHEARSE" report "$work/empty"
one_error_line 'is not a run'
for gate in 'p99' 'p98 < 1ms' 'p99 < 250' 'errors < 1ms' ''; do
    check_status 2 "$REHEARSE" report "$work/run" --gate "$gate"
    one_error_line "the gate '.*' is not one"
done
check_status 2 "$REHEARSE" report "$work/run" --format html
one_error_line 'html|format'
check_status 2 "$REHEARSE" report "$work/run" "$work/run"
one_error_line 'the same run'
check_status 3 "$REHEARSE" report "$work/run" -o "$work/no/such/folder/report"
one_error_line 'cannot write'
check_status 3 "$REHEARSE" report "$work/run" -o /dev/full
one_error_line 'cannot write'

# run.json: damaged, of another schema, absent beside good results
for damage in '' '{' '[]' '{"schema":"rehearse.run/9","mode":"recorded"}' '{"schema":"rehearse.run/1","mode":"fast"}' \
              '{"schema":"rehearse.run/1","mode":"rate","read":-1}' '{"schema":"rehearse.run/1","mode":"rate","notes":[1]}'; do
    cp -r "$work/other" "$work/bent"
    printf '%s' "$damage" >"$work/bent/run.json"
    check_status 3 "$REHEARSE" report "$work/bent"
    one_error_line 'run.json is damaged or of another version'
    rm -r "$work/bent"
done
cp -r "$work/other" "$work/bent"
rm "$work/bent/run.json"
check_status 2 "$REHEARSE" report "$work/bent"
one_error_line 'is not a run'

# results: absent, of another kind, cut, damaged
mkdir "$work/hollow"
cp "$work/run/run.json" "$work/hollow/"
check_status 2 "$REHEARSE" report "$work/hollow"
[ "$(wc -l <"$work/err")" = 1 ] || fail "not one line"
echo "not a segment" >"$work/hollow/00000001.seg"
check_status 3 "$REHEARSE" report "$work/hollow"
segment=$(find "$work/run" -name '*.seg' | head -1)
size=$(stat -c %s "$segment")
for at in $((size / 4)) $((size / 2)) $((size * 3 / 4)); do
    cp -r "$work/run" "$work/bent2"
    bent=$work/bent2/$(basename "$segment")
    printf '\377\376\375\374\373\372\371' | dd of="$bent" bs=1 seek="$at" conv=notrunc status=none
    check_status 4 "$REHEARSE" report "$work/bent2"
    grep -q 'damaged blocks' "$work/out" || fail "damage is not said"
    rm -r "$work/bent2"
done

# a run that fired nothing
"$make_run" "$work/idle" 2 0
check_status 4 "$REHEARSE" report "$work/idle"
grep -q 'nothing was fired' "$work/out" || fail "an idle run is not said"

# a run that did not end
sed 's/"ended_wall_ns": [0-9]*/"ended_wall_ns": 0/' "$work/run/run.json" >"$work/run.json"
mv "$work/run.json" "$work/run/run.json"
check_status 4 "$REHEARSE" report "$work/run"
grep -q 'did not end' "$work/out" || fail "an unfinished run is not said"
echo "bad input is refused in one line"
