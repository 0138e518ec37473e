#!/bin/bash
# Claims: `pseudonym` prints for each line the pseudonym that a capture under the same key puts in the value's place, in order, leaves pseudonyms
# alone; `--as` prints the fakes that values of a type become; it says in one line with exit status 2 what is wrong with a key file.
source "$(dirname "$0")/lib.sh"
token=Zk3vQ9xT7mW2cR8pL5nB4hJ6
PYTHONPATH=$(dirname "$0") python3 - "$work/traffic.pcap" "$token" <<'END'
import sys
from http_pcap import message, write
request = message("GET /orders HTTP/1.1", [("Host", "shop.example"), ("Authorization", "Bearer " + sys.argv[2])])
write(sys.argv[1], [(request, message("HTTP/1.1 200 OK"))])
END
check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 80 -o "$work/traffic" --new-key-file "$work/key"
[ "$(stat -c %a "$work/key")" = 600 ] || fail "the key file's mode is not 600"
check_status 0 "$REHEARSE" inspect "$work/traffic" --format raw
cp "$work/out" "$work/raw"

printf '%s\n\n%s\r\nalice@shop.example' "$token" "$token" >"$work/values"
check_status 0 "$REHEARSE" pseudonym --key-file "$work/key" <"$work/values"
cp "$work/out" "$work/pseudonyms"
[ "$(wc -l <"$work/pseudonyms")" = 4 ] || fail "not one line for each line"
first=$(sed -n 1p "$work/pseudonyms")
[[ $first =~ ^rhx[a-z2-7]{39}$ ]] || fail "no pseudonym: $first"
[ "$first" = "$(sed -n 3p "$work/pseudonyms")" ] && [ -z "$(sed -n 2p "$work/pseudonyms")" ] || fail "lines are mixed up"
[[ $(sed -n 4p "$work/pseudonyms") =~ ^rhx[a-z2-7]{39}@example.com$ ]] || fail "an email does not look like one"
grep -qa "Authorization: Bearer $first" "$work/raw" || fail "the capture has another pseudonym for the token"
check_status 0 "$REHEARSE" pseudonym --key-file "$work/key" <"$work/pseudonyms"
cmp "$work/out" "$work/pseudonyms" || fail "pseudonyms were changed"

printf '4111 1111 1111 1111\nnone\n\n' | check_status 0 "$REHEARSE" pseudonym --key-file "$work/key" --as card
cp "$work/out" "$work/fakes"
grep -qE '^9999 [0-9]{4} [0-9]{4} [0-9]{4}$' <(sed -n 1p "$work/fakes") || fail "no fake of a card: $(cat "$work/fakes")"
grep -qE '^rhx[a-z2-7]{39}$' <(sed -n 2p "$work/fakes") || fail "what is no card has no pseudonym"
[ "$(wc -l <"$work/fakes")" = 3 ] || fail "not one line for each line"
check_status 2 "$REHEARSE" pseudonym --key-file "$work/key" --as date </dev/null
one_error_line 'none of email'
check_status 2 "$REHEARSE" pseudonym </dev/null
one_error_line 'key-file'
check_status 2 "$REHEARSE" pseudonym --key-file "$work/none" </dev/null
one_error_line 'does not exist'
chmod 644 "$work/key"
check_status 2 "$REHEARSE" pseudonym --key-file "$work/key" </dev/null
one_error_line 'chmod 600'
head -c 20 "$work/key" >"$work/short"
chmod 600 "$work/short"
check_status 2 "$REHEARSE" pseudonym --key-file "$work/short" </dev/null
one_error_line 'not a rehearse key file'
