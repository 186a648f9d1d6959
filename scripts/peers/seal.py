"""A small sealer for what OpenSSL cannot make: X25519, authenticated attributes, odd tags, many segments. For selftest.py only.

Shares ber.tlv and ber.encode_oid with the opener and nothing else; runs under the venv's python.
"""
import os

from ber import encode_oid, tlv
from cryptography.hazmat.primitives import hashes, hmac, padding as blocks, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from cryptography.x509 import SubjectKeyIdentifier

CIPHERS = {
    "aes128-cbc": ("2.16.840.1.101.3.4.1.2", 16), "aes256-cbc": ("2.16.840.1.101.3.4.1.42", 32),
    "aes128-gcm": ("2.16.840.1.101.3.4.1.6", 16), "aes256-gcm": ("2.16.840.1.101.3.4.1.46", 32),
}
HASHES = {"sha1": hashes.SHA1, "sha256": hashes.SHA256, "sha384": hashes.SHA384, "sha512": hashes.SHA512}
HASH_OIDS = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2", "sha512": "2.16.840.1.101.3.4.2.3"}
AGREEMENTS = {
    "ecdh-sha256": "1.3.132.1.11.1", "ecdh-sha384": "1.3.132.1.11.2", "ecdh-sha512": "1.3.132.1.11.3",
    "hkdf-sha256": "1.2.840.113549.1.9.16.3.19", "hkdf-sha384": "1.2.840.113549.1.9.16.3.20", "hkdf-sha512": "1.2.840.113549.1.9.16.3.21",
}
WRAPS = {16: "2.16.840.1.101.3.4.1.5", 32: "2.16.840.1.101.3.4.1.45"}
DATA = "1.2.840.113549.1.7.1"


def seq(*parts):
    return tlv(0x30, b"".join(parts))


