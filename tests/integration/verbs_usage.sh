#!/bin/bash
# Claims: --help and --version print to standard output and end with 0, also for each verb that --help lists; no verb, an
# unknown verb and an unknown option end with 2, say one line on standard error and nothing on standard output.
source "$(dirname "$0")/lib.sh"

check_status 0 "$REHEARSE" --version
grep -q '^rehearse [0-9]' "$work/out" || fail "--version does not tell the version"
[ "$(wc -l <"$work/out")" -ge 8 ] || fail "--version does not tell the libraries"
check_status 2 "$REHEARSE"
[ ! -s "$work/out" ] || fail "no verb: something on standard output"
check_status 2 "$REHEARSE" nonsense
one_error_line "unknown verb 'nonsense'"
for word in --help -h help; do
    check_status 0 "$REHEARSE" "$word"
    [ ! -s "$work/err" ] || fail "$word: something on standard error"
done
verbs=$(sed -n '/^Verbs:/,/^$/s/^  \([a-z]*\) .*/\1/p' "$work/out")
[ "$(wc -w <<<"$verbs")" -ge 6 ] || fail "--help lists too few verbs"
for verb in $verbs; do
    check_status 0 "$REHEARSE" "$verb" --help
    [ -s "$work/out" ] && [ ! -s "$work/err" ] || fail "$verb --help"
    check_status 2 "$REHEARSE" "$verb" --no-such-option
    one_error_line "unknown option '--no-such-option'"
    [ ! -s "$work/out" ] || fail "$verb: a wrong option, and something on standard output"
done
