#!/bin/bash
# Claims, on segments that are whole, cut, flipped, missing or of the wrong kind:
# - inspect shows every exchange of a whole folder in order of time, as JSON that an independent parser reads;
# - a flipped bit costs at most the exchanges of one block, inspect shows the others and says so in one line, and verify
#   exits 1 with one line that names file and offset;
# - a cut segment and one that a crash left open give everything up to the last whole block; an open one is no damage;
# - what is missing, empty, a run, or no segment gives one clear line and the right status;
# - the commands of --format curl are words of a shell whatever was captured.
source "$(dirname "$0")/lib.sh"
make_traffic=$REHEARSE_BUILD/tests/tools/make_traffic

ids() { # ids FOLDER: the ids of what inspect shows, and the parser's word that the JSON is sound and in order
    "$REHEARSE" inspect "$1" --format json --bodies 2>"$work/err" | python3 -c '
import json, sys
last = 0
for line in sys.stdin:
    e = json.loads(line)
    assert e["times_ns"][0] >= last and e["request_headers"][0][0] == "Host", e
    assert json.loads(e["response_body"])["number"] == int(e["request_headers"][2][1]) - 1, e
    last = e["times_ns"][0]
    print(e["id"])'
}

flip() { # flip FILE OFFSET
    python3 -c '
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2])); b = f.read(1)
    f.seek(int(sys.argv[2])); f.write(bytes([b[0] ^ 4]))' "$1" "$2"
}

"$make_traffic" "$work/whole" --count 400 --block-bytes 8000
segment=$(basename "$work"/whole/*.seg)
size=$(stat -c %s "$work/whole/$segment")
ids "$work/whole" >"$work/all"
[ "$(wc -l <"$work/all")" = 400 ] || fail "inspect does not show 400 exchanges"
[ "$(sort -u "$work/all" | wc -l)" = 400 ] || fail "an exchange is shown twice"
check_status 0 "$REHEARSE" verify "$work/whole"
grep -q ': ok, .* 400 records' "$work/out" || fail "verify does not say ok"
blocks=$(sed -n 's/.*ok, \([0-9]*\) blocks.*/\1/p' "$work/out")
[ "$blocks" -ge 8 ] || fail "only $blocks blocks"

echo "== flips"
for step in $(seq 1 12); do
    rm -rf "$work/flipped"
    cp -r "$work/whole" "$work/flipped"
    at=$((size * step / 13))
    flip "$work/flipped/$segment" "$at"
    check_status 1 "$REHEARSE" verify "$work/flipped"
    one_error_line "$segment: damaged at offset [0-9]+ \([0-9]+ bytes\)"
    ids "$work/flipped" >"$work/some" || true # a body of the hit block is null: the parser stops there
    check_status 0 "$REHEARSE" inspect "$work/flipped" --format json
    shown=$(wc -l <"$work/out")
    [ "$shown" -ge $((400 - 2 * 400 / blocks)) ] || fail "a flip at $at left $shown of 400 exchanges"
    [ "$shown" = 400 ] || one_error_line "damaged and not shown; rehearse verify"
done
flip "$work/whole/$segment" 3 # the file header: its copy serves
check_status 1 "$REHEARSE" verify "$work/whole"
one_error_line "$segment: damaged at offset 0 .*header"
[ "$(ids "$work/whole" | wc -l)" = 400 ] || fail "a damaged file header costs exchanges"
flip "$work/whole/$segment" 3

echo "== cuts"
mkdir "$work/cut" "$work/open"
head -c $((size / 2)) "$work/whole/$segment" >"$work/cut/$segment"
head -c $((size / 2)) "$work/whole/$segment" >"$work/open/$segment.part"
check_status 1 "$REHEARSE" verify "$work/cut"
one_error_line "$segment: damaged at offset [0-9]+ .*cut"
check_status 0 "$REHEARSE" verify "$work/open"
grep -q ': open, .*not sealed' "$work/out" || fail "verify does not say open"
for folder in cut open; do
    ids "$work/$folder" >"$work/some"
    shown=$(wc -l <"$work/some")
    [ "$shown" -gt 100 ] && [ "$shown" -lt 300 ] || fail "half a segment shows $shown exchanges"
    [ -z "$(comm -23 <(sort "$work/some") <(sort "$work/all"))" ] || fail "a cut segment shows what was not written"
done

echo "== what is no traffic"
for verb in inspect verify; do
    check_status 3 "$REHEARSE" $verb "$work/nowhere"
    one_error_line "nowhere: No such file"
    mkdir -p "$work/empty"
    check_status 2 "$REHEARSE" $verb "$work/empty"
    one_error_line "empty holds no segment"
    check_status 2 "$REHEARSE" $verb
done
echo text >"$work/text.seg"
check_status 3 "$REHEARSE" inspect "$work/text.seg"
one_error_line "text.seg is not a segment"
check_status 1 "$REHEARSE" verify "$work/text.seg"
one_error_line "text.seg is not a segment"
check_status 2 "$REHEARSE" inspect "$work/whole" --id 123
one_error_line "no exchange has the id"

mkfifo "$work/pipe.seg"
check_status 3 timeout 20 "$REHEARSE" inspect "$work/pipe.seg"
one_error_line "pipe.seg is not a segment"

echo "== what was captured stays text"
printf '0\t1\tGET\t/x$(touch %s/pwned)`touch %s/pwned`'"'"';touch %s/pwned;#\033[31m\t200\t5\t\t{}\n' "$work" "$work" "$work" |
    "$make_traffic" "$work/hostile" --lines
printf '5\t1\tPOST\t/y\t0\t0\t%%s\\n'"'"'; touch %s/pwned; \001\n' "$work" | "$make_traffic" "$work/hostile2" --lines
check_status 0 "$REHEARSE" inspect "$work/hostile" "$work/hostile2" --format curl
mkdir "$work/bin"
cat >"$work/bin/curl" <<'SCRIPT'
#!/bin/sh
for word; do printf '<%s>\n' "$word"; done
case " $* " in *" @- "*) cat ;; esac
SCRIPT
chmod +x "$work/bin/curl"
PATH="$work/bin:$PATH" sh "$work/out" >"$work/words"
[ ! -e "$work/pwned" ] || fail "a captured command was run"
grep -qF "</x\$(touch $work/pwned)\`touch $work/pwned\`';touch $work/pwned;#"$'\033[31m>' "$work/words" || fail "the target did not survive the shell"
grep -qF "%s\\n'; touch $work/pwned; "$'\001' "$work/words" || fail "the body did not survive the shell"
for format in table json curl; do
    check_status 0 "$REHEARSE" inspect "$work/hostile" --format $format
    ! grep -q $'\033' "$work/out" || fail "$format prints a control byte"
done
check_status 0 "$REHEARSE" inspect "$work/hostile" --format raw
grep -q $'\033\\[31m' "$work/out" || fail "raw does not give the bytes"
python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]))' "$REHEARSE" inspect "$work/hostile" --format raw >"$work/out" </dev/null ||
    fail "inspect does not work on a terminal"
grep -qF '\x1b[31m' "$work/out" || fail "raw shows nothing on a terminal"
! grep -q $'\033' "$work/out" || fail "raw prints a control byte to a terminal"
echo "segments bear damage"
