#!/bin/bash
# Claims: a new key is its owner's alone and never takes a file's place; its id is what traffic under it names, so that traffic of one key joins; a
# rotation puts another key in place at once and keeps the old one under its id, readable by nobody else, and pseudonyms of the two differ while each key gives its own again; a
# file that others may read, or that is no key, is refused.
. "$(dirname "$0")/lib.sh"
key=$work/a.key
check_status 0 "$REHEARSE" key --new "$key"
id=$(cat "$work/out")
[[ $id =~ ^[0-9a-f]{16,}$ ]] || fail "no id: $id"
[ "$(stat -c %a "$key")" = 600 ] || fail "mode $(stat -c %a "$key")"
check_status 2 "$REHEARSE" key --new "$key"
check_status 0 "$REHEARSE" key --show "$key"
[ "$(cat "$work/out")" = "$id" ] || fail "another id the second time"
pseudonym() { printf 'alice\n' | "$REHEARSE" pseudonym --key-file "$1"; }
before=$(pseudonym "$key")
check_status 0 "$REHEARSE" key --rotate "$key"
[ "$(cat "$work/out")" != "$id" ] || fail "the rotation kept the key"
grep -q "a.key.$id" "$work/err" || fail "it is not said where the old key is: $(cat "$work/err")"
[ "$(stat -c %a "$key")$(stat -c %a "$key.$id")" = 600600 ] || fail "others may read a key"
[ "$(pseudonym "$key.$id")" = "$before" ] || fail "the old key gives other pseudonyms than before"
[ "$(pseudonym "$key")" != "$before" ] || fail "the new key gives the old one's pseudonyms"
[ ! -e "$key.new" ] || fail "something is left"
check_status 0 "$REHEARSE" key --rotate "$key"
[ "$(ls "$work" | grep -c '^a\.key')" = 3 ] || fail "a second rotation: $(ls "$work")"
chmod 640 "$key"
check_status 2 "$REHEARSE" key --show "$key"
check_status 2 "$REHEARSE" key --rotate "$key"
echo nothing >"$work/none"; chmod 600 "$work/none"
check_status 2 "$REHEARSE" key --show "$work/none"
check_status 2 "$REHEARSE" key --rotate "$work/missing"
check_status 2 "$REHEARSE" key
check_status 2 "$REHEARSE" key --new "$work/b" --show "$work/b"
[ ! -e "$work/b" ] || fail "wrong usage created a file"
echo "keys are kept"
