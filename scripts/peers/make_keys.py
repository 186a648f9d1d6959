#!/usr/bin/env python3
"""Makes a test CA and recipients: `make_keys.py FOLDER`. Runs under the python of the peers' venv.

FOLDER gets, for each NAME, NAME.key.pem (PKCS#8), NAME.pem, NAME.der, and index.json. ca.pem is the issuer.
Everyone has a subject key identifier but `rsa2048-noski` and `p256-noski`.
"""
import datetime
import json
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

START, END = datetime.datetime(2024, 1, 1), datetime.datetime(2036, 12, 31)
RECIPIENTS = {
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "x25519": x25519.X25519PrivateKey.generate,
    "rsa2048-noski": lambda: rsa.generate_private_key(65537, 2048),
    "p256-noski": lambda: ec.generate_private_key(ec.SECP256R1()),
}
USES = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
        "crl_sign", "encipher_only", "decipher_only")


def usage(*wanted):
    return x509.KeyUsage(**{use: use in wanted for use in USES})


def name(common):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "goal.example"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def builder(subject, public):
    start = x509.CertificateBuilder().subject_name(name(subject)).issuer_name(name("peers test CA")).public_key(public)
    return start.serial_number(x509.random_serial_number()).not_valid_before(START).not_valid_after(END)


def write(folder, label, key, certificate):
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / (label + ".key.pem")).write_bytes(secret)
    (folder / (label + ".pem")).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / (label + ".der")).write_bytes(certificate.public_bytes(serialization.Encoding.DER))


def authority(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    made = builder("peers test CA", key.public_key()).add_extension(x509.BasicConstraints(True, 0), True)
    made = made.add_extension(usage("key_cert_sign", "crl_sign"), True)
    made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    write(folder, "ca", key, made.sign(key, hashes.SHA256()))
    return key


def recipient(label, key, ca):
    public = key.public_key()
    made = builder(label, public).add_extension(x509.BasicConstraints(False, None), True)
    made = made.add_extension(usage("key_encipherment" if label.startswith("rsa") else "key_agreement"), True)
    made = made.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    made = made.add_extension(x509.SubjectAlternativeName([x509.RFC822Name(label + "@goal.example")]), False)
    made = made.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()), False)
    if not label.endswith("-noski"):
        made = made.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    return made.sign(ca, hashes.SHA256())


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    ca = authority(folder)
    index = {}
    for label, make in RECIPIENTS.items():
        key = make()
        write(folder, label, key, recipient(label, key, ca))
        index[label] = {"address": label + "@goal.example", "key": label + ".key.pem", "cert": label + ".pem", "ski": not label.endswith("-noski")}
    (folder / "index.json").write_text(json.dumps(index, indent=1) + "\n")


if __name__ == "__main__":
    main()
