#!/bin/bash
# Claims: a JSON API that checks what it is sent (emails, phone numbers, cards by Luhn, IBANs by mod 97, addresses, passwords, bearer tokens, whether somebody
# or something exists) answers traffic that was sanitized with defaults with a status of the recorded class in at least 95 % of requests, those among them that it
# refuses; and none of the values that its users sent stands in the traffic.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/sanitize_utility.py"
export PYTHONDONTWRITEBYTECODE=1
umask 077

start() { # sets $port and $api: nobody is known to it
    port=$(free_port)
    python3 "$kit" serve "$port" 2>"$work/api.log" &
    api=$!
    on_exit "kill $api 2>/dev/null"
    wait_for_port "$port"
}

start
read -r sent fine refused < <(python3 "$kit" drive "$port" "$work/exchanges")
kill $api
[ "$fine" -ge 300 ] && [ "$refused" -ge 300 ] || fail "$fine answers are fine and $refused are not: of each 300 are wanted"
"$REHEARSE" key --new "$work/key" >/dev/null
"$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic" "$work/key" <"$work/exchanges"
check_status 0 "$REHEARSE" inspect "$work/traffic" --format json --bodies
if grep -oP 'user[0-9]+\.(lee|kim)|wonder-[0-9]+|\+4915[0-9]+|"card_number\\": 4[0-9]+|DE[0-9]{2}(?!0000)[0-9]{18}|93\.184\.' "$work/out"; then fail "a value stands in the traffic"; fi
check_status 0 "$REHEARSE" audit "$work/traffic"

start
timeout 100 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" --quiet --speed max --concurrency 8 >"$work/out" 2>"$work/err" || true
kill $api
"$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
read -r answered equal < <(python3 "$kit" figures "$work/report.json")
echo "$equal of $answered statuses of the recorded class, of $sent sent: $fine fine, $refused refused"
[ "$answered" = "$sent" ] || { cat "$work/out" "$work/err"; fail "not all were answered"; }
[ $((100 * equal)) -ge $((95 * answered)) ] || { cat "$work/out"; fail "under 95 % as recorded"; }
