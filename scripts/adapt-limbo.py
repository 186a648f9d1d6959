#!/usr/bin/env python3
"""Makes e-mail cases out of the server cases of x509-limbo: name constraints and path building.

    adapt-limbo.py LIMBO.JSON VECTORS-FOLDER

Every certificate of a case is issued again with fresh keys: dNSName becomes rfc822Name, the purpose that the case asks for (serverAuth or clientAuth) becomes emailProtection,
nothing else changes. A dNSName constraint `x` covers a host and all below it; in rfc822 terms these are the two constraints
`x` and `.x`, so the meaning stays. Signatures that were good are made again, others are broken again.
"""
import base64
import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

SAN, NAME_CONSTRAINTS, EKU = bytes.fromhex("551d11"), bytes.fromhex("551d1e"), bytes.fromhex("551d25")
SERVER_AUTH, CLIENT_AUTH = bytes.fromhex("06082b06010505070301"), bytes.fromhex("06082b06010505070302")
EMAIL = bytes.fromhex("06082b06010505070304")

KEPT = ("pathlen::", "pathological::", "cve::", "rfc5280::nc::", "rfc5280::validity::", "rfc5280::eku::")
KEPT_CASES = {
    "rfc5280::" + name
    for name in (
        "unknown-critical-extension-ee unknown-critical-extension-root unknown-critical-extension-unrelated-root "
        "unknown-critical-extension-unrelated-intermediate unknown-critical-extension-intermediate chain-untrusted-root "
        "intermediate-ca-without-ca-bit intermediate-ca-missing-basic-constraints root-missing-basic-constraints "
        "root-non-critical-basic-constraints root-inconsistent-ca-extensions ica-ku-keycertsign leaf-ku-keycertsign "
        "ee-empty-issuer ca-empty-subject duplicate-extensions no-keyusage no-basicconstraints mismatching-signature-algorithm "
        "ca-as-leaf ca-as-leaf-wrong-san root-and-intermediate-swapped ee-aia ee-critical-aia-invalid"
    ).split()
}
# Why a case is not adapted, by the beginning of its name; the first that fits counts.
EXCLUDED = [
    ("crl::", "about revocation lists, which are not read yet"),
    ("rfc5280::aki::", "about how a CA must write its key identifiers; RFC 5280 4.2.1.1 asks no verifier to refuse, they are hints"),
    ("rfc5280::ski::", "about how a CA must write its key identifiers; RFC 5280 4.2.1.2 asks no verifier to refuse, they are hints"),
    ("webpki::aki::", "about how a CA must write its key identifiers; they are hints"),
    ("rfc5280::serial::", "about serial numbers that a CA must not issue; certificates in use have them, and RFC 5280 4.1.2.2 asks users to handle them"),
    ("rfc5280::pc::", "about policy constraints, which are not processed yet (a required policy fails the path)"),
    ("rfc5280::san::", "about host names and addresses in a server's certificate; mailboxes have their own cases in corpus/attacks"),
    ("webpki::", "a rule of the web PKI for servers (host names, common names, wildcards, public suffixes, key sizes of the TLS profile)"),
    ("online::", "a certificate of a live web server: its keys are not ours to issue again"),
]
# Where e-mail, RFC 5280 or postseal's design differ from limbo's expectation.
DIVERGENCES = {
    "pathlen::max-chain-depth-1-self-issued": "Limits::path_depth is a budget and counts every certificate, self-issued ones too",
    "pathlen::validation-ignores-pathlen-in-leaf": "the leaf is a CA certificate, and a CA is not a correspondent: refused as signer-is-ca",
    "rfc5280::ca-as-leaf": "a CA certificate is not a correspondent: refused as signer-is-ca",
    "rfc5280::nc::permitted-dns-match-noncritical": "RFC 5280 4.2.1.10 binds the CA to mark it critical; a constraint that is not critical is applied all the same",
    "rfc5280::nc::not-allowed-in-ee-noncritical": "RFC 5280 4.2.1.10 binds the CA; constraints in a certificate that issues nothing constrain nothing",
    "rfc5280::nc::not-allowed-in-ee-critical": "RFC 5280 4.2.1.10 binds the CA; constraints in a certificate that issues nothing constrain nothing",
    "rfc5280::nc::invalid-dnsname-leading-period": "a leading dot is how RFC 5280 4.2.1.10 writes a domain of mailboxes, so the adapted constraint is valid",
    "rfc5280::unknown-critical-extension-root": "the extensions of a trust anchor are not part of validation (RFC 5280 6.1.1 d)",
    "rfc5280::root-missing-basic-constraints": "the extensions of a trust anchor are not part of validation (RFC 5280 6.1.1 d)",
    "rfc5280::root-non-critical-basic-constraints": "the extensions of a trust anchor are not part of validation (RFC 5280 6.1.1 d)",
    "rfc5280::root-inconsistent-ca-extensions": "the extensions of a trust anchor are not part of validation (RFC 5280 6.1.1 d)",
    "rfc5280::ca-empty-subject": "RFC 5280 4.1.2.6 binds the CA; the empty names chain, and the anchor was chosen by the operator",
    "rfc5280::leaf-ku-keycertsign": "RFC 5280 4.2.1.3 binds the CA: without the CA bit, keyCertSign gives no power; digitalSignature is there",
}


