#!/bin/bash
# Claims, with more than 1,000 exchanges in all places and codings, many of them defective: `sanitize` of a capture with --unsanitized gives the same as a sanitized
# capture of the same packets, in every member of every exchange but its id, links and digests included. Of sanitized traffic, with its key, it changes nothing. With
# another key, or none, every pseudonym becomes another one, in whatever coding it stands, equal ones stay equal and none of the old ones is left; times, order, flags and states stay, digests go.
# A policy replaces more, selects and samples as in a capture, and stands in the new segments; an audit finds nothing afterwards. What is read from is never written to, and
# neither is a folder that holds something; a run that is killed or interrupted leaves nothing under the name; damage is said, and the rest is written.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")
umask 077
show() { # show NAME: lists $work/NAME as $work/NAME.json
    check_status 0 "$REHEARSE" verify "$work/$1"
    check_status 0 "$REHEARSE" inspect "$work/$1" --format json --bodies --links
    mv "$work/out" "$work/$1.json"
}
record() { # record NAME ARGUMENT...
    check_status 0 "$REHEARSE" capture -r "$work/in.pcap" -p 8080 -o "$work/$1" --key-file "$work/key" --select 'request.header.X-Case ~ "[37]$"' "${@:2}"
    show "$1"
}
sanitize() { # sanitize FROM TO ARGUMENT...
    check_status 0 "$REHEARSE" sanitize "$work/$1" -o "$work/$2" "${@:3}"
    cp "$work/err" "$work/said"
    show "$2"
}
same() { # same A B [MEMBER...]: the lists are equal but for these members
    python3 - "$work/$1.json" "$work/$2.json" "${@:3}" <<'END' || fail "$2 is not as $1"
import json, sys
a, b = ([json.loads(line) for line in open(path)] for path in sys.argv[1:3])
assert len(a) == len(b) > 0, (len(a), len(b))
for x, y in zip(a, b):
    for link in x["links"] + y["links"] if "id" in sys.argv[3:] else []:
        link.pop("from", None)
    for name in sys.argv[3:]:
        x.pop(name, None)
        y.pop(name, None)
    assert x == y, [(name, x.get(name), y.get(name)) for name in x if x.get(name) != y.get(name)]
END
}
python3 "$here/leak_traffic.py" 5 "$work/in.pcap" "$work/secrets.json" "$work/answers.json"
check_status 0 "$REHEARSE" key --new "$work/key"
check_status 0 "$REHEARSE" key --new "$work/other"
record plain --unsanitized
record safe

echo "== the same as a capture"
sanitize plain late --key-file "$work/key"
same safe late id
check_status 0 "$REHEARSE" audit "$work/late"
sanitize safe again --key-file "$work/key"
same safe again
if grep -q 'another master key' "$work/said"; then fail "it is taken for another key"; fi

echo "== under another key"
check_status 0 "$REHEARSE" sanitize "$work/safe" -o "$work/keyless"
grep -q 'under another master key: their pseudonyms became those of a key that is forgotten' "$work/err" || fail "it is not said that no key was given"
check_status 0 "$REHEARSE" audit "$work/keyless"
sanitize safe moved --key-file "$work/other"
grep -q 'under another master key: their pseudonyms became those of this key' "$work/said" || fail "the other key is not said"
check_status 0 "$REHEARSE" audit "$work/moved"
same safe moved session connection request_headers response_headers path links request_body response_body request_body_digest response_body_digest
python3 - "$work/safe.json" "$work/moved.json" <<'END' || fail "pseudonyms of the former key are left, or equal ones differ"
import base64, html, json, re, sys, urllib.parse
def unbase64(text):
    for run in re.findall("[A-Za-z0-9+/_-]{56,}", text):
        for skip in range(4):
            part = run[skip:len(run) - (len(run) - skip) % 4]
            yield base64.b64decode(part.replace("-", "+").replace("_", "/")).decode("latin1")
def pseudonyms(line):
    texts = [line]
    for _ in range(3):
        text = html.unescape(urllib.parse.unquote(texts[-1]))
        text = re.sub(r"\\+u00([0-9a-fA-F]{2})", lambda m: chr(int(m[1], 16)), text)
        text = re.sub(r"(?:[0-9a-fA-F]{2}){42,}", lambda m: bytes.fromhex(m[0]).decode("latin1"), text)
        texts.append(re.sub(r"(?:=[0-9A-Fa-f]{2})+", lambda m: bytes.fromhex(m[0].replace("=", "")).decode("latin1"), text))
    once = " ".join(unbase64(" ".join(texts)))
    texts += [once, *unbase64(once)]
    return re.findall("rhx[a-z2-7]{39}", " ".join(texts))
before, after = ([pseudonyms(line) for line in open(path)] for path in sys.argv[1:3])
moved = {}
alike = 0
for old, new in zip(before, after):
    # A fake of the former key is replaced once more, and where its coding has no room for the new one all around it goes.
    if len(old) == len(new):
        alike += 1
        for x, y in zip(old, new):
            assert moved.setdefault(x, y) == y, (x, y)
