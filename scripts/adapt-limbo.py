#!/usr/bin/env python3
"""Re-issues the chains of x509-limbo for e-mail.

x509-limbo (C2SP/x509-limbo, Apache-2.0) says how a TLS client must judge a server's chain. A verifier for e-mail
refuses nearly all of these chains at once: no mailbox, and the wrong extended key usage. This tool turns them into chains
for mail and leaves everything else in the certificates as it was, octet by octet:

    leaf subjectAltName      dNSName X        -> rfc822Name user@X
    nameConstraints          dNSName X        -> rfc822Name X (that host), or .X (all hosts below it)
    extKeyUsage              serverAuth       -> emailProtection (clientAuth instead, where limbo judges a client)
    the name that is asked for   X            -> user@X
    where that is an IP address               it stays in the leaf, with the mailbox user@example.com beside it
    key and signature        new ones: the same original key gives the same new key, everywhere
    revocation lists         signed again

Which of the two a constraint becomes, and what else a single case needs, stands in vectors/limbo-decisions.toml. Every
case of limbo is in the output.

A signature that was good is made again by the key that takes the place of the signer's. One whose signer is not in the
case is made by a key that nobody has. Key identifiers keep their octets, so that they still agree with each other.

Keys are derived from the octets of the keys they replace, so that the output is always the same. None is written, and
none may ever be trusted: everybody can derive them.

    pip install cryptography
    scripts/adapt-limbo.py limbo.json                # writes vectors/limbo-email.json
    scripts/adapt-limbo.py limbo.json --openssl      # and says where `openssl verify` disagrees with limbo
"""

import argparse
import base64
import datetime
import hashlib
import json
import pathlib
import subprocess
import tempfile
import tomllib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "vectors"

# --- DER: only as much as it takes to replace a few elements and to copy the rest -------------------------------------

SAN, NAME_CONSTRAINTS, EKU = b"\x55\x1d\x11", b"\x55\x1d\x1e", b"\x55\x1d\x25"
EMAIL_PROTECTION = bytes.fromhex("06082b06010505070304")
PURPOSES = {
    "SERVER": ("serverAuth", bytes.fromhex("06082b06010505070301")),
    "CLIENT": ("clientAuth", bytes.fromhex("06082b06010505070302")),
}


def tlv(tag, content):
    """One element. The length is minimal, as DER wants it."""
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def elements(data):
    """The elements that stand one after another in `data`, each as (tag, content, raw octets)."""
    found, at = [], 0
    while at < len(data):
        size, start = data[at + 1], at + 2
        if size & 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2:start], "big")
        end = start + size
        if end > len(data):
            raise ValueError("no DER")
        found.append((data[at], data[start:end], data[at:end]))
        at = end
    return found


def inside(raw):
    """The elements inside of the one constructed element that `raw` is."""
    ((_, content, _),) = elements(raw)
    return elements(content)


class Certificate:
    """The parts of a certificate that are replaced or needed to find the signer."""

    def __init__(self, pem):
        body = "".join(line for line in pem.splitlines() if "-----" not in line)
        (_, _, self.tbs), (_, _, self.algorithm), (_, signature, _) = inside(base64.b64decode(body))
        self.signature = signature[1:]
        self.fields = inside(self.tbs)
        first = 1 if self.fields[0][0] == 0xA0 else 0
        self.spki_index = first + 5
        self.inner_algorithm, self.issuer, self.subject, self.spki = (
            self.fields[first + n][2] for n in (1, 2, 4, 5))

    def reissue(self, edit_extension, keys, signer):
        """The certificate with its extensions edited, its key replaced and a signature by `signer`."""
        fields = [raw for _, _, raw in self.fields]
        fields[self.spki_index] = keys.replacement(self.spki).spki
        if self.fields[-1][0] == 0xA3:
            edited = [edit_extension(elements(extension)) for _, extension, _ in inside(self.fields[-1][1])]
            fields[-1] = tlv(0xA3, tlv(0x30, b"".join(tlv(0x30, extension) for extension in edited)))
        tbs = tlv(0x30, b"".join(fields))
        return tlv(0x30, tbs + self.algorithm + tlv(3, b"\0" + signer.sign(tbs, self.algorithm)))


