#!/bin/bash
# Claims: of more than 30,000 unique secrets, in every place that sanitizing knows and in several codings, in bodies with and without content
# coding and chunks, cut over TCP segments in three ways, beside holes, resets, defective header lines and framing, and bodies that cannot be
# parsed, none (nor eight bytes of one, in any coding) stands in any file or message of a capture with defaults, of `inspect` in all its
# formats, or of `verify`; nor in a capture that cuts bodies short, nor in what a capture leaves that was killed; nor in what a target gets when
# the traffic is replayed at it, nor in the run and its reports, though that target answers with all the secrets of the recorded server. Among
# them are values that only their look tells, of twelve kinds, under harmless names: emails, cards, keys, tokens, addresses. The same search
# finds every one in a capture with --unsanitized. Bodies that can be sanitized are kept, and the beginnings of those that were cut.
# Exchanges with digests and signatures of what was changed are flagged, as many as the ledger says.
# REHEARSE_LEAK=long takes all combinations of kind, place, coding, content coding, chunks and cuts.
source "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
seed=${REHEARSE_LEAK_SEED:-1}
search() { # search found|absent|partly PATH...
    local wanted=$1
    shift
    python3 "$here/leak_search.py" "$work/secrets.json" "$wanted" "$@"
}

keep_output() { # keep_output FILE: what the last command printed
    cp "$work/out" "$1.out"
    cp "$work/err" "$1.err"
}

python3 "$here/leak_traffic.py" "$seed" "$work/traffic.pcap" "$work/secrets.json" "$work/answers.json" | tee "$work/count"
[ "$(sed 's/.* exchanges, \([0-9]*\) secrets.*/\1/' "$work/count")" -ge 30000 ] || fail "fewer than 30,000 secrets"
umask 077
mkdir "$work/plain" "$work/safe" "$work/short" "$work/killed" "$work/fired"
check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 8080 -o "$work/plain/traffic" --unsanitized
search found "$work/plain/traffic" || fail "the search cannot find what is there (seed $seed)"

check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 8080 -o "$work/safe/traffic" --new-key-file "$work/key" \
    --ledger "$work/safe/ledger.json"
keep_output "$work/safe/capture"
for format in table json raw curl; do
    more=()
    [ $format = json ] && more=(--bodies --links)
    check_status 0 "$REHEARSE" inspect "$work/safe/traffic" --format $format "${more[@]}"
    keep_output "$work/safe/inspect-$format"
done
check_status 0 "$REHEARSE" verify "$work/safe/traffic"
keep_output "$work/safe/verify"
search absent "$work/safe" || fail "secrets were kept (seed $seed)"

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
for flag in request_digest_stale request_signature_stale response_digest_stale response_signature_stale; do
    counted=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["requests"]["flags"][sys.argv[2]])' "$work/safe/ledger.json" $flag)
    shown=$(grep -c "\"flags\":\[[^]]*\"$flag\"" "$work/safe/inspect-json.out") || true
    [ "$counted" -gt 0 ] && [ "$counted" = "$shown" ] || fail "$flag: $counted counted, $shown shown"
done
begun=$(grep -c '_body":"[^,]*begins-public.*_state":"cut"' "$work/safe/inspect-json.out") || true
[ "$begun" -gt 200 ] || fail "only $begun beginnings were kept"

check_status 0 "$REHEARSE" capture -r "$work/traffic.pcap" -p 8080 -o "$work/short/traffic" --key-file "$work/key" --max-body 60
search absent "$work/short/traffic" || fail "secrets were kept of cut bodies (seed $seed)"

echo "== killed while it records"
mkfifo "$work/half"
"$REHEARSE" capture -r "$work/half" -p 8080 -o "$work/killed/traffic" --key-file "$work/key" >"$work/killed/out" 2>"$work/killed/err" &
capture=$!
on_exit "kill -9 $capture 2>/dev/null"
exec 7>"$work/half"
head -c $(($(stat -c %s "$work/traffic.pcap") * 2 / 3)) "$work/traffic.pcap" >&7
for _ in $(seq 100); do
    files=("$work"/killed/traffic/*.part)
    [ -e "${files[0]}" ] && [ "$(stat -c %s "${files[0]}")" -gt 100000 ] && break
    sleep 0.1
done
kill -9 $capture $(pgrep -P $capture) 2>/dev/null || true
wait $capture 2>/dev/null || true
exec 7>&-
search partly "$work/killed" || fail "secrets are in what a killed capture left (seed $seed)"

echo "== fired at a target that answers with the secrets"
port=$(free_port)
python3 "$here/leak_target.py" "$port" "$work/answers.json" "$work/fired" &
target=$!
on_exit "kill $target 2>/dev/null"
wait_for_port "$port"
got=0
"$REHEARSE" replay "$work/safe/traffic" --target "http://127.0.0.1:$port" -o "$work/fired/run" --speed max --timeout 5s \
    >"$work/fired/out" 2>"$work/fired/err" || got=$?
[ $got -le 1 ] || [ $got = 4 ] || [ $got = 5 ] || { cat "$work/fired/err" >&2; fail "replay ended with $got"; }
for format in text json; do
    "$REHEARSE" report "$work/fired/run" --format $format >"$work/fired/$format.out" 2>"$work/fired/$format.err" || true
done
kill $target
wait $target 2>/dev/null || true
arrived=$(grep -c X-Case: "$work/fired/arrived")
[ "$arrived" -gt 4000 ] || fail "only $arrived requests arrived"
search partly "$work/fired" || fail "secrets were fired, or kept of what came back (seed $seed)"
echo "no leak; $kept bodies and $begun beginnings kept; $arrived requests fired"
