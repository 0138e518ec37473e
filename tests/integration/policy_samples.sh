#!/bin/bash
# Claims: the default policy that is printed is one; each sample policy is one, and traffic recorded with it verifies and says in its segments
# which it was; rules, detectors and selection of a file do what they say in a real capture; a mistake ends the capture with 2, file and line, before anything is recorded.
. "$(dirname "$0")/lib.sh"
make_pcap=$REHEARSE_BUILD/tests/tools/make_pcap
samples=$REHEARSE_SOURCE/samples/policies
"$make_pcap" --seed 3 400 "$work/in.pcap" >/dev/null

check_status 0 "$REHEARSE" policy --show-default
cp "$work/out" "$work/default.yaml"
check_status 0 "$REHEARSE" policy --check "$work/default.yaml"
record() { # record NAME POLICY: into $work/NAME
    check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 8080 -o "$work/$1" --policy "$2" --new-key-file "$work/$1.key"
    check_status 0 "$REHEARSE" verify "$work/$1"
    check_status 0 "$REHEARSE" inspect "$work/$1" --format json --bodies
}
for policy in "$samples"/*.yaml; do
    check_status 0 "$REHEARSE" policy --check "$policy"
    record "$(basename "$policy" .yaml)" "$policy"
    [ -s "$work/out" ] || fail "$policy records nothing"
done
record strict2 "$samples/strict.yaml"
grep -q 'User-Agent","rhx' "$work/out" || fail "the allow list keeps a header that it does not name"
grep -q '"Accept","application/json"' "$work/out" || fail "the allow list does not keep a header that it names"

cat >"$work/own.yaml" <<'YAML'
version: 1
select: {keep: method == POST}
sanitize:
  - {locate: header.User-Agent, strategy: remove}
  - {locate: query.page, strategy: hash}
  - {locate: 'json:$.id', strategy: mask}
YAML
record own "$work/own.yaml"
if grep -qv '"method":"POST"' "$work/out"; then fail "exchanges are recorded that the policy does not select"; fi
if grep -q 'User-Agent' "$work/out"; then fail "a header is left that the policy removes"; fi
if grep -qE 'page=[0-9]' "$work/out"; then fail "a parameter is left that the policy hashes"; fi
grep -q '\\"id\\":\\"\*' "$work/out" || fail "no member is masked: $(head -1 "$work/out")"

printf 'version: 1\nsanitize:\n  - locate: query.a\n    strategy: hsah\n' >"$work/bad.yaml"
check_status 2 "$REHEARSE" policy --check "$work/bad.yaml"
grep -q "bad.yaml:4: unknown strategy 'hsah'; did you mean 'hash'?" "$work/err" || fail "no place and hint: $(cat "$work/err")"
check_status 2 "$REHEARSE" capture -r "$work/in.pcap" -o "$work/none" --policy "$work/bad.yaml"
grep -q 'bad.yaml:4' "$work/err" || fail "capture does not name the line: $(cat "$work/err")"
[ ! -e "$work/none" ] || fail "something was recorded under a policy that is none"
check_status 2 "$REHEARSE" capture -r "$work/in.pcap" -o "$work/none" --policy "$work/missing.yaml"
check_status 2 "$REHEARSE" policy
echo "policies hold"
