"""A strict BER reader and a small DER writer, and what a CMS envelope says about itself. Standard library only.

Independent of postseal on purpose: the peers' side of the matrix shares no code with what it checks.
"""


class BerError(Exception):
    pass


class Node:
    """One TLV. `raw` is the whole of it as it stands in the message."""

    def __init__(self, data, start, first, number, header, end, content_end, children):
        self.data, self.start, self.first, self.number = data, start, first, number
        self.body, self.content_end, self.end, self.children = start + header, content_end, end, children

    @property
    def constructed(self):
        return bool(self.first & 0x20)

    @property
    def klass(self):
        return self.first >> 6

    @property
    def raw(self):
        return self.data[self.start:self.end]

    @property
    def content(self):
        return self.data[self.body:self.content_end]

    @property
    def indefinite(self):
        return self.end != self.content_end

    def is_context(self, number):
        return self.klass == 2 and self.number == number

    def is_universal(self, number):
        return self.klass == 0 and self.number == number


def _header(data, at, limit):
    start = at
    if at >= limit:
        raise BerError("truncated: no tag")
    first = data[at]
    number = first & 0x1F
    at += 1
    if number == 0x1F:
        number = 0
        while True:
            if at >= limit:
                raise BerError("truncated tag")
            number = number << 7 | data[at] & 0x7F
            at += 1
            if not data[at - 1] & 0x80:
                break
    if at >= limit:
        raise BerError("truncated: no length")
    length = data[at]
    at += 1
    if length == 0x80:
        return first, number, at - start, None
    if length & 0x80:
        count = length & 0x7F
        if at + count > limit:
            raise BerError("truncated length")
        length = int.from_bytes(data[at:at + count], "big")
        at += count
    if at + length > limit:
        raise BerError("truncated: %d bytes missing" % (at + length - limit))
    return first, number, at - start, length


def read(data, at=0, limit=None, depth=0):
    """One value with all its children."""
    limit = len(data) if limit is None else limit
    if depth > 64:
        raise BerError("nested too deeply")
    first, number, header, length = _header(data, at, limit)
    body = at + header
    if length is None:
        if not first & 0x20:
            raise BerError("indefinite length of a primitive value")
        children = []
        here = body
        while data[here:here + 2] != b"\0\0":
            child = read(data, here, limit, depth + 1)
            children.append(child)
            here = child.end
        if here + 2 > limit:
            raise BerError("truncated: no end of contents")
        return Node(data, at, first, number, header, here + 2, here, children)
    end = body + length
    children = []
    if first & 0x20:
        here = body
        while here < end:
            child = read(data, here, end, depth + 1)
            children.append(child)
            here = child.end
    return Node(data, at, first, number, header, end, end, children)


def read_all(data):
    node = read(data)
    if node.end != len(data):
        raise BerError("%d bytes after the message" % (len(data) - node.end))
    return node


def octets(node):
    """The bytes of an OCTET STRING, primitive or segmented, whatever its outer tag."""
    if not node.constructed:
        return node.content
    for child in node.children:
        if not child.is_universal(4):
            raise BerError("a segment that is no OCTET STRING")
    return b"".join(octets(child) for child in node.children)


