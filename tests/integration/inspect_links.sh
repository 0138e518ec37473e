#!/bin/bash
# Claims: `inspect --links` names for each exchange what it issues and uses, creates and refers to, and of what it carries the exchange that gave it
# out; the table ends with the values that join exchanges. So it is where bodies are not recorded, and in a capture with --unsanitized. Sixteen ids
# of a kind at most. An id that was carried before is not created. No value stands in what is shown.
. "$(dirname "$0")/lib.sh"
export PYTHONPATH=$(dirname "$0") PYTHONDONTWRITEBYTECODE=1
umask 077
python3 - "$work/in.pcap" <<'PYTHON'
import json, sys
from http_pcap import message, write
JSON, HOST = ("Content-Type", "application/json"), ("Host", "shop.example")
def body(value):
    return json.dumps(value).encode()
def ok(value, *lines, status="200 OK"):
    return message("HTTP/1.1 " + status, [JSON, *lines], body(value))
session = ("Cookie", "sid=geheimgeheimgeheim1")
write(sys.argv[1], [
    (message("GET /items/23 HTTP/1.1", [HOST]), ok({"id": 23})),
    (message("POST /login HTTP/1.1", [HOST, JSON], body({"user": "jo", "password": "geheim"})), ok({}, ("Set-Cookie", session[1]))),
    (message("POST /orders HTTP/1.1", [HOST, session, JSON], body({"item_id": 23, "quantity": 2})),
     ok({"id": "ord-7734512", "item_id": 23, "lines": [{"line_id": 88}]}, ("Location", "/orders/ord-7734512"), status="201 Created")),
    (message("GET /orders/ord-7734512/lines/88?page=2 HTTP/1.1", [HOST, session]), ok({"line_id": 88})),
    (message("POST /pay HTTP/1.1", [HOST, session, JSON], body({"order_id": "ord-7734512"})), ok({"many": [{"id": n} for n in range(1000, 1100)]})),
    (message("DELETE /orders/ord-7734512 HTTP/1.1", [HOST, session]), ok({})),
])
PYTHON

check_links() { # check_links TRAFFIC: what inspect says of it
    check_status 0 "$REHEARSE" inspect "$1" --links --format json
    python3 - "$work/out" <<'END' || fail "not the links that are there: $1"
import json, sys
shown = [json.loads(line) for line in open(sys.argv[1])]
ids = [one["id"] for one in shown]
def links(number, kind):
    return sorted((link["place"], link["name"], ids.index(link["from"]) if "from" in link else None)
                  for link in shown[number]["links"] if link["kind"] == kind)
def check(got, *wanted):
    assert got == sorted(wanted), (got, wanted)
check(links(0, "refers"), ("path", "items", None))
check(links(0, "creates"))
check(links(1, "issues"), ("cookie", "sid", None))
check(links(2, "uses"), ("cookie", "sid", 1))
check(links(2, "refers"), ("json", "item_id", None))
check(links(2, "creates"), ("header", "Location", None), ("json", "id", None), ("json", "line_id", None))
check(links(3, "refers"), ("path", "orders", 2), ("path", "lines", 2))
check(links(4, "refers"), ("json", "order_id", 2))
assert len(links(4, "creates")) == 16
check(links(5, "refers"), ("path", "orders", 2))
strong = {link["name"]: link["strong"] for link in shown[2]["links"] if link["kind"] == "creates"}
assert strong == {"Location": True, "id": True, "line_id": False}, strong
END
    check_status 0 "$REHEARSE" inspect "$1" --links
    local first
    first=$(sed -n 's/^links:$/&/p' "$work/out")
    [ -n "$first" ] || fail "no groups"
    python3 - "$work/out" <<'END' || fail "not the groups that are there: $1"
import re, sys
lines = open(sys.argv[1]).read().split("links:\n")[1].splitlines()
got = [re.sub(r" [0-9a-f]{32}| [0-9a-f]{16}", "", re.sub(" +", " ", line.strip())) for line in lines]
assert got == ["credential cookie sid from, carried by 4:", "id header Location from, carried by 3:", "id json line_id from, carried by 1: (weak: short)",
               "16 values were given out and not carried by a later request"], got
END
    ! grep -q geheim "$work/out" || fail "a value is told"
}

check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/safe" --new-key-file "$work/key"
check_links "$work/safe"
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/heads" --key-file "$work/key" --bodies none
check_links "$work/heads"
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/plain" --unsanitized
check_links "$work/plain"
check_status 0 "$REHEARSE" inspect "$work/safe" --links --limit 1
grep -q '0 values were given out' "$work/out" || fail "groups of what was not read"
echo "links hold"