def number(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def algorithm(oid, *parameters):
    return seq(encode_oid(oid), *parameters)


def issuer_serial(certificate):
    return seq(certificate.issuer.public_bytes(), number(certificate.serial_number))


def ski(certificate):
    return certificate.extensions.get_extension_for_class(SubjectKeyIdentifier).value.digest


def transport(certificate, cek, scheme, by_ski):
    key = certificate.public_key()
    name, _, digest = scheme.partition(":")
    if name == "rsa-pkcs1":
        how, sealed = algorithm("1.2.840.113549.1.1.1", b"\x05\0"), key.encrypt(cek, padding.PKCS1v15())
    else:
        used = algorithm(HASH_OIDS[digest], b"\x05\0")
        how = algorithm("1.2.840.113549.1.1.7", seq(tlv(0xA0, used), tlv(0xA1, algorithm("1.2.840.113549.1.1.8", used))))
        sealed = key.encrypt(cek, padding.OAEP(padding.MGF1(HASHES[digest]()), HASHES[digest](), None))
    ident = tlv(0x80, ski(certificate)) if by_ski else issuer_serial(certificate)
    return seq(number(2 if by_ski else 0), ident, how, tlv(4, sealed))


def expand(secret, digest, salt, info, size):
    """HKDF written out, so that nothing but HMAC is shared with the opener."""
    def mac(key, data):
        one = hmac.HMAC(key, digest())
        one.update(data)
        return one.finalize()
    prk, out, block = mac(salt if salt else bytes(digest.digest_size), secret), b"", b""
    while len(out) < size:
        block = mac(prk, block + info + bytes([len(out) // digest.digest_size + 1]))
        out += block
    return out[:size]


def x963(secret, digest, info, size):
    out = b""
    while len(out) < size:
        one = hashes.Hash(digest())
        one.update(secret + (len(out) // digest.digest_size + 1).to_bytes(4, "big") + info)
        out += one.finalize()
    return out[:size]


def agreement(certificate, cek, scheme, by_ski, ukm, size):
    public = certificate.public_key()
    if isinstance(public, x25519.X25519PublicKey):
        mine, kind = x25519.X25519PrivateKey.generate(), algorithm("1.3.101.110")
        point, secret = mine.public_key().public_bytes_raw(), mine.exchange(public)
    else:
        mine, kind = ec.generate_private_key(public.curve), algorithm("1.2.840.10045.2.1")
        point = mine.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        secret = mine.exchange(ec.ECDH(), public)
    wrap = algorithm(WRAPS[size])
    info = seq(wrap, tlv(0xA0, tlv(4, ukm)) if ukm else b"", tlv(0xA2, tlv(4, (size * 8).to_bytes(4, "big"))))
    kdf, _, name = scheme.partition("-")
    kek = expand(secret, HASHES[name], ukm, info, size) if kdf == "hkdf" else x963(secret, HASHES[name], info, size)
    ident = tlv(0xA0, tlv(4, ski(certificate))) if by_ski else issuer_serial(certificate)
    originator = tlv(0xA0, tlv(0xA1, kind + tlv(3, b"\0" + point)))
    return tlv(0xA1, number(3) + originator + (tlv(0xA1, tlv(4, ukm)) if ukm else b"") + algorithm(AGREEMENTS[scheme], wrap)
               + seq(seq(ident, tlv(4, aes_key_wrap(kek, cek)))))


def attribute(oid, *values):
    return seq(encode_oid(oid), tlv(0x31, b"".join(values)))


ATTRIBUTES = b"".join(sorted([
    attribute("1.2.840.113549.1.9.3", encode_oid(DATA)),
    attribute("1.2.840.113549.1.9.5", tlv(0x17, b"260101000000Z")),
]))


def indefinite(tag, *parts):
    return bytes([tag, 0x80]) + b"".join(parts) + b"\0\0"


def pieces(data, size):
    return [tlv(4, data[at:at + size]) for at in range(0, len(data), size)]


def seal(plaintext, certificate, scheme, cipher, ber=0, by_ski=False, ukm=None, attributes=False, tag=16, written=False, wrap=None, others=()):
    """One recipient first, `others` (certificate, scheme) after it; `ber` is the size of a segment, 0 for DER."""
    oid, size = CIPHERS[cipher]
    cek = os.urandom(size)

    def info(certificate, scheme):
        if scheme.startswith("rsa"):
            return transport(certificate, cek, scheme, by_ski)
        return agreement(certificate, cek, scheme, by_ski, ukm, wrap or size)
    infos = [info(certificate, scheme)] + [info(*other) for other in others]
    auth = cipher.endswith("gcm")
    if auth:
        nonce = os.urandom(12)
        machine = Cipher(algorithms.AES(cek), modes.GCM(nonce)).encryptor()
        if attributes:
            machine.authenticate_additional_data(tlv(0x31, ATTRIBUTES))
        sealed = machine.update(plaintext) + machine.finalize()
        how = algorithm(oid, seq(tlv(4, nonce), number(tag) if tag != 12 or written else b""))
        tail = (tlv(0xA1, ATTRIBUTES) if attributes else b"") + tlv(4, machine.tag[:tag])
    else:
        nonce, pad = os.urandom(16), blocks.PKCS7(128).padder()
        machine = Cipher(algorithms.AES(cek), modes.CBC(nonce)).encryptor()
        sealed = machine.update(pad.update(plaintext) + pad.finalize()) + machine.finalize()
        how, tail = algorithm(oid, tlv(4, nonce)), b""
    version = 0 if auth or all(one[0] == 0x30 for one in infos) and not by_ski else 2
    head = number(version) + tlv(0x31, b"".join(sorted(infos)))
    name = encode_oid("1.2.840.113549.1.9.16.1.23" if auth else "1.2.840.113549.1.7.3")
    if not ber:
        return seq(name, tlv(0xA0, seq(head, seq(encode_oid(DATA), how, tlv(0x80, sealed)), tail)))
    content = indefinite(0x30, encode_oid(DATA), how, indefinite(0xA0, *pieces(sealed, ber)))
    return indefinite(0x30, name, indefinite(0xA0, indefinite(0x30, head, content, tail)))