class RevocationList(Certificate):
    """The parts of a CRL that are needed to sign it again."""

    def __init__(self, pem):
        body = "".join(line for line in pem.splitlines() if "-----" not in line)
        (_, _, self.tbs), (_, _, self.algorithm), (_, signature, _) = inside(base64.b64decode(body))
        self.signature = signature[1:]
        fields = inside(self.tbs)
        first = 1 if fields[0][0] == 0x02 else 0
        self.inner_algorithm, self.issuer = fields[first][2], fields[first + 1][2]

    def sign(self, signer):
        return tlv(0x30, self.tbs + self.algorithm + tlv(3, b"\0" + signer.sign(self.tbs, self.algorithm)))


class Editor:
    """Edits the extensions of one certificate and remembers what was done."""

    def __init__(self, purpose, decision, is_leaf, beside=None):
        self.purpose, self.is_leaf, self.done = purpose, is_leaf, set()
        self.beside, self.wildcards_stay = beside, decision.get("wildcards") == "stay"
        self.domain_form = decision.get("constraint") == "domain"
        self.ca_mailboxes = {name.encode() for name in decision.get("ca_mailboxes", ())}

    def edit(self, parts):
        """`parts` are the extension's identifier, perhaps its criticality, and its value."""
        oid, value = parts[0][1], parts[-1][1]
        try:
            if oid == SAN:
                value = tlv(0x30, b"".join(self.name(*name) for name in inside(value)) + self.mailbox_beside())
            elif oid == NAME_CONSTRAINTS:
                value = tlv(0x30, b"".join(tlv(tag, self.subtrees(content)) for tag, content, _ in inside(value)))
            elif oid == EKU:
                value = self.purposes(value)
        except (ValueError, IndexError):
            pass  # Malformed, and the case is about that.
        return b"".join(raw for _, _, raw in parts[:-1]) + tlv(4, value)

    def name(self, tag, content, raw):
        if tag != 0x82 or not (self.is_leaf or content in self.ca_mailboxes):
            return raw
        if self.wildcards_stay and content.startswith(b"*."):
            self.done.add("leaf SAN: wildcards stay dNSNames")
            return raw
        self.done.add(f"{'leaf' if self.is_leaf else 'CA'} SAN: dNSName -> rfc822Name user@")
        return tlv(0x81, b"user@" + content)

    def mailbox_beside(self):
        if not (self.is_leaf and self.beside):
            return b""
        self.done.add(f"leaf SAN: rfc822Name {self.beside} added")
        return tlv(0x81, self.beside.encode())

    def subtrees(self, content):
        subtrees = (elements(subtree) for _, subtree, _ in elements(content))
        return b"".join(tlv(0x30, b"".join(self.base(*part) for part in parts)) for parts in subtrees)

    def base(self, tag, content, raw):
        if tag != 0x82:
            return raw
        content = b"." + content if self.domain_form else content
        covers = "all hosts below" if content.startswith(b".") else "that host"
        self.done.add(f"constraint: dNSName -> rfc822Name ({covers})")
        return tlv(0x81, content)

    def purposes(self, value):
        name, wanted = self.purpose
        if wanted in value:
            self.done.add(f"EKU: {name} -> emailProtection")
        return value.replace(wanted, EMAIL_PROTECTION)


# --- Keys -------------------------------------------------------------------------------------------------------------

CURVES = {49: ec.SECP192R1(), 65: ec.SECP256R1(), 97: ec.SECP384R1()}  # by the length of a point
DIGESTS = {bytes.fromhex(oid): digest for oid, digest in {
    "2a8648ce3d040302": hashes.SHA256(), "2a8648ce3d040303": hashes.SHA384(), "608648016503040302": hashes.SHA256(),
    "2a864886f70d01010b": hashes.SHA256(), "2a864886f70d01010c": hashes.SHA384(), "2a864886f70d01010d": hashes.SHA512(),
}.items()}


