#!/bin/bash
# Claims: of thousands of unique secrets, in every place that sanitizing knows and in several codings, in bodies with and without content
# coding and chunks, cut over TCP segments in three ways, beside holes, defective header lines and bodies that cannot be parsed, none (nor eight
# bytes of one, in any coding) stands in any file or message of a capture with defaults, of `inspect` in all its formats, or of `verify`; nor in
# a capture that cuts bodies short. So with values that only their look tells, of twelve kinds, under harmless names: emails, cards, keys, tokens,
# addresses. The same search finds every one of them in a capture with --unsanitized. Bodies that can be sanitized are kept, and the beginnings
# of those that were cut. REHEARSE_LEAK=long takes all combinations of kind, place, coding, content coding, chunks and cuts: minutes.
source "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
seed=${REHEARSE_SEED:-1}

python3 "$here/leak_traffic.py" "$seed" "$work/traffic.pcap" "$work/secrets.json"
umask 077
mkdir "$work/plain" "$work/safe" "$work/short"
check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 8080 -o "$work/plain/traffic" --unsanitized
python3 "$here/leak_search.py" "$work/secrets.json" found "$work/plain/traffic" ||
    fail "the search cannot find what is there (seed $seed)"

check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 8080 -o "$work/safe/traffic" --new-key-file "$work/key" \
    --ledger "$work/safe/ledger.json"
cp "$work/out" "$work/safe/capture.out"
cp "$work/err" "$work/safe/capture.err"
for format in table json raw curl; do
    more=()
    [ $format = json ] && more=(--bodies --links)
    check_status 0 "$REHEARSE" inspect "$work/safe/traffic" --format $format "${more[@]}"
    cp "$work/out" "$work/safe/inspect-$format.out"
    cp "$work/err" "$work/safe/inspect-$format.err"
done
check_status 0 "$REHEARSE" verify "$work/safe/traffic"
cp "$work/out" "$work/safe/verify.out"
cp "$work/err" "$work/safe/verify.err"
python3 "$here/leak_search.py" "$work/secrets.json" absent "$work/safe" || fail "secrets were kept (seed $seed)"

kept=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["bodies"]["kept"])' "$work/safe/ledger.json")
[ "$kept" -gt 4000 ] || fail "only $kept bodies were kept: nothing leaks where nothing is recorded"
python3 - "$work/secrets.json" "$work/safe/inspect-json.out" <<'END' || fail "bodies with values of a known look are not kept (seed $seed)"
import json, sys
wholes = {"public-%d" % number for number in json.load(open(sys.argv[1]))["wholes"]}
for line in open(sys.argv[2]):
    exchange = json.loads(line)
    names = {value for name, value in exchange["request_headers"] if name == "X-Case"}
    states = exchange["request_body_state"], exchange["response_body_state"]
    if names & wholes and set(states) <= {"kept", "empty"}:
        wholes -= names
print(len(wholes), "exchanges are not whole:", sorted(wholes)[:10])
sys.exit(1 if wholes else 0)
END
begun=$(grep -c '_body":"[^,]*begins-public.*_state":"cut"' "$work/safe/inspect-json.out") || true
[ "$begun" -gt 200 ] || fail "only $begun beginnings were kept"

check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 8080 -o "$work/short/traffic" --key-file "$work/key" --max-body 60
python3 "$here/leak_search.py" "$work/secrets.json" absent "$work/short/traffic" || fail "secrets were kept of cut bodies (seed $seed)"
echo "no leak; $kept bodies and $begun beginnings kept"
