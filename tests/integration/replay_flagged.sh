#!/bin/bash
# Claims: a recorded request with a defect (odd methods, bare LF, folded lines, odd lengths) is fired with --fire-flagged alone, and then byte for
# byte, marked; one whose body was cut with --fill-bodies alone, with as many bytes of filler, marked and not compared. Defects whose bytes are
# not kept, upgrades and CONNECT are never fired. Each request of the recording stands in one count of the report, and of the plan. That credentials
# recorded without pseudonyms are not linked is said. Sanitized, a method in small letters and a path with blanks are fired as they were, but for what is sensitive in them.
source "$(dirname "$0")/lib.sh"
oracle="$REHEARSE_SOURCE/tests/integration/replay_flagged.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$oracle" pcap "$work/in.pcap"
check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 80 -o "$work/traffic" --unsanitized --max-body 1K
port=$(free_port)

# one NAME FIRED REASONS OPTION...: fires, FIRED of 16, and leaves REASONS; the plan says the same.
one() {
    local name=$1 fired=$2 reasons=$3
    shift 3
    check_status 0 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" --dry-run "$@"
    grep -qE "^  requests +$fired to fire; of 16 read, 0 filtered, $((16 - fired)) cannot be fired \($reasons\)$" "$work/out" ||
        { cat "$work/out"; fail "$name: the plan"; }
    rm -f "$work/arrived"
    python3 "$oracle" serve "$port" "$work/arrived" &
    local server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
    check_replay 4 timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/$name" --quiet "$@"
    tr '\n' ' ' <"$work/out" | tr -s ' ' | grep -q "read 16 = $fired fired + 0 filtered + 0 sampled out + $((16 - fired)) unreplayable ($reasons) + 0 not sent" ||
        { cat "$work/out"; fail "$name: the ledger"; }
    "$REHEARSE" report "$work/$name" --format json >"$work/$name.json" || true
    kill $server
    wait $server 2>/dev/null || true
}

is() { # is NAME EXPRESSION
    python3 -c "import json; r = json.load(open('$work/$1.json')); t = r['totals']; assert r['ledger']['balanced'] and $2, t" || fail "$1: $2"
}

one plain 5 "body_cut 2, upgrade 1, connect 1, flagged 6, defect_lost 1"
is plain "t['defective'] == t['filled'] == 0"
one flagged 11 "body_cut 2, upgrade 1, connect 1, defect_lost 1" --fire-flagged
python3 "$oracle" check "$work/arrived" flagged || fail "what arrived with --fire-flagged"
is flagged "t['defective'] == 6 and t['pairs'] == 11"
one filled 7 "upgrade 1, connect 1, flagged 6, defect_lost 1" --fill-bodies
python3 "$oracle" check "$work/arrived" filled || fail "what arrived with --fill-bodies"
is filled "t['filled'] == 2 and t['pairs'] == 5 and t['answered'] == 7"
one both 13 "upgrade 1, connect 1, defect_lost 1" --fire-flagged --fill-bodies --threads 2
echo "== sanitized, a method in small letters and a target with blanks are kept, and fired as they are"
PYTHONPATH="$REHEARSE_SOURCE/tests/integration" python3 - "$work/odd.pcap" <<'PYTHON'
import sys
from http_pcap import write
answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
write(sys.argv[1], [(line + b" HTTP/1.1\r\nHost: shop.example\r\n\r\n", answer) for line in (b"get /lower?token=geheim", b"POST /two words\x01?a=b c")])
PYTHON
check_status 0 "$REHEARSE" capture -r "$work/odd.pcap" -p 80 -o "$work/odd"
check_status 0 "$REHEARSE" inspect "$work/odd" --format json
grep -q geheim "$work/out" && fail "a token is kept"
check_status 0 "$REHEARSE" replay "$work/odd" --target "http://127.0.0.1:$port" --dry-run --fire-flagged
grep -qE '^  requests +2 to fire; of 2 read' "$work/out" || { cat "$work/out"; fail "odd request lines cannot be fired"; }
rm -f "$work/arrived"
python3 - "$port" "$work/arrived" <<'PYTHON' &
import socketserver, sys
class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        while line := self.rfile.readline():
            open(sys.argv[2], "ab").write(line)
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
PYTHON
server=$!
on_exit "kill $server 2>/dev/null"
wait_for_port "$port"
check_replay 4 timeout 60 "$REHEARSE" replay "$work/odd" --target "http://127.0.0.1:$port" -o "$work/odd.run" --quiet --fire-flagged
kill $server
grep -qaE '^get /lower\?token=rhx[a-z2-7]{39} HTTP/1.1' "$work/arrived" && grep -qaF "$(printf 'POST /two words\001?a=b c HTTP/1.1')" "$work/arrived" ||
    { cat -A "$work/arrived"; fail "odd request lines arrive otherwise"; }
is both "t['filled'] == 2 and t['defective'] == 6"
