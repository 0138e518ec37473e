#!/bin/bash
# Claims: replay --compare content says by endpoint which answers differ from the recorded ones in type, redirect, cookies and JSON, and in
# nothing else; with the key file sensitive values compare by pseudonym, without it by presence and type, and the report says
# so; those in type, redirect, cookies and shape are findings, which fail no run until a gate on content does; another key is refused. Secrets that the target answers with, in headers and bodies, plain and coded, stand nowhere in
# the run's folder (segments uncompressed), the reports or the messages.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_contents.py"
export PYTHONDONTWRITEBYTECODE=1
"$REHEARSE" key --new "$work/key" 2>/dev/null
"$REHEARSE" key --new "$work/other" 2>/dev/null
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic" "$work/key"
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/raw" --unsanitized
port=$(free_port)
python3 "$kit" serve "$port" &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"

one() { # one TRAFFIC HOW OPTION...: replays and checks the report
    local traffic=$1 how=$2
    shift 2
    rm -rf "$work/run"
    timeout 60 "$REHEARSE" replay "$work/$traffic" --target "http://127.0.0.1:$port" -o "$work/run" --speed 5 \
        --compare content "$@" >"$work/out" 2>"$work/err" || true # too little data for gates
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
    python3 "$kit" check "$work/report.json" "$how" || { cat "$work/out"; fail "the report of $traffic, $how"; }
    grep -q "sensitive values are compared $how" "$work/out" || fail "the text does not say how"
    "$REHEARSE_BUILD/tests/tools/dump_raw" "$work/run" "$work/dump" >"$work/dumped"
    for secret in leak-in-token-77f01c leak-in-cookie-5d113b leak-in-location leak-in-header-90ab; do
        ! grep -raqF "$secret" "$work/run" "$work/out" "$work/err" "$work/report.json" "$work/dump" || fail "$secret was stored"
    done
}
one traffic "by pseudonym" --key-file "$work/key"
one traffic "by presence and type"
one traffic "by pseudonym" --key-file "$work/key" --threads 2 --connections 2
one raw "by pseudonym"

rm -rf "$work/run"
timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --speed 5 --compare content \
    --gate 'content < 1%' --gate '@GET /value: content.json_shape <= 0' >"$work/out" 2>"$work/err" && fail "a gate on contents holds" || [ $? = 1 ] || fail "$?"
grep -q 'content: json_shape differs in' "$work/out" || { cat "$work/out"; fail "no finding"; }
grep -q 'gate failed: content < 1%' "$work/out" || { cat "$work/out"; fail "the gate is not named"; }

replay=("$REHEARSE" replay --target "http://127.0.0.1:$port" -o "$work/none")
check_status 2 "${replay[@]}" "$work/traffic" --compare content --key-file "$work/other"
one_error_line 'not the key that the traffic was recorded under'
check_status 2 "${replay[@]}" "$work/traffic" --key-file "$work/key"
one_error_line -- '--key-file needs --compare content'
check_status 2 "${replay[@]}" "$work/raw" --compare content --key-file "$work/key"
one_error_line 'under no key'

rm -rf "$work/run"
timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --speed 5 >"$work/out" 2>&1 || true
! grep -q '^Content' "$work/out" || fail "contents were compared unasked"
