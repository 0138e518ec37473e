#!/bin/bash
# Claims: `audit` finds each of many secrets planted in a capture with --unsanitized, in every place and several codings, in bodies with and without
# content coding, and says class, place, coding and exchange, but of no value more than that it is there: neither value nor a name that looks like one stands in any
# output. It says that the capture is unsanitized. In a sanitized capture of the same packets it finds nothing, by the key of the
# segments. What the recorded policy masks is none, what it preserves is one and is said to be preserved. 1 on a finding, 0 on none, 2 on wrong usage, 3 where
# something could not be looked at, and what is whole is looked at all the same.
. "$(dirname "$0")/lib.sh"
export PYTHONPATH=$(dirname "$0") PYTHONDONTWRITEBYTECODE=1
umask 077
cat >"$work/make.py" <<'PYTHON'
import base64, gzip, json, sys, zlib
from http_pcap import message, write
JSON = ("Content-Type", "application/json")
HOST = ("Host", "shop.example")
ok = message("HTTP/1.1 200 OK", [JSON], b'{"ok":true}')
card, mail, iban = "4111111111111111", "jane.roe@corp.example", "GB82WEST12345698765432"
jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
pair = base64.b64encode(b"jane:geheim12").decode()
cases = [  # class, place, coding, request, response
    ("card", "request.start-line query.q", "plain", message("GET /a?q=%s HTTP/1.1" % card, [HOST]), ok),
    ("email", "request.start-line path", "plain", message("GET /u/%s/x HTTP/1.1" % mail.replace("@", "%40"), [HOST]), ok),
    ("email", "request.start-line query.q", "percent", message("GET /a?q=%s HTTP/1.1" % mail.replace("@", "%2540"), [HOST]), ok),
    ("credential", "request.header.Cookie cookie.sid", "plain", message("GET /c HTTP/1.1", [HOST, ("Cookie", "sid=geheim-sitzung")]), ok),
    ("email", "request.header.X-Note", "plain", message("GET /h HTTP/1.1", [HOST, ("X-Note", "by " + mail)]), ok),
    ("email", "request.header.X-Note", "base64", message("GET /h HTTP/1.1", [HOST, ("X-Note", base64.b64encode(b"my mail is " + mail.encode()).decode())]), ok),
    ("email", "request.header.X-Note", "hex", message("GET /h HTTP/1.1", [HOST, ("X-Note", mail.encode().hex())]), ok),
    ("credential", "request.header.Referer query.token", "plain", message("GET /r HTTP/1.1", [HOST, ("Referer", "http://shop.example/?token=geheim-marke")]), ok),
    ("password", "request.header.Authorization", "plain", message("GET /b HTTP/1.1", [HOST, ("Authorization", "Basic " + pair)]), ok),
    ("jwt", "response.body json.note", "plain", message("GET /j HTTP/1.1", [HOST]), message("HTTP/1.1 200 OK", [JSON], json.dumps({"note": "use " + jwt}).encode())),
    ("iban", "response.body json.text", "json", message("GET /j HTTP/1.1", [HOST]),
     message("HTTP/1.1 200 OK", [JSON], json.dumps({"text": json.dumps("x " + "".join("\\u%04x" % ord(c) for c in iban))}).encode())),
    ("card", "response.body json.n", "plain", message("GET /z HTTP/1.1", [HOST]),
     message("HTTP/1.1 200 OK", [JSON, ("Content-Encoding", "gzip")], gzip.compress(b'{"n":%s}' % card.encode()))),
    ("email", "response.body json.m", "plain", message("GET /d HTTP/1.1", [HOST]),
     message("HTTP/1.1 200 OK", [JSON, ("Content-Encoding", "deflate")], zlib.compress(json.dumps({"m": [mail]}).encode()))),
    ("password", "request.body form.password", "plain",
     message("POST /f HTTP/1.1", [HOST, ("Content-Type", "application/x-www-form-urlencoded")], b"a=1&password=geheim12"), ok),
    ("email", "request.body form.note", "plain",
     message("POST /m HTTP/1.1", [HOST, ("Content-Type", "multipart/form-data; boundary=b")],
             b'--b\r\nContent-Disposition: form-data; name="note"\r\n\r\nask %s\r\n--b--\r\n' % mail.encode()), ok),
    ("email", "request.body", "plain",
     message("POST /m HTTP/1.1", [HOST, ("Content-Type", "multipart/form-data; boundary=b")],
             b'--b\r\nContent-Disposition: form-data; name="f"; filename="a.csv"\r\n\r\n1;%s;\r\n--b--\r\n' % mail.encode()), ok),
    ("email", "response.body", "plain", message("GET /p HTTP/1.1", [HOST]), message("HTTP/1.1 200 OK", [("Content-Type", "text/html")], b"<p>write to %s</p>" % mail.encode())),
    ("email", "response.header.Set-Cookie cookie", "percent", message("GET /s HTTP/1.1", [HOST]), message("HTTP/1.1 200 OK", [("Set-Cookie", "%s=1" % mail.replace("@", "%40"))], b"")),
    ("emptied", "request.body json.cvv", "plain", message("POST /v HTTP/1.1", [HOST, JSON], b'{"cvv":"983"}'), ok),
    ("email", "response.body json", "plain", message("GET /k HTTP/1.1", [HOST]), message("HTTP/1.1 200 OK", [JSON], json.dumps({mail: 1}).encode())),
]
write(sys.argv[1], [case[3:] for case in cases])
json.dump([case[:3] for case in cases], open(sys.argv[2], "w"))
json.dump([card, mail, "jane.roe", iban, jwt, pair, "geheim", '"983"', mail.encode().hex(), iban[:12]], open(sys.argv[3], "w"))
PYTHON
python3 "$work/make.py" "$work/in.pcap" "$work/cases" "$work/values"

