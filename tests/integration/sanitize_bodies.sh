#!/bin/bash
# Claims: a body over --max-body keeps its sanitized beginning, its full length as transferred and a keyed digest, with and without content
# coding and chunks; a multipart body keeps all but its files; a type that cannot be sanitized leaves length, reason and digest. Equal bodies
# have equal digests, however they were framed, in every capture with the same key, and others under another key. Bodies below 64 bytes, bodies
# that lost bytes and bodies that are not wanted have none. `inspect` shows it and `verify` finds nothing wrong.
. "$(dirname "$0")/lib.sh"
umask 077
python3 - "$work/all.pcap" <<'PYTHON'
import gzip, json, random, struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
clock = [0]
def packet(source, destination, sequence, ack, flags, payload=b""):
    tcp = struct.pack("!HHIIBBHHH", source[1], destination[1], sequence, ack, 0x50, flags, 65535, 0, 0) + payload
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0, bytes(source[0]), bytes(destination[0]))
    frame = b"\2" * 12 + b"\x08\x00" + ip + tcp
    clock[0] += 1
    out.write(struct.pack("<IIII", 1700000000, clock[0], len(frame), len(frame)) + frame)
rng = random.Random(1)
items = [{"id": rng.randrange(10**9), "token": "geheim%06d" % rng.randrange(10**6)} for _ in range(400)]
document = json.dumps({"items": items}).encode()
packed = gzip.compress(document, 6, mtime=0)
def part(head, content):
    return b'--b\r\nContent-Disposition: form-data; name=' + head + b'\r\n\r\n' + content + b'\r\n'
upload = part(b"note", b"public") + part(b"password", b"geheim") + part(b'f; filename="geheim.pdf"', b"%PDF geheim") + b"--b--\r\n"
text = b"geheim " * 20
def length(kind, body, more=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n" + more + b"Content-Length: %d\r\n\r\n" % len(body) + body
def chunked(kind, body, more=b""):
    chunks = b"".join(b"%x\r\n" % len(body[at:at + 700]) + body[at:at + 700] + b"\r\n" for at in range(0, len(body), 700))
    return b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n" + more + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"
JSON, GZIP = b"application/json", b"Content-Encoding: gzip\r\n"
answers = [("length", length(JSON, document)), ("chunked", chunked(JSON, document)), ("other", length(JSON, document + b" ")),
           ("gzip", length(JSON, packed, GZIP)), ("gzip-chunked", chunked(JSON, packed, GZIP)), ("hole", length(JSON, document)),
           ("text", length(b"text/plain", text)), ("text-chunked", chunked(b"text/plain", text)), ("short", length(b"text/plain", text[:63])),
           ("upload", length(b"multipart/form-data; boundary=b", upload)), ("whole", length(JSON, b'{"token":"geheim", "a": [%s]}' % (b"1, " * 30 + b"2")))]
for number, (name, answer) in enumerate(answers):
    client, server = ((10, 0, 0, 1), 20000 + number), ((10, 0, 0, 2), 80)
    request = b"GET /%s HTTP/1.1\r\nHost: h\r\n\r\n" % name.encode()
    packet(client, server, 1, 0, 2)
    packet(server, client, 1, 2, 0x12)
    packet(client, server, 2, 2, 0x18, request)
    for at in range(0, len(answer), 1000):
        if name != "hole" or at != 5000:
            packet(server, client, 2 + at, 2 + len(request), 0x18, answer[at:at + 1000])
    packet(client, server, 2 + len(request), 2 + len(answer), 0x11)
    packet(server, client, 2 + len(answer), 3 + len(request), 0x11)
json.dump({"document": len(document), "packed": len(packed), "text": len(text), "upload": len(upload)}, open(sys.argv[1] + ".json", "w"))
PYTHON

# record NAME ARGUMENT...: captures into $work/NAME and lists it as $work/NAME.json.
record() {
    local name=$1
    shift
    check_status 0 "$REHEARSE" capture -r "$work/all.pcap" -p 80 -o "$work/$name" --max-body 3000 "$@"
    check_status 0 "$REHEARSE" verify "$work/$name"
    check_status 0 "$REHEARSE" inspect "$work/$name" --format json --bodies
    mv "$work/out" "$work/$name.json"
}
record one --new-key-file "$work/key"
record two --key-file "$work/key"
record three --new-key-file "$work/other-key"
record none --key-file "$work/key" --bodies none
python3 - "$work" <<'PYTHON' || fail "bodies are not kept as they should be"
import json, sys
work = sys.argv[1]
read = lambda name: {e["path"][1:]: e for e in map(json.loads, open(f"{work}/{name}.json"))}
one, two, three, none = map(read, ("one", "two", "three", "none"))
sizes = json.load(open(f"{work}/all.pcap.json"))
assert len(one) == len(two) == len(three) == len(none) == 11
for listing in (one, two, three, none):
    assert "geheim" not in json.dumps(listing)
digest = lambda listing, name: listing[name].get("response_body_digest")
state = lambda name: (one[name]["response_body_state"], one[name].get("response_body_reason"))
for name in ("length", "chunked", "gzip", "gzip-chunked"):
    assert state(name) == ("cut", "too_large"), (name, state(name))
    assert one[name]["response_body_bytes"] == sizes["packed" if "gzip" in name else "document"], name
    assert one[name]["response_body"].startswith('{"items": [{"id": ') and "rhx" in one[name]["response_body"], name
assert len(one["length"]["response_body"]) > 3000 and one["length"]["response_body"] == one["chunked"]["response_body"]
assert len(one["gzip"]["response_body"]) > len(one["length"]["response_body"]), "more comes out of a coded beginning"
assert one["gzip"]["response_body"].startswith(one["length"]["response_body"])
assert state("hole") == ("cut", "too_large") and one["hole"]["response_body_bytes"] == sizes["document"]
assert state("text") == ("dropped", "type") and one["text"]["response_body_bytes"] == sizes["text"] and one["text"]["response_body"] is None
assert state("upload") == ("cut", "parts") and one["upload"]["response_body_bytes"] == sizes["upload"]
assert "public" in one["upload"]["response_body"] and one["upload"]["response_body"].endswith("\r\n\r\n\r\n--b--\r\n")
assert state("whole") == ("kept", None)
have = {name for name in one if digest(one, name)}
assert have == set(one) - {"hole", "short", "whole"}, have
assert digest(one, "length") == digest(one, "chunked") != digest(one, "other")
assert digest(one, "gzip") == digest(one, "gzip-chunked") != digest(one, "length")
assert digest(one, "text") == digest(one, "text-chunked")
for name in have:
    assert len(digest(one, name)) == 32 and digest(one, name) == digest(two, name) != digest(three, name), name
    assert digest(none, name) is None and none[name]["response_body_reason"] == "not_wanted", name
PYTHON
check_status 0 "$REHEARSE" inspect "$work/one" --format raw
grep -aq 'body cut (too_large), [0-9]* bytes on the wire, [0-9]* kept, digest [0-9a-f]\{32\} ====$' "$work/out" ||
    fail "inspect --format raw shows no digest"
echo "bodies that are not kept whole leave what is certain of them, their length and a digest"
