#!/usr/bin/env python3
"""Opens EnvelopedData and AuthEnvelopedData: the reader of ber.py and the primitives of `cryptography`.

RFC 5652, 5083, 5084, 5753, 3560 and 8418. Lines from standard input: cms, key, cert, out, separated by tabs;
answers one line for each: exit code, tab, message. `--lint` adds what the message has against the RFCs to the answer.
"""
import os
import sys

import ber
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap
from cryptography.x509 import load_pem_x509_certificate

HASHES = {"sha1": hashes.SHA1, "sha224": hashes.SHA224, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
HASH_OIDS = {
    "1.3.14.3.2.26": "sha1", "2.16.840.1.101.3.4.2.4": "sha224", "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384", "2.16.840.1.101.3.4.2.3": "sha512",
}
WRAPS = {"2.16.840.1.101.3.4.1.5": 16, "2.16.840.1.101.3.4.1.25": 24, "2.16.840.1.101.3.4.1.45": 32}
CURVES = {"p256": ec.SECP256R1, "p384": ec.SECP384R1, "p521": ec.SECP521R1}


class Refused(Exception):
    pass


class Unsupported(Exception):
    pass


def _hash(node):
    name = HASH_OIDS.get(ber.oid(node.children[0]))
    if not name:
        raise Unsupported("hash " + ber.oid(node.children[0]))
    return HASHES[name]()


def _oaep(algorithm):
    """RSAES-OAEP-params, each field with its default."""
    digest, mgf, label = hashes.SHA1(), hashes.SHA1(), None
    for field in algorithm.children[1].children if len(algorithm.children) > 1 else []:
        inner = field.children[0]
        if field.is_context(0):
            digest = _hash(inner)
        elif field.is_context(1):
            if ber.oid(inner.children[0]) != "1.2.840.113549.1.1.8":
                raise Unsupported("mask generation function")
            mgf = _hash(inner.children[1])
        elif field.is_context(2):
            label = ber.octets(inner.children[1]) or None
    return padding.OAEP(mgf=padding.MGF1(algorithm=mgf), algorithm=digest, label=label)


def _shared_info(wrap, ukm, size):
    """ECC-CMS-SharedInfo of RFC 5753, 7.2."""
    entity = b"" if ukm is None else ber.tlv(0xA0, ber.tlv(4, ukm))
    length = ber.tlv(0xA2, ber.tlv(4, (8 * size).to_bytes(4, "big")))
    return ber.tlv(0x30, ber.der(wrap) + entity + length)


def _peer_point(recipient, kind):
    if not recipient.originator.is_context(1):
        raise Unsupported("an originator that is no ephemeral key")
    algorithm, bits = recipient.originator.children
    if bits.content[:1] != b"\0":
        raise Refused("unused bits in the ephemeral key")
    name = ber.oid(algorithm.children[0])
    if name != ("1.3.101.110" if kind == "x25519" else "1.2.840.10045.2.1"):
        raise Refused("an ephemeral key of algorithm " + name)
    return bits.content[1:]


def _agree(recipient, key, kind):
    """The key-encryption key and the CEK under it."""
    wrap = recipient.algorithm.children[1]
    size = WRAPS.get(ber.oid(wrap.children[0]))
    if not size:
        raise Unsupported("key wrap " + ber.oid(wrap.children[0]))
    point = _peer_point(recipient, kind)
    if kind == "x25519":
        secret = key.exchange(x25519.X25519PublicKey.from_public_bytes(point))
    else:
        secret = key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVES[kind](), point))
    info = _shared_info(wrap, recipient.ukm, size)
    kdf, _, name = recipient.scheme.partition("-")
    if kdf == "hkdf":
        kek = HKDF(HASHES[name](), size, salt=recipient.ukm, info=info).derive(secret)
    elif kdf == "ecdh":
        kek = X963KDF(HASHES[name](), size, sharedinfo=info).derive(secret)
    else:
        raise Unsupported("key agreement " + recipient.scheme)
    return aes_key_unwrap(kek, recipient.key)


def _content_key(recipient, key, kind):
    if recipient.how == "kari":
        return _agree(recipient, key, kind)
    if recipient.scheme == "rsa-pkcs1":
        return key.decrypt(recipient.key, padding.PKCS1v15())
    if recipient.scheme == "rsa-oaep":
        return key.decrypt(recipient.key, _oaep(recipient.algorithm))
    raise Unsupported("key transport " + recipient.scheme)


