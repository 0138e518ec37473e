"""Values that only their look tells, new ones each time, and exchanges that carry them under harmless names: for leak_traffic.py.

Every value comes with its needles: pieces of it, in lower case, that stand nowhere else. The search looks for each of them.
"""
import base64, html, ipaddress, json, urllib.parse

LOWER = "abcdefghijklmnopqrstuvwxyz0123456789"
WORD = LOWER + LOWER[:26].upper()
WINDOW = 12     # bytes of random text that no other text holds
PLAIN_URL = "-._~@:"


class Values:
    """Makes values. |rng| decides of all of them."""

    def __init__(self, rng):
        self.rng, self.made = rng, set()

    def some(self, alphabet, count):
        text = "rhx"
        while "rhx" in text.lower():  # what every pseudonym begins with is no part of a secret
            text = "".join(self.rng.choice(alphabet) for _ in range(count))
        return text

    def digits(self, count):
        return "".join(self.rng.choice("0123456789") for _ in range(count))

    def email(self):
        local, domain = self.some(LOWER[:26], 2) + self.some(LOWER, 14), self.rng.choice(("example.net", "mail.example.org", "example.co.uk"))
        return local + "@" + domain, [local]

    def card(self):
        prefix, size = self.rng.choice((("4", 16), ("51", 16), ("55", 16), ("2221", 16), ("34", 15), ("37", 15), ("6011", 16), ("3530", 16), ("62", 16)))
        digits = prefix + self.digits(size - 1 - len(prefix))
        odd = sum(int(d) for d in digits[-2::-2]) + sum(sum(divmod(2 * int(d), 10)) for d in digits[::-2])
        digits += str(-odd % 10)
        grouped = digits
        if size == 16:
            grouped = self.rng.choice(("", " ", "-")).join(digits[i:i + 4] for i in range(0, 16, 4))
        return grouped, [digits, grouped]

    def iban(self):
        country, bank = self.rng.choice((("DE", self.digits(18)), ("GB", "NWBK" + self.digits(14)), ("FR", self.digits(23)), ("NL", "INGB" + self.digits(10))))
        number = int("".join(str(int(c, 36)) for c in bank + country + "00"))
        text = "%s%02d%s" % (country, 98 - number % 97, bank)
        grouped = " ".join(text[i:i + 4] for i in range(0, len(text), 4)) if self.rng.random() < 0.3 else text
        return grouped, [text.lower(), grouped.lower()]

    def ssn(self):
        area = self.rng.choice([n for n in range(1, 900) if n != 666])
        text = "%03d-%02d-%04d" % (area, self.rng.randrange(1, 100), self.rng.randrange(1, 10000))
        return text, [text]

    def phone(self):
        text = self.rng.choice(("49151", "4477009", "3361", "91981", "81902")) + self.digits(7)
        return "+" + text, [text]

    def ipv4(self):
        while True:
            address = ipaddress.ip_address(self.rng.getrandbits(32))
            if address.is_global and not address.is_multicast and len(str(address)) >= 13:
                return str(address), [str(address)]

    def ipv6(self):
        groups = [self.rng.choice(("2a01", "2001", "2606", "2400"))] + ["%x" % self.rng.randrange(0x1000, 0x10000) for _ in range(7)]
        text = ":".join(groups)
        return text, [text]

    def mac(self):
        text = self.rng.choice(":-").join("%02x" % self.rng.randrange(256) for _ in range(6))
        return text, [text]

    def jwt(self):
        coded = lambda fields: base64.urlsafe_b64encode(json.dumps(fields).encode()).decode().rstrip("=")
        subject, signature = self.some(WORD, 18), self.some(WORD + "-_", 43)
        return "%s.%s.%s" % (coded({"alg": "HS256", "typ": "JWT"}), coded({"sub": subject, "iat": 1}), signature), [subject, signature]

    def token(self):
        prefix, alphabet, size = self.rng.choice((
            ("ghp_", WORD, 36), ("AKIA", LOWER.upper(), 16), ("glpat-", WORD, 20), ("xoxb-", WORD, 30), ("sk_live_", WORD, 24), ("npm_", WORD, 36),
            ("AIza", WORD, 35), ("SG.", WORD, 66), ("hf_", WORD, 34), ("shpat_", "0123456789abcdef", 32), ("dop_v1_", "0123456789abcdef", 64)))
        rest = self.some(alphabet, size)
        return prefix + rest, [rest]

    def url_credential(self):
        user, password = self.some(WORD, 14), self.some(WORD, 16)
        return "%s://%s:%s@db.example.net/x" % (self.rng.choice(("https", "postgres", "redis")), user, password), [user, password]

    def private_key(self):
        lines = [self.some(WORD + "+/", 64) for _ in range(2)]
        label = self.rng.choice(("", "RSA ", "EC "))
        return "-----BEGIN %sPRIVATE KEY-----\n%s\n-----END %sPRIVATE KEY-----\n" % (label, "\n".join(lines), label), lines

    def new(self, kind):
        """Returns a value of |kind| that was not made before, and its needles."""
        while True:
            text, needles = getattr(self, kind)()
            if text not in self.made:
                break
        self.made.add(text)
        split = []
        for needle in dict.fromkeys(needle.lower() for needle in needles):
            if kind in ("email", "jwt", "token", "url_credential", "private_key"):
                split += [needle[at:at + WINDOW] for at in range(len(needle) - WINDOW + 1)]
            else:
                split.append(needle)
        return text, split


