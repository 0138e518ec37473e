#!/usr/bin/env python3
"""Searches what a capture left behind for secrets, with a decoder of segments of its own (common/segment/FORMAT.md).

usage: leak_search.py SECRETS.json found|absent|partly PATH...      PATH: a file, or a folder of them
"found": every secret marked as kept must be there.  "absent": not one of them, nor a needle of one (eight bytes, where nothing else is said), in
any coding, though nearly all exchanges are.  "partly": likewise, where many exchanges are.
Prints what is wrong; exit status 1 then.
"""
import array, binascii, html, json, os, re, struct, subprocess, sys, zlib

GRAM = 8
RUN = re.compile(rb"[a-z0-9 :.+/_-]{%d,}" % GRAM)  # what needles are made of
STANDARD = bytes.maketrans(b"-_", b"+/")  # of the alphabets of base64
PSEUDONYM = re.compile(rb"rhx[a-z2-7]{39}")


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, size):
        part = self.data[self.at:self.at + size]
        assert len(part) == size, "a record ends early"
        self.at += size
        return part

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    def run(self):
        return self.take(self.varint())


def unzstd(frame, size):
    out = subprocess.run(["zstd", "-dc"], input=frame, stdout=subprocess.PIPE, check=True).stdout
    assert len(out) == size
    return out


def message(reader):
    head, trailers = reader.run(), reader.run()
    state = reader.take(4)
    reader.take(16 if state[3] & 2 else 0)
    reader.varint(), reader.varint(), reader.take(16), reader.varint(), reader.varint()
    return head, trailers, reader.run() if state[3] & 4 else b""