assert len(set(moved.values())) == len(moved) > 3500, len(moved)
assert alike > 0.95 * len(before), (alike, len(before))
assert not {item for line in before for item in line} & {item for line in after for item in line}
links = [[json.loads(line)["links"] for line in open(path)] for path in sys.argv[1:3]]
tags = {}
for old, new in zip(*links):
    assert len(old) == len(new)
    for x, y in zip(old, new):
        assert tags.setdefault(x["tag"], y["tag"]) == y["tag"] != x["tag"]
        assert {**x, "tag": 0} == {**y, "tag": 0}
assert len(set(tags.values())) == len(tags) > 500
assert not any('_body_digest' in line for line in open(sys.argv[2]))
END

echo "== under a stricter policy"
cat >"$work/strict.yaml" <<'YAML'
version: 1
select: {drop: 'path ~ "^/v/"'}
sample: {percent: 40, by: header:X-Case}
sanitize:
  - {locate: header.X-Case, strategy: hash}
  - {locate: 'json:$.marker', strategy: mask, keep_first: 2}
  - {locate: header.Authorization, strategy: remove}
YAML
record strict --policy "$work/strict.yaml"
for from in plain safe; do
    rm -rf "$work/made"
    sanitize $from made --key-file "$work/key" --policy "$work/strict.yaml"
    grep -q 'read, .* written, [1-9][0-9]* not selected, [1-9][0-9]* sampled out' "$work/said" || fail "it is not counted: $(cat "$work/said")"
    check_status 0 "$REHEARSE" audit "$work/made" --policy "$work/strict.yaml"
    check_status 0 "$REHEARSE" audit "$work/made"
    grep -aq 'locate: header.X-Case, strategy: hash' "$work"/made/*.seg || fail "the policy does not stand in the segment"
    # What was sanitized before has no digest of bodies that go now, and flags and links of values that were there then.
    same strict made id session $([ $from = plain ] || echo request_body_digest response_body_digest links flags)
done

echo "== what is in the way"
refuse() { # refuse STATUS PATTERN ARGUMENT...
    check_status "$1" "$REHEARSE" sanitize "${@:3}"
    grep -qE "$2" "$work/err" || fail "not said: $2: $(cat "$work/err")"
}
refuse 2 'is read from' "$work/safe" -o "$work/safe"
refuse 2 'is read from' "$work/safe" -o "$work/safe/."
refuse 2 'no empty folder' "$work/safe" -o "$work/again"
refuse 2 'no empty folder' "$work/safe" -o "$work/key"
refuse 2 'output TRAFFIC is missing' "$work/safe"
refuse 2 'does not exist' "$work/safe" -o "$work/new" --key-file "$work/missing"
refuse 2 'missing' "$work/safe" -o "$work/new" --policy "$work/missing"
refuse 3 'cannot create' "$work/safe" -o "$work/missing/new"
refuse 3 'missing' "$work/missing" -o "$work/new"
mkdir "$work/new.part"
refuse 2 'remove it then' "$work/safe" -o "$work/new"
rmdir "$work/new.part"
[ ! -e "$work/new" ] || fail "something was written"
mkdir "$work/new"
check_status 0 "$REHEARSE" sanitize "$work/safe" -o "$work/new/" --key-file "$work/key"
[ "$(stat -c %a "$work/new")" = 700 ] && ! ls "$work" | grep -q part || fail "not as a capture leaves it: $(ls -l "$work")"

echo "== damage, a kill and an interruption"
mkdir "$work/many"
for number in $(seq 60); do cp "$work/safe"/*.seg "$work/many/$number.seg"; done
for signal in KILL TERM; do
    "$REHEARSE" sanitize "$work/many" -o "$work/cut" --key-file "$work/key" >/dev/null 2>"$work/err" &
    sanitizing=$!
    on_exit "kill -9 $sanitizing 2>/dev/null"
    for _ in $(seq 100); do [ -e "$work/cut.part" ] && break; sleep 0.05; done
    kill -$signal $sanitizing
    got=0
    wait $sanitizing || got=$?
    [ ! -e "$work/cut" ] || fail "what was cut off bears the name"
    if [ $signal = TERM ]; then
        [ $got = 4 ] && [ ! -e "$work/cut.part" ] || fail "interrupted it ends with $got and leaves $(ls "$work")"
    fi
    rm -rf "$work/cut.part"
done
rm "$work/many"/*
cp "$work/safe"/*.seg "$work/many/a.seg"
cp "$work/again"/*.seg "$work/many/b.seg"
printf 'damage' | dd of="$work/many/a.seg" bs=1 seek=$(($(stat -c %s "$work/many/a.seg") / 2)) conv=notrunc status=none
refuse 3 'damaged and are missing in what was written' "$work/many" -o "$work/rest" --key-file "$work/key"
check_status 0 "$REHEARSE" verify "$work/rest"
[ "$("$REHEARSE" inspect "$work/rest" --format json | wc -l)" -ge "$(wc -l <"$work/safe.json")" ] || fail "what is whole is not written"
echo "traffic is sanitized once more"