def element(data, at=0):
    """(tag, content, end) of the element at a position."""
    length, head = data[at + 1], 2
    if length & 0x80:
        head += length & 0x7F
        length = int.from_bytes(data[at + 2 : at + head], "big")
    return data[at], data[at + head : at + head + length], at + head + length


def parts(content):
    """The encoded elements inside a constructed one."""
    found, at = [], 0
    while at < len(content):
        end = element(content, at)[2]
        found.append(content[at:end])
        at = end
    return found


def encode(tag, content):
    size = len(content)
    length = bytes([size]) if size < 128 else (lambda b: bytes([0x80 | len(b)]) + b)(size.to_bytes((size.bit_length() + 7) // 8, "big"))
    return bytes([tag]) + length + content


def mailbox_names(general_names):
    return b"".join(encode(0x81, b"user@" + element(n)[1]) if n[0] == 0x82 else n for n in parts(general_names))


def mailbox_subtrees(subtrees):
    adapted = b""
    for subtree in parts(subtrees):
        base, *rest = parts(element(subtree)[1])
        if base[0] != 0x82:
            adapted += subtree
            continue
        host = element(base)[1]
        for name in [host] if host.startswith(b".") else [host, b"." + host]:
            adapted += encode(0x30, encode(0x81, name) + b"".join(rest))
    return adapted


def adapt_extension(extension, purpose):
    fields = parts(element(extension)[1])
    oid, value = element(fields[0])[1], element(fields[-1])[1]
    try:
        if oid == SAN:
            value = encode(0x30, mailbox_names(element(value)[1]))
        elif oid == NAME_CONSTRAINTS:
            value = encode(0x30, b"".join(encode(f[0], mailbox_subtrees(element(f)[1])) for f in parts(element(value)[1])))
        elif oid == EKU:
            value = encode(0x30, b"".join(EMAIL if p == purpose else p for p in parts(element(value)[1])))
    except IndexError:
        pass  # A malformed extension is what the case is about.
    return encode(0x30, b"".join(fields[:-1]) + encode(0x04, value))


class Issuer:
    """Fresh keys for the keys of one case, and signatures with them."""

    def __init__(self, certificates, purpose):
        self.keys, self.certificates, self.purpose = {}, certificates, purpose

    def key(self, spki):
        if spki not in self.keys:
            public = serialization.load_der_public_key(spki)
            if isinstance(public, rsa.RSAPublicKey):
                self.keys[spki] = rsa.generate_private_key(65537, 2048)
            else:
                self.keys[spki] = ec.generate_private_key(ec.SECP256R1())
        return self.keys[spki]

    def signer_of(self, der):
        certificate = x509.load_der_x509_certificate(der)
        for spki in dict.fromkeys(spki_of(c) for c in self.certificates):
            public = serialization.load_der_public_key(spki)
            try:
                if isinstance(public, rsa.RSAPublicKey):
                    public.verify(certificate.signature, certificate.tbs_certificate_bytes, padding.PKCS1v15(), certificate.signature_hash_algorithm)
                else:
                    public.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(certificate.signature_hash_algorithm))
                return self.key(spki)
            except Exception:
                continue
        return None

    def issue(self, der):
        tbs, algorithm, _ = parts(element(der)[1])
        fields = parts(element(tbs)[1])
        spki_at = 6 if fields[0][0] == 0xA0 else 5
        signer = self.signer_of(der)
        public = self.key(fields[spki_at]).public_key()
        fields[spki_at] = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        for at, field in enumerate(fields):
            if field[0] == 0xA3:
                fields[at] = encode(0xA3, encode(0x30, b"".join(adapt_extension(e, self.purpose) for e in parts(element(element(field)[1])[1]))))
        tbs = encode(0x30, b"".join(fields))
        signer = signer or ec.generate_private_key(ec.SECP256R1())
        if isinstance(signer, rsa.RSAPrivateKey):
            signature = signer.sign(tbs, padding.PKCS1v15(), hashes.SHA256())
        else:
            signature = signer.sign(tbs, ec.ECDSA(hashes.SHA256()))
        return encode(0x30, tbs + algorithm + encode(0x03, b"\0" + signature))


def spki_of(der):
    fields = parts(element(parts(element(der)[1])[0])[1])
    return fields[6 if fields[0][0] == 0xA0 else 5]


def adapt(case):
    def load(pems):
        return [base64.b64decode("".join(line for line in pem.splitlines() if not line.startswith("-----"))) for pem in pems]

    trusted, pool, leaf = load(case["trusted_certs"]), load(case["untrusted_intermediates"]), load([case["peer_certificate"]])
    issuer = Issuer(trusted + pool + leaf, CLIENT_AUTH if case["validation_kind"] == "CLIENT" else SERVER_AUTH)
    text = lambda certificates: [base64.b64encode(issuer.issue(c)).decode() for c in certificates]
    name = case["expected_peer_name"]
    return {
        "id": case["id"],
        "expected": "valid" if case["expected_result"] == "SUCCESS" else "invalid",
        "time": case["validation_time"],
        "trusted": text(trusted),
        "pool": text(pool),
        "leaf": text(leaf)[0],
        "address": "user@" + name["value"] if name and name["kind"] == "DNS" else None,
        "depth": case["max_chain_depth"],
        "divergence": DIVERGENCES.get(case["id"]) or None,
    }


def main():
    source, folder = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    adapted, excluded = [], []
    for case in json.loads(source.read_text())["testcases"]:
        name = case["id"]
        if name.startswith(KEPT) or name in KEPT_CASES:
            try:
                adapted.append(adapt(case))
                continue
            except Exception as error:
                excluded.append((name, f"cannot be issued again: {error}"))
                continue
        reason = next((reason for start, reason in EXCLUDED if name.startswith(start)), "not about name constraints or path building")
        excluded.append((name, reason))
    rows = "".join(json.dumps(case, separators=(",", ":")) + "\n" for case in adapted)
    (folder / "limbo-email.jsonl").write_text(rows)
    quoted = "".join(f'\n[[case]]\nid = "{name}"\nreason = {json.dumps(reason)}\n' for name, reason in excluded)
    (folder / "limbo-excluded.toml").write_text("# Cases of x509-limbo that are not adapted to e-mail, and why.\n" + quoted)
    print(f"{len(adapted)} adapted, {len(excluded)} excluded, {len(rows)} bytes")


main()