def derived(label, bits):
    """A number of at most `bits` bits that depends on `label` only."""
    octets = hashlib.shake_256(b"x509-limbo for e-mail\0" + label).digest((bits + 7) // 8)
    return int.from_bytes(octets, "big") >> (-bits % 8)


def derived_prime(label, bits):
    """A prime that is fit for e = 65537; its two highest bits are set, so that the product of two has all its bits."""
    candidate = derived(label, bits) | 3 << (bits - 2) | 1
    small = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n ** 0.5) + 1, 2))]
    while candidate % 65537 == 1 or not all(candidate % n for n in small) or not is_probable_prime(candidate, small[:40]):
        candidate += 2
    return candidate


def is_probable_prime(number, bases):
    """The test of Miller and Rabin. `number` is odd and has none of the bases as a factor."""
    twos = ((number - 1) & (1 - number)).bit_length() - 1
    odd = (number - 1) >> twos
    return all(
        pow(base, odd, number) == 1 or any(pow(base, odd << n, number) == number - 1 for n in range(twos))
        for base in bases)


def family(algorithm):
    """Which keys an AlgorithmIdentifier, of a key or of a signature, goes with."""
    oid = inside(algorithm)[0][1]
    prefixes = {"EC": "2a8648ce3d", "RSA": "2a864886f70d0101"}
    return next((name for name, prefix in prefixes.items() if oid.startswith(bytes.fromhex(prefix))), "DSA")


def digest_of(algorithm):
    return DIGESTS[inside(algorithm)[0][1]]


def public_key(spki):
    """The public key to check signatures with. Curves are told by the point: the parameters may be spelled out."""
    (_, _, algorithm), (_, bits, _) = inside(spki)
    if family(algorithm) == "EC":
        return ec.EllipticCurvePublicKey.from_encoded_point(CURVES[len(bits) - 1], bits[1:])
    return serialization.load_der_public_key(spki)


def is_signed_by(certificate, spki):
    """Whether the key made the certificate's signature, by either of the two algorithms that the certificate names."""
    key = public_key(spki)
    for algorithm in (certificate.algorithm, certificate.inner_algorithm):
        digest = digest_of(algorithm)
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(certificate.signature, certificate.tbs, ec.ECDSA(digest))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(certificate.signature, certificate.tbs, padding.PKCS1v15(), digest)
            else:
                key.verify(certificate.signature, certificate.tbs, digest)
            return True
        except InvalidSignature:
            continue
    return False