# tells_nothing: no value stands in what the last command said.
tells_nothing() {
    python3 - "$work/values" "$work/out" "$work/err" <<'END' || fail "a value is told"
import json, sys
text = "".join(open(path).read() for path in sys.argv[2:])
told = [value for value in json.load(open(sys.argv[1])) if value in text]
sys.exit("told: %s" % told if told else 0)
END
}

check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/plain" --unsanitized
check_status 1 "$REHEARSE" audit "$work/plain" --format json
tells_nothing
grep -q 'recorded with --unsanitized' "$work/err" || fail "it is not said that the traffic is unsanitized"
cp "$work/out" "$work/findings"
check_status 0 "$REHEARSE" inspect "$work/plain" --format json
python3 - "$work/cases" "$work/out" "$work/findings" <<'END' || fail "not every secret is found in its place"
import json, sys
cases = json.load(open(sys.argv[1]))
ids = [json.loads(line)["id"] for line in open(sys.argv[2])]
found = {}
for line in open(sys.argv[3]):
    item = json.loads(line)
    place = "%s.%s" % (item["side"], item["part"]) + (".%s" % item["field"] if "field" in item else "")
    place += (" %s" % item["place"] if "place" in item else "") + (".%s" % item["name"] if "name" in item else "")
    assert item["unsanitized"], item
    found.setdefault(item["id"], set()).add((item["class"], place, item["coding"]))
assert len(ids) == len(cases), (len(ids), len(cases))
missing = [(case, found.get(id)) for case, id in zip(cases, ids) if tuple(case) not in found.get(id, ())]
for item in missing:
    print(item, file=sys.stderr)
sys.exit(1 if missing else 0)
END
check_status 1 "$REHEARSE" audit "$work/plain"
tells_nothing
grep -qE '^[0-9a-f]{16}  jwt +look  response.body json.note$' "$work/out" || fail "no table: $(head -3 "$work/out")"
check_status 1 "$REHEARSE" audit "$work/plain" --limit 1
[ "$(wc -l <"$work/out")" -le 3 ] || fail "--limit does not end it"

check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/safe" --new-key-file "$work/key"
check_status 0 "$REHEARSE" audit "$work/safe"
[ ! -s "$work/out" ] || fail "something is found in sanitized traffic: $(cat "$work/out")"
grep -q '0 findings in 0 of 20 exchanges' "$work/err" || fail "no result: $(cat "$work/err")"
check_status 1 "$REHEARSE" audit "$work/safe" "$work/plain" --quiet
[ ! -s "$work/err" ] || fail "--quiet is not"

echo "== under a policy of its own"
cat >"$work/own.yaml" <<'YAML'
version: 1
sanitize:
  - {locate: form.password, strategy: mask, keep_first: 2}
  - {locate: header.X-Note, strategy: preserve}
YAML
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/own" --key-file "$work/key" --policy "$work/own.yaml"
check_status 1 "$REHEARSE" audit "$work/own" --format json
tells_nothing
python3 - "$work/out" <<'END' || fail "not what the policy leaves: $(cat "$work/out")"
import json, sys
items = [json.loads(line) for line in open(sys.argv[1])]
assert [(item["class"], item["field"], item["preserved"]) for item in items] == [("email", "X-Note", True)] * 3, items
END
check_status 0 "$REHEARSE" audit "$work/own" --policy "$work/own.yaml"

echo "== what cannot be looked at"
mkdir "$work/hurt"
cp "$work/plain"/*.seg "$work/hurt/a.seg"
cp "$work/plain"/*.seg "$work/hurt/b.seg"
printf 'damage' | dd of="$work/hurt/a.seg" bs=1 seek=$(($(stat -c %s "$work/hurt/a.seg") / 2)) conv=notrunc status=none
check_status 3 "$REHEARSE" audit "$work/hurt"
grep -q 'damaged and could not be looked at' "$work/err" || fail "damage is not said"
[ "$(grep -c ' jwt ' "$work/out")" = 1 ] || fail "what is whole was not looked at"
rm "$work/hurt/b.seg"
check_status 3 "$REHEARSE" audit "$work/hurt"
check_status 2 "$REHEARSE" audit
mkdir "$work/empty"
check_status 2 "$REHEARSE" audit "$work/empty"
check_status 3 "$REHEARSE" audit "$work/missing"
check_status 2 "$REHEARSE" audit "$work/safe" --policy "$work/missing"
check_status 2 "$REHEARSE" audit "$work/safe" --format xml
echo "the audit holds"