def oid(node):
    if not node.is_universal(6) or not node.content:
        raise BerError("not an OBJECT IDENTIFIER")
    parts, value = [], 0
    for byte in node.content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            parts.append(value)
            value = 0
    top = min(parts[0] // 40, 2)
    return ".".join(map(str, [top, parts[0] - 40 * top] + parts[1:]))


def integer(node):
    if not node.is_universal(2):
        raise BerError("not an INTEGER")
    return int.from_bytes(node.content, "big", signed=True)


def tlv(tag, content):
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def encode_oid(text):
    numbers = list(map(int, text.split(".")))
    numbers[:2] = [40 * numbers[0] + numbers[1]]
    out = b""
    for number in numbers:
        part = bytes([number & 0x7F])
        while number := number >> 7:
            part = bytes([number & 0x7F | 0x80]) + part
        out += part
    return tlv(6, out)


def der(node, first=None, sort=False):
    """The value again in DER: definite lengths, one piece per string, sorted sets."""
    first = node.first if first is None else first
    if node.klass == 0 and node.number == 4:
        return tlv(4, octets(node))
    if not node.constructed:
        return tlv(first, node.content)
    parts = [der(child) for child in node.children]
    if sort or node.is_universal(17):
        parts.sort()
    return tlv(first, b"".join(parts))


class Certificate:
    """Issuer, serial number, SKI and kind of key, from DER."""

    def __init__(self, data):
        fields = read_all(data).children[0].children
        if fields[0].is_context(0):
            fields = fields[1:]
        self.serial, self.issuer, self.spki = integer(fields[0]), fields[2].raw, fields[5]
        algorithm = fields[5].children[0].children
        name = oid(algorithm[0])
        if name == "1.2.840.10045.2.1":
            name = oid(algorithm[1])
        self.kind = KINDS.get(name, name)
        self.ski = None
        for extra in fields[6:]:
            for extension in extra.children[0].children if extra.is_context(3) else []:
                if oid(extension.children[0]) == "2.5.29.14":
                    self.ski = octets(read_all(octets(extension.children[-1])))


KINDS = {"1.2.840.113549.1.1.1": "rsa", "1.2.840.10045.3.1.7": "p256", "1.3.132.0.34": "p384", "1.3.132.0.35": "p521", "1.3.101.110": "x25519"}
CONTENT_TYPES = {"1.2.840.113549.1.7.3": "enveloped", "1.2.840.113549.1.9.16.1.23": "auth-enveloped"}
ALGORITHMS = {
    "2.16.840.1.101.3.4.1.2": "aes128-cbc", "2.16.840.1.101.3.4.1.22": "aes192-cbc", "2.16.840.1.101.3.4.1.42": "aes256-cbc",
    "2.16.840.1.101.3.4.1.6": "aes128-gcm", "2.16.840.1.101.3.4.1.26": "aes192-gcm", "2.16.840.1.101.3.4.1.46": "aes256-gcm",
    "1.2.840.113549.1.1.1": "rsa-pkcs1", "1.2.840.113549.1.1.7": "rsa-oaep",
    "1.3.133.16.840.63.0.2": "ecdh-sha1", "1.3.132.1.11.0": "ecdh-sha224", "1.3.132.1.11.1": "ecdh-sha256",
    "1.3.132.1.11.2": "ecdh-sha384", "1.3.132.1.11.3": "ecdh-sha512",
    "1.3.133.16.840.63.0.3": "ecdh-sha1", "1.3.132.1.14.0": "ecdh-sha224", "1.3.132.1.14.1": "ecdh-sha256",
    "1.3.132.1.14.2": "ecdh-sha384", "1.3.132.1.14.3": "ecdh-sha512",
    "1.2.840.113549.1.9.16.3.19": "hkdf-sha256", "1.2.840.113549.1.9.16.3.20": "hkdf-sha384", "1.2.840.113549.1.9.16.3.21": "hkdf-sha512",
}


class Recipient:
    """One key for one recipient: `how` is "ktri" or "kari", `ids` an (issuer, serial) or an SKI."""

    def __init__(self, how, version, ident, algorithm, key, originator=None, ukm=None):
        self.how, self.version, self.ident, self.algorithm, self.key = how, version, ident, algorithm, key
        self.originator, self.ukm = originator, ukm
        self.scheme = ALGORITHMS.get(oid(algorithm.children[0]), oid(algorithm.children[0]))

    def matches(self, certificate):
        kind, value = self.ident
        return value == certificate.ski if kind == "ski" else value == (certificate.issuer, certificate.serial)


def _issuer_serial(node):
    return "issuer+serial", (node.children[0].raw, integer(node.children[1]))


def _recipients(node):
    for info in node.children:
        parts = info.children
        if info.is_universal(16):
            ident = ("ski", octets(parts[1])) if parts[1].is_context(0) else _issuer_serial(parts[1])
            yield Recipient("ktri", integer(parts[0]), ident, parts[2], octets(parts[3]))
        elif info.is_context(1):
            version, originator, rest = integer(parts[0]), parts[1].children[0], parts[2:]
            ukm = None
            if rest[0].is_context(1):
                ukm, rest = octets(rest[0].children[0]), rest[1:]
            for one in rest[1].children:
                rid = one.children[0]
                ident = ("ski", octets(rid.children[0])) if rid.is_context(0) else _issuer_serial(rid)
                yield Recipient("kari", version, ident, rest[0], octets(one.children[1]), originator, ukm)


class Envelope:
    def __init__(self, data):
        try:
            self._read(data)
        except IndexError:
            raise BerError("a field is missing") from None

    def _read(self, data):
        outer = read_all(data).children
        name = oid(outer[0])
        self.type = CONTENT_TYPES.get(name, name)
        if self.type not in CONTENT_TYPES.values():
            raise BerError("content type " + self.type)
        parts = outer[1].children[0].children
        self.version, parts = integer(parts[0]), parts[1:]
        self.originator_info = parts[0].is_context(0)
        if self.originator_info:
            parts = parts[1:]
        self.recipients_node = parts[0]
        self.recipients = list(_recipients(parts[0]))
        inner = parts[1].children
        self.content_type, self.algorithm, self.content_node = oid(inner[0]), inner[1], inner[2]
        self.cipher = ALGORITHMS.get(oid(inner[1].children[0]), oid(inner[1].children[0]))
        if not inner[2].is_context(0):
            raise BerError("no encrypted content")
        self.attributes, self.mac, self.unprotected = None, None, False
        for part in parts[2:]:
            if self.type == "enveloped":
                self.unprotected = part.is_context(1)
            elif part.is_context(1):
                self.attributes = part
            elif part.is_universal(4):
                self.mac = octets(part)
            else:
                self.unprotected = part.is_context(2)
        if self.type == "auth-enveloped" and self.mac is None:
            raise BerError("no mac")