class Key:
    """A new key of the kind and size of `spki`, whose AlgorithmIdentifier it keeps."""

    def __init__(self, spki, label):
        (_, _, algorithm), (_, bits, _) = inside(spki)
        self.family = family(algorithm)
        if self.family == "EC":
            curve = CURVES[len(bits) - 1]
            # One bit less than the order has: never beyond it.
            self.private = ec.derive_private_key(derived(label, curve.key_size - 1) | 1, curve)
            public = self.private.public_key().public_bytes(
                serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        elif self.family == "RSA":
            size = int.from_bytes(inside(bits[1:])[0][1], "big").bit_length()
            self.private = self.rsa(label, size if size < 3072 else 2048)  # no case is about the large ones
            public = self.private.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
        else:
            self.private = tuple(int.from_bytes(number, "big") for _, number, _ in inside(inside(algorithm)[1][2]))
            p, q, g = self.private
            self.secret = derived(label, q.bit_length() - 1) | 1
            public = integer(pow(g, self.secret, p))
        self.spki = tlv(0x30, algorithm + tlv(3, b"\0" + public))

    @staticmethod
    def rsa(label, size):
        p, q = (derived_prime(label + name, bits) for name, bits in ((b"p", size // 2), (b"q", size - size // 2)))
        d = pow(65537, -1, (p - 1) * (q - 1))
        public = rsa.RSAPublicNumbers(65537, p * q)
        return rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), public).private_key()

    def sign(self, message, algorithm):
        digest = digest_of(algorithm)
        if self.family == "EC":
            return self.private.sign(message, ec.ECDSA(digest, deterministic_signing=True))
        if self.family == "RSA":
            return self.private.sign(message, padding.PKCS1v15(), digest)
        p, q, g = self.private
        z = int.from_bytes(hashlib.sha256(message).digest()[:q.bit_length() // 8], "big")
        k = derived(message, q.bit_length() - 1) | 1
        r = pow(g, k, p) % q
        return tlv(0x30, integer(r) + integer(pow(k, -1, q) * (z + r * self.secret) % q))


def integer(number):
    return tlv(2, number.to_bytes(number.bit_length() // 8 + 1, "big"))


class Keys:
    """New keys by the keys that they replace."""

    def __init__(self):
        self.known = {}

    def replacement(self, spki, label=b""):
        name = hashlib.sha256(spki + label).digest()
        if name not in self.known:
            self.known[name] = Key(spki, name)
        return self.known[name]

    def signer(self, certificate, chain):
        """Who signs the new certificate: the new key of the one that signed the old, or one that nobody has."""
        nearest = sorted(chain, key=lambda other: other.subject != certificate.issuer)
        wanted = family(certificate.algorithm)
        of_family = [other.spki for other in nearest if family(inside(other.spki)[0][2]) == wanted]
        for spki in dict.fromkeys(of_family):
            if is_signed_by(certificate, spki):
                return self.replacement(spki)
        return self.replacement(of_family[0], b"absent" + certificate.issuer)


# The leaf's mailbox where limbo asks for an IP address, which no mailbox has.
MAILBOX_BESIDE = "user@example.com"

# --- Cases ------------------------------------------------------------------------------------------------------------


def adapt(case, decision, keys):
    """One row of vectors/limbo-email.json."""
    chains = {
        role: [Certificate(pem) for pem in pems]
        for role, pems in (("trusted", case["trusted_certs"]), ("intermediates", case["untrusted_intermediates"]),
                           ("leaf", [case["peer_certificate"]]))
    }
    everybody = [certificate for chain in chains.values() for certificate in chain]
    beside = MAILBOX_BESIDE if peer_name(case).get("kind") == "IP" and not decision.get("host") else None
    done, issued = set(), {role: [] for role in chains}
    made = decision.get("made")
    for role, chain in chains.items():
        for certificate in chain:
            editor = Editor(PURPOSES[case["validation_kind"]], decision, role == "leaf", beside)
            signer = keys.signer(certificate, everybody)
            if role == "leaf" and made:
                signer = keys.replacement(certificate.spki, b"made")
            der = certificate.reissue(editor.edit, keys, signer)
            issued[role].append(base64.b64encode(der).decode())
            done |= editor.done
    if made:
        # It comes first, so that an anchor that is made stands before the leaf that limbo lists as one.
        issued[made["as"]].insert(0, base64.b64encode(make_issuer(chains, made, keys)).decode())
    lists = [RevocationList(pem) for pem in case["crls"]]
    row = {
        "id": case["id"],
        "expected": {"SUCCESS": "valid", "FAILURE": "invalid"}[case["expected_result"]],
        "validation_time": case["validation_time"] and case["validation_time"].replace("+00:00", "Z"),
        "trusted": issued["trusted"],
        "intermediates": issued["intermediates"],
        "leaf": issued["leaf"][0],
        "crls": [base64.b64encode(crl.sign(keys.signer(crl, everybody))).decode() for crl in lists],
        "address": decision.get("address", beside or asked_for(case)) or None,
        "max_depth": case["max_chain_depth"],
        "note": "; ".join(["new keys and signatures", *sorted(done), *filter(None, [decision.get("note")])]),
    }
    return row | {name: decision[name] for name in ("divergence",) if name in decision}


def make_issuer(chains, made, keys):
    """The certificate above the leaf that limbo's case describes and does not have."""
    (leaf,), root = chains["leaf"], chains["trusted"][0]
    version, _, algorithm, _, validity = (raw for _, _, raw in root.fields[:5])
    extensions = b"".join(tlv(0x30, bytes.fromhex(extension)) for extension in made["extensions"])
    self_signed = made["as"] == "trusted"
    signer = keys.replacement(leaf.spki, b"made") if self_signed else keys.replacement(root.spki)
    fields = [version, integer(2), algorithm, leaf.issuer if self_signed else root.subject, validity, leaf.issuer,
              keys.replacement(leaf.spki, b"made").spki, tlv(0xA3, tlv(0x30, extensions))]
    tbs = tlv(0x30, b"".join(fields))
    return tlv(0x30, tbs + root.algorithm + tlv(3, b"\0" + signer.sign(tbs, root.algorithm)))


def peer_name(case):
    """The name that the TLS client asks for."""
    names = [case["expected_peer_name"]] if case["expected_peer_name"] else case["expected_peer_names"]
    return names[0] if names else {}


def asked_for(case):
    """The mailbox in place of that name."""
    name = peer_name(case)
    if not name:
        return None
    return name["value"] if name["kind"] == "RFC822" else "user@" + name["value"]


def pem(ders):
    """Certificates in base64 as a PEM file."""
    lines = []
    for der in ders:
        body = [der[at:at + 64] for at in range(0, len(der), 64)]
        lines += ["-----BEGIN CERTIFICATE-----", *body, "-----END CERTIFICATE-----"]
    return "\n".join([*lines, ""])


def openssl_verdict(row):
    """What `openssl verify` makes of a row: (valid or invalid, its words)."""
    with tempfile.TemporaryDirectory() as folder:
        for role in ("trusted", "intermediates", "leaf"):
            pathlib.Path(folder, role).write_text(pem([row[role]] if role == "leaf" else row[role]))
        command = ["openssl", "verify", "-purpose", "smimesign", "-partial_chain", "-no-CApath", "-no-CAstore"]
        command += ["-CAfile", "trusted", *(["-untrusted", "intermediates"] if row["intermediates"] else [])]
        command += ["-verify_email", row["address"]] if row["address"] else []
        command += ["-verify_depth", str(row["max_depth"])] if row["max_depth"] is not None else []
        if row["validation_time"]:
            time = datetime.datetime.fromisoformat(row["validation_time"])
            command += ["-attime", str(int(time.timestamp()))]  # whole seconds, rounded down
        result = subprocess.run([*command, "leaf"], cwd=folder, capture_output=True, text=True, check=False)
        errors = [line for line in result.stderr.splitlines() if line.startswith("error ")]
        return "invalid" if result.returncode else "valid", "; ".join(errors or result.stderr.splitlines()[:1])


def table(name):
    """The rows of a TOML file in vectors/, by case."""
    return {row["id"]: row for row in tomllib.loads((VECTORS / name).read_text())["case"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("limbo", type=pathlib.Path, help="limbo.json of x509-limbo")
    parser.add_argument("--openssl", action="store_true", help="compare the verdicts with those of the openssl command")
    options = parser.parse_args()
    cases = json.loads(options.limbo.read_text())["testcases"]
    decisions = table("limbo-decisions.toml")
    if strange := decisions.keys() - {case["id"] for case in cases}:
        parser.error(f"no case of limbo.json: {sorted(strange)}")
    keys = Keys()
    rows = [adapt(case, decisions.get(case["id"], {}), keys) for case in cases]
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (VECTORS / "limbo-email.json").write_text(f"[\n{text}\n]\n")
    diverging = sum("divergence" in row for row in rows)
    print(f"{len(rows)} cases, {diverging} of them diverge for e-mail")
    for row in rows if options.openssl else ():
        verdict, words = openssl_verdict(row)
        if verdict != row["expected"]:
            mark = " (so has e-mail)" if "divergence" in row else ""
            print(f"{row['id']}: limbo {row['expected']}, openssl {verdict}{mark} {words}")


if __name__ == "__main__":
    main()
