#!/bin/bash
# Claims: `policy --explain` says of each value of a capture with --unsanitized where it stands, what decided on it (rule with its line, name, look and coding), by which strategy, and
# what becomes of it: with the key file exactly what a capture under that policy writes. Preserved values, removed headers and dropped bodies are listed as such, exchanges that
# the policy does not select are named, rules that touched nothing have 0. No original value stands in text, JSON or messages, also not of input that is wrong. Exchanges on standard
# input give the same as the traffic they were printed of. Pseudonyms of the traffic itself are left, with the key and without.
. "$(dirname "$0")/lib.sh"
export PYTHONPATH=$(dirname "$0") PYTHONDONTWRITEBYTECODE=1
umask 077
python3 - "$work/in.pcap" <<'PYTHON'
import base64, gzip, sys
from http_pcap import message, write
JSON = ("Content-Type", "application/json")
write(sys.argv[1], [
    (message("POST /users/geheim7?q=geheim&token=geheim HTTP/1.1",
             [("Host", "h"), ("X-Gone", "geheim"), ("Cookie", "gone=geheim; b=geheim"), ("X-Note", base64.b64encode(b"to geheim@corp.example!").decode()), JSON],
             b'{"user":{"nick":"geheim","gone":["geheim"],"email":"geheim@corp.example"},"pan":"4111 1111 1111 1111","cvv":"983"}'),
     message("HTTP/1.1 200 OK", [JSON, ("Content-Encoding", "gzip"), ("Set-Cookie", "sid=geheim")], gzip.compress(b'{"token":"geheim"}'))),
    (message("GET /page HTTP/1.1", [("Host", "h")]), message("HTTP/1.1 200 OK", [("Content-Type", "text/html")], b"<p>geheim")),
    (message("GET /health HTTP/1.1", [("Host", "h")]), message("HTTP/1.1 200 OK", [], b"")),
])
PYTHON
cat >"$work/policy.yaml" <<'YAML'
version: 1
select: {drop: path == /health}
sanitize:
  - {locate: query.q, strategy: mask, keep_first: 1}
  - {locate: 'json:$.user.nick', strategy: preserve}
  - {locate: header.X-Gone, strategy: remove}
  - {locate: [cookie.gone, 'json:$.user.gone'], strategy: remove}
  - {locate: 'path:/users/{id}', strategy: hash}
  - {locate: header.X-Never, strategy: 'null'}
YAML
check_status 0 "$REHEARSE" key --new "$work/key"
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/plain" --unsanitized
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/safe" --key-file "$work/key" --policy "$work/policy.yaml"
check_status 0 "$REHEARSE" inspect "$work/safe" --format json --bodies
cp "$work/out" "$work/safe.json"

explain() { # explain STATUS ARGUMENT...: and no value is told
    local wanted=$1
    shift
    check_status "$wanted" "$REHEARSE" policy --explain "$@"
    if grep -E 'geheim|4111|983"' "$work/out" "$work/err"; then fail "a value is told"; fi
}
explain 0 "$work/plain" --policy "$work/policy.yaml" --key-file "$work/key"
has() { grep -qE "$1" "$work/out" || { cat "$work/out"; fail "not explained: $1"; }; }
has '^  request.start-line query.q +rule query.q \(line 4\) +mask +g\*{5}$'
has '^  request.start-line query.token +name: credential +hash +rhx'
has '^  request.start-line path.path +rule path:/users/\{id\} \(line 8\) +hash +rhx'
has '^  request.header.X-Gone +rule header.X-Gone \(line 6\) +removed$'
has '^  request.header.Cookie cookie.gone +rule cookie.gone \(line 7\) +removed$'
has '^  request.body json.gone +rule json:\$.user.gone \(line 7\) +removed$'
has '^  request.header.X-Note +look: email in base64 +fake email +[A-Za-z0-9]'
has '^  request.body json.nick +rule json:\$.user.nick \(line 5\) +preserved$'
has '^  request.body json.email +name: personal +hash +rhx[a-z2-7]+@example.com$'
has '^  request.body json.pan +name: personal +fake card +9999 '
has '^  request.body json.cvv +name: emptied +null$'
has '^  response.header.Set-Cookie cookie.sid +name: credential +hash'
has '^  response.body json.token +name: credential +hash'
has '^  response.body +type +dropped$'
has '^  not recorded: the policy does not select it$'
has '^ +0  null +header.X-Never \(line 9\)$'
has '^ +1  preserve +json:\$.user.nick \(line 5\)$'
has '^ +1  card +10\^\(n-8\) of n digits; 3 digits of keyed check after 9999$'
has '^ +1  email +2\^128; 64 bits of keyed check$'

echo "== what a capture writes"
explain 0 "$work/plain" --policy "$work/policy.yaml" --key-file "$work/key" --format json
cp "$work/out" "$work/explained"
python3 - "$work/explained" "$work/safe.json" <<'END' || fail "other replacements than a capture writes"
import json, sys, urllib.parse
items = [json.loads(line) for line in open(sys.argv[1])]
safe = open(sys.argv[2]).read()
safe += urllib.parse.unquote(safe)
made = [item for item in items if item.get("replacement")]
assert len(made) >= 8, made
missing = [item for item in made if item["replacement"] not in safe]
assert not missing, missing
note = [item for item in items if item.get("field") == "X-Note"][0]
assert note["strategy"] == "fake" and note["type"] == "email" and note["coding"] == "base64", note
assert {"side": "request", "part": "header", "field": "X-Gone", "outcome": "removed", "strategy": "remove"}.items() <= [
    item for item in items if item.get("outcome") == "removed"][0].items()
END

echo "== from standard input"
check_status 0 "$REHEARSE" inspect "$work/plain" --format json --bodies
cp "$work/out" "$work/plain.json"
explain 0 --policy "$work/policy.yaml" --key-file "$work/key" --format json <"$work/plain.json"
cmp "$work/out" "$work/explained" || fail "standard input is explained otherwise"
python3 -c 'import json, sys
for line in open(sys.argv[1]): print(json.dumps(json.loads(line), indent=2))' "$work/plain.json" >"$work/pretty.json"
explain 0 --policy "$work/policy.yaml" --key-file "$work/key" --format json <"$work/pretty.json"
cmp "$work/out" "$work/explained" || fail "JSON over several lines is explained otherwise"
explain 0 --limit 1 <<<'{"path":"/?token=geheim"} {"path":"/?token=geheim"}'
[ "$(grep -c '^0' "$work/out")" = 1 ] || fail "--limit does not end it"
explain 2 <<<'{"path":"geheim'
one_error_line 'line 2: not JSON'
explain 2 <<<'{"path":["geheim"]}'
one_error_line 'standard input: line 1: "path" is no text'

echo "== sanitized traffic"
for more in "--key-file $work/key" ""; do
    explain 0 "$work/safe" --policy "$work/policy.yaml" --format json $more
    python3 - "$work/out" <<'END' || fail "what is sanitized is replaced again: $(cat "$work/out")"
import json, sys
outcomes = {item["outcome"] for item in map(json.loads, open(sys.argv[1])) if "outcome" in item}
assert outcomes == {"kept", "kept-pseudonym", "preserved"}, outcomes
END
done
check_status 2 "$REHEARSE" policy --explain --check "$work/policy.yaml"
check_status 2 "$REHEARSE" policy --show-default --limit 3
check_status 2 "$REHEARSE" policy --check "$work/policy.yaml" "$work/safe"
check_status 2 "$REHEARSE" policy --explain "$work/safe" --key-file "$work/missing"
echo "policies are explained"