def exchange(meta, payload):
    """Yields every part of an exchange as bytes."""
    reader = Reader(meta)
    assert reader.take(1) == b"\3", "layout version"
    reader.take(24)
    reader.take(reader.take(1)[0])
    reader.varint(), reader.take(1), reader.varint(), reader.varint(), reader.varint()
    messages = [message(reader), message(reader)]
    for _ in range(reader.varint()):
        reader.take(19)
        yield reader.run()
    assert reader.at == len(meta), "bytes after the metadata"
    bodies = [b"", b""]
    if payload:
        body = Reader(payload)
        bodies = [body.run(), b""]
        bodies[1] = body.take(len(payload) - body.at)
    for (head, trailers, inline), body in zip(messages, bodies):
        assert not (inline and body), "content told twice"
        body = inline or body
        yield head
        yield trailers
        yield body
        if body and re.search(rb"(?im)^content-encoding:", head):
            if body.startswith(b"\x28\xb5\x2f\xfd"):
                yield subprocess.run(["zstd", "-dcq"], input=body, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
            for window in (31, 15, -15):
                try:
                    yield zlib.decompressobj(window).decompress(body)
                except zlib.error:
                    pass


def segment(data):
    """Yields the properties and every part of every exchange of a segment file."""
    assert data[:8] == b"\x8eRHSEG\r\n"[:1] + b"RHSEG\r\n", "not a segment"
    exchanges = data[10:12] == b"\1\0"  # else results
    properties = struct.unpack_from("<I", data, 20)[0]
    yield data[64:64 + properties]
    at = 64 + properties
    while data[at:at + 8] == b"\xd7RH\x1b\xe4\xb1\x0c\xf2":
        count = struct.unpack_from("<I", data, at + 12)[0]
        raw, stored, payload_raw, payload_stored = struct.unpack_from("<IIII", data, at + 40)
        at += 72
        if at + stored + payload_stored > len(data):
            return  # the block was not finished
        meta = unzstd(data[at:at + stored], raw)
        payload = unzstd(data[at + stored:at + stored + payload_stored], payload_raw) if payload_stored else b""
        at += stored + payload_stored
        yield meta
        if not exchanges:
            yield payload
            continue
        reader, used = Reader(meta), 0
        for _ in range(count):
            reader.varint()
            sizes = reader.varint(), reader.varint()
            yield from exchange(reader.take(sizes[0]), payload[used:used + sizes[1]])
            used += sizes[1]
        assert used == len(payload) and reader.at == len(meta), "a block that does not add up"


def parts_of(path):
    if os.path.isdir(path):
        for name in sorted(os.listdir(path)):
            yield from parts_of(os.path.join(path, name))
        return
    data = open(path, "rb").read()
    yield path.encode()
    yield data
    if path.endswith((".seg", ".seg.part")):
        yield from segment(data)


def unpercent(data):
    return re.sub(rb"%([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]).lower(), data)


def unjson(data):
    return re.sub(rb"\\+u00([0-9a-f]{2})", lambda m: bytes([int(m[1], 16)]).lower(), data)


def unhex(data):
    return b"\0".join(bytes.fromhex(run.decode()).lower() for run in re.findall(rb"(?:[0-9a-f]{2}){%d,}" % GRAM, data))


CODED = set()


def unbase64(data):
    """Every run of base64 that was not seen before, at all four places where it could begin."""
    new = set(re.findall(rb"[A-Za-z0-9+/_-]{%d,}" % (GRAM + 3), data)) - CODED
    CODED.update(new)
    for run in new:
        run = run.translate(STANDARD)
        for skip in range(4):
            yield binascii.a2b_base64(run[skip:len(run) - (len(run) - skip) % 4])


def unhtml(data):
    if b"&" not in data:
        return data
    return html.unescape(data.decode("latin-1")).lower().encode("latin-1", "replace")


def unwide(data):
    """UTF-16 of ASCII, in either order."""
    return data.replace(b"\0", b"")


def views_of(data):
    """Ways to read |data|, in lower case."""
    low = data.lower()
    percent, escapes = unpercent(low), unjson(low)
    views = {low, percent, escapes, unhex(low), unpercent(percent), unpercent(escapes), unjson(percent)}
    views |= {unhtml(view) for view in (low, percent, escapes)}
    views |= {unwide(view) for view in (low, percent, escapes)}
    yield from views
    decoded = b"\0".join(unbase64(data)).lower()
    yield decoded
    if b"%" in decoded:
        yield unpercent(decoded)


def is_chance(view, at, text):
    """Whether eight bytes at |at| are a pseudonym's own: they stand inside one, and with their neighbours are no twelve bytes of |text|.
    One run in a hundred has such a pair."""
    start = view.rfind(b"rhx", max(0, at - 39), at + GRAM)
    if start < 0 or start + 42 < at + GRAM or not PSEUDONYM.match(view, start):
        return False
    near = view[max(0, at - 4):at + 12]
    return not any(text[i:i + 12] in near for i in range(7))


def is_chance_in_hex(view, at, size):
    """Whether digits at |at| stand inside a pseudonym in hexadecimal, most of which is digits."""
    run = re.compile(rb"[0-9a-f]*")
    start = at
    while start > 0 and at - start < 2 * 42 and run.fullmatch(view, start - 1, start):
        start -= 1
    for odd in range(2):
        digits = run.match(view, start + odd)[0][:4 * 42]
        for found in PSEUDONYM.finditer(bytes.fromhex(digits[:len(digits) // 2 * 2].decode())):
            if start + odd + 2 * found.start() <= at and at + size <= start + odd + 2 * found.end():
                return True
    return False


class Search:
    """Finds needles by their first eight bytes, which it reads as numbers."""

    def __init__(self, secrets):
        self.starts, self.found, self.runs = {}, {}, set()
        for secret in secrets:
            text = secret["text"].lower()
            needles = secret.get("needles") or ([text] if text.isdigit() else [text[at:at + GRAM] for at in range(18 - GRAM + 1)])
            for needle in map(str.encode, needles):  # without needles of its own, the first 18 bytes are random
                self.starts.setdefault(struct.unpack("=Q", needle[:GRAM])[0], []).append((needle, secret))
        self.words = set(self.starts)

    def look(self, path, view):
        new = set(RUN.findall(view)) - self.runs
        self.runs |= new
        view = b"\0".join(new)
        for shift in range(GRAM):
            words = array.array("Q", view[shift:shift + max(0, len(view) - shift) // GRAM * GRAM])
            if self.words.isdisjoint(words):
                continue
            for index, word in enumerate(words):
                if word in self.words:
                    self.check(path, view, shift + GRAM * index, word)

    def check(self, path, view, at, word):
        for needle, secret in self.starts[word]:
            text = secret["text"]
            if not view.startswith(needle, at):
                continue
            if len(needle) == GRAM:
                chance = is_chance(view, at, text.lower().encode())
            else:
                chance = needle.isdigit() and is_chance_in_hex(view, at, len(needle))
            if not chance:
                self.found.setdefault(text, (path, view[max(0, at - 40):at + 60]))


def main():
    plan = json.load(open(sys.argv[1]))
    wanted = sys.argv[2]
    search = Search(plan["secrets"])
    found, cases, seen = search.found, set(), set()
    for path in sys.argv[3:]:
        for part in parts_of(path):
            if part in seen:
                continue
            seen.add(part)
            cases.update(re.findall(rb"X-Case: (public-\d+)", part))
            for view in views_of(part):
                search.look(path, view)
    bad = 0
    if wanted == "found":
        missing = [s for s in plan["secrets"] if s["kept"] and s["text"] not in found]
        for secret in missing[:20]:
            print("not found, so its absence would say nothing:", secret["place"])
        bad = len(missing)
    else:
        for secret in [s for s in plan["secrets"] if s["text"] in found][:20]:
            path, text = found[secret["text"]]
            print("LEAK in %s: %s: %r" % (os.path.basename(path), secret["place"], text))
        bad = len(found)
    print("%d of %d secrets found, %d of %d exchanges seen" % (len(found), len(plan["secrets"]), len(cases), plan["exchanges"]))
    return 1 if bad or len(cases) < plan["exchanges"] * (0.1 if wanted == "partly" else 0.98) else 0


sys.exit(main())