def _decrypt(envelope, cek):
    name, _, mode = envelope.cipher.partition("-")
    if mode not in ("cbc", "gcm"):
        raise Unsupported("cipher " + envelope.cipher)
    if (mode == "gcm") != (envelope.type == "auth-enveloped"):
        raise Refused("%s in %s" % (envelope.cipher, envelope.type))
    if 8 * len(cek) != int(name[3:]):
        raise Refused("a content key of %d bytes for %s" % (len(cek), envelope.cipher))
    sealed = ber.octets(envelope.content_node)
    parameters = envelope.algorithm.children[1]
    if mode == "cbc":
        return _cbc(cek, ber.octets(parameters), sealed)
    nonce = ber.octets(parameters.children[0])
    size = ber.integer(parameters.children[1]) if len(parameters.children) > 1 else 12
    if size != len(envelope.mac) or not 12 <= size <= 16:
        raise Refused("a tag of %d bytes where the parameters say %d" % (len(envelope.mac), size))
    machine = Cipher(algorithms.AES(cek), modes.GCM(nonce, envelope.mac, min_tag_length=12)).decryptor()
    if envelope.attributes is not None:
        machine.authenticate_additional_data(ber.der(envelope.attributes, first=0x31, sort=True))
    return machine.update(sealed) + machine.finalize()


def _cbc(cek, iv, sealed):
    if not sealed or len(sealed) % 16:
        raise Refused("ciphertext of %d bytes" % len(sealed))
    machine = Cipher(algorithms.AES(cek), modes.CBC(iv)).decryptor()
    padded = machine.update(sealed) + machine.finalize()
    count = padded[-1]
    if not 1 <= count <= 16 or padded[-count:] != bytes([count]) * count:
        raise Refused("padding")
    return padded[:-count]


def open_cms(data, key, certificate_der):
    envelope = ber.Envelope(data)
    certificate = ber.Certificate(certificate_der)
    mine = [one for one in envelope.recipients if one.matches(certificate)]
    if not mine:
        raise Refused("no recipient matches the certificate")
    failed = []
    for recipient in mine:
        try:
            return envelope, _decrypt(envelope, _content_key(recipient, key, certificate.kind))
        except Unsupported:
            raise
        except Exception as error:
            failed.append("%s: %s" % (type(error).__name__, error))
    raise Refused("; ".join(failed))


def _der_only(node, where, notes):
    if node.raw != ber.der(node):
        notes.append(where + " is not DER")


def lint(envelope):
    """What the RFCs require of a message that opens all the same."""
    notes = []
    plain = all(one.how == "ktri" and one.version == 0 for one in envelope.recipients)
    expected = 0 if envelope.type == "auth-enveloped" else 0 if plain and not envelope.unprotected and not envelope.originator_info else 2
    if envelope.version != expected:
        notes.append("version %d, not %d" % (envelope.version, expected))
    for number, one in enumerate(envelope.recipients):
        want = 3 if one.how == "kari" else 2 if one.ident[0] == "ski" else 0
        if one.version != want:
            notes.append("recipient %d: version %d, not %d" % (number, one.version, want))
        _lint_algorithm(one, "recipient %d: " % number, notes)
    if envelope.type == "auth-enveloped":
        if envelope.attributes is not None and envelope.attributes.raw != ber.der(envelope.attributes, sort=True):
            notes.append("authAttrs not in DER")
        if envelope.attributes is None and envelope.content_type != "1.2.840.113549.1.7.1":
            notes.append("no authAttrs though the content is not id-data")
        parameters = envelope.algorithm.children[1]
        _der_only(parameters, "GCMParameters", notes)
        if len(parameters.children) > 1 and ber.integer(parameters.children[1]) == 12:
            notes.append("the default of aes-ICVlen is written out")
    return notes


def _lint_algorithm(one, where, notes):
    parts = one.algorithm.children
    _der_only(one.algorithm, where + "keyEncryptionAlgorithm", notes)
    if one.scheme == "rsa-pkcs1" and (len(parts) != 2 or parts[1].raw != b"\x05\0"):
        notes.append(where + "rsaEncryption without NULL")
    if one.how == "kari":
        if len(parts[1].children) != 1:
            notes.append(where + "the AES key wrap has parameters")
        if one.originator.is_context(1):
            algorithm = one.originator.children[0].children
            if ber.oid(algorithm[0]) == "1.3.101.110" and len(algorithm) != 1:
                notes.append(where + "X25519 with parameters")


def _key(path):
    with open(path, "rb") as file:
        return serialization.load_pem_private_key(file.read(), None)


def _certificate(path):
    with open(path, "rb") as file:
        return load_pem_x509_certificate(file.read()).public_bytes(serialization.Encoding.DER)


def one(cms, key, cert, out, linting):
    try:
        with open(cms, "rb") as file:
            envelope, plaintext = open_cms(file.read(), _key(key), _certificate(cert))
    except Unsupported as error:
        return 3, str(error)
    except Exception as error:
        return 1, "%s: %s" % (type(error).__name__, error)
    with open(out + ".part", "wb") as file:
        file.write(plaintext)
    os.replace(out + ".part", out)
    notes = lint(envelope) if linting else []
    return (1 if notes else 0), "; ".join("lint: " + note for note in notes)


def main():
    linting = "--lint" in sys.argv
    for line in sys.stdin:
        code, message = one(*line.rstrip("\n").split("\t"), linting)
        print("%d\t%s" % (code, message.replace("\n", " ")), flush=True)


if __name__ == "__main__":
    main()