KINDS = ("email", "card", "iban", "ssn", "phone", "ipv4", "ipv6", "mac", "jwt", "token", "url_credential", "private_key")

every_percent = lambda s: "".join("%%%02X" % b for b in s.encode("latin-1"))
reserved_percent = lambda s: urllib.parse.quote(s, safe="")
unicode_escapes = lambda s: "".join("\\u%04x" % ord(c) for c in s)
sentence = lambda s: "Dear all%s, write to %s, please, before noon." % ("!" * (len(s) % 3), s)  # at all alignments of base64
base64_sentence = lambda s: base64.b64encode(sentence(s).encode()).decode()

# Codings that a value has by itself, before a place writes it in its own way.
CODINGS = {
    "plain": lambda s: s,
    "percent": every_percent,
    "reserved percent": reserved_percent,
    "double percent": lambda s: every_percent(s).replace("%", "%25"),
    "unicode": unicode_escapes,
    "base64": base64_sentence,
    "hex": lambda s: s.encode().hex(),
    "entities": lambda s: "".join(c if c.isalnum() else "&#%d;" % ord(c) for c in s),
    "all entities": lambda s: "".join("&#x%x;" % ord(c) for c in s),
    "utf-16": lambda s: s.encode("utf-16-be").decode("latin-1"),
}


def in_url(coding, value):
    """A value as it stands in a URL or form, which has percent escapes of its own."""
    if coding in ("percent", "reserved percent", "double percent"):
        return CODINGS[coding](value)
    if coding == "base64":
        return CODINGS[coding](value).replace("+", "-").replace("/", "_").rstrip("=")
    return urllib.parse.quote(CODINGS[coding](value).encode("latin-1"), safe=PLAIN_URL)


def in_json(coding, value):
    """A value as it stands between the quotes of a JSON string."""
    return CODINGS[coding](value) if coding == "unicode" else json.dumps(CODINGS[coding](value))[1:-1]


def in_header(coding, value):
    return CODINGS[coding](value.strip().replace("\n", "\\n"))


def in_number(coding, value):
    return value.replace(" ", "").replace("-", "")


in_text = lambda coding, value: CODINGS[coding](value)
members = lambda texts: '{"marker":"begins-public",%s}' % ",".join('"note%d":%s' % row for row in enumerate(texts))
parts = lambda texts: "".join(
    '--b.c\r\nContent-Disposition: form-data; name="note%d"\r\n\r\n%s\r\n' % row for row in enumerate(texts)) + "--b.c--\r\n"

# Place: what writes a value there, what writes the target, the header lines and the body with all of them, and the type of that body.
JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", 'multipart/form-data; boundary="b.c"'
HEADS = {
    "path segment": (in_url, lambda texts: ("/v/" + "/".join(texts), ())),
    "query q": (in_url, lambda texts: ("/p?" + "&".join("q=" + text for text in texts), ())),
    "query note": (in_url, lambda texts: ("/p?" + "&".join("note=" + text for text in texts), ())),
    "query name": (in_url, lambda texts: ("/p?" + "&".join(text + "=1" for text in texts), ())),
    "fragment": (in_url, lambda texts: ("/p#" + "&".join("n=" + text for text in texts), ())),
    "X-Note": (in_header, lambda texts: ("/p", ["X-Note: so: %s, as you said" % text for text in texts])),
    "Referer": (in_url, lambda texts: ("/p", ["Referer: https://h/a?b=%s&c=1" % text for text in texts])),
}
BODIES = {
    "form field": (in_url, FORM, lambda texts: "&".join("note%d=%s" % row for row in enumerate(texts))),
    "JSON string": (in_json, JSON, lambda texts: members('"%s"' % text for text in texts)),
    "JSON sentence": (in_json, JSON, lambda texts: members('"see %s, or so"' % text for text in texts)),
    "JSON name": (in_json, JSON, lambda texts: '{"marker":"begins-public",%s}' % ",".join('"%s":{"n":1}' % text for text in texts)),
    "JSON name below a secret": (in_json, JSON, lambda texts: '{"marker":"begins-public","secret":{%s}}' % ",".join('"%s":"xyz"' % text for text in texts)),
    "JSON array": (in_json, JSON, lambda texts: members(['["x",[%s]]' % ",".join('"%s"' % text for text in texts)])),
    "JSON in JSON": (in_json, JSON, lambda texts: json.dumps({"s": members('"%s"' % text for text in texts)})),
    "JSON number": (in_number, JSON, lambda texts: members("[%s,1.5]" % text for text in texts)),
    "multipart text": (in_text, MULTIPART, parts),
}

URLS = [place for place, row in {**HEADS, **BODIES}.items() if row[0] is in_url]
# What is sent nowhere: (places, coding, why).
LEFT_OUT = (
    (["X-Note"], "utf-16", "a header line with a NUL is withheld"),
    (["multipart text"], "utf-16", "a part with control bytes is no text, and is left out of the body"),
    ([place for place in {**HEADS, **BODIES} if place not in URLS], "reserved percent", "what a URL does to a value: \"percent\" is more"),
)


def kinds_for(place, coding):
    """The kinds that are sent to |place| in |coding|."""
    if place == "JSON number":
        return ["card"] * 6 if coding == "plain" else []
    return () if any(place in places and coding == left for places, left, _ in LEFT_OUT) else KINDS
