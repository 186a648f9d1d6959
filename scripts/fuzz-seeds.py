#!/usr/bin/env python3
"""Fills a folder with seeds from the attack corpus: mails, their CMS objects, certificates, From fields; mails to be sealed, and
directories that lend the certificates."""
import base64
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    corpus = pathlib.Path(sys.argv[1])
    folders = {name: corpus / name for name in ("mail", "cms", "certificate", "from", "ber", "seal", "resolve", "mime")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    mails = [*(ROOT / "corpus/attacks/mail").glob("*.eml"), *(ROOT / "examples/mail").glob("*.eml")]
    for path in mails:
        mail = path.read_bytes()
        if len(mail) > 100_000:
            continue
        (folders["mail"] / path.stem).write_bytes(mail)
        (folders["mime"] / path.stem).write_bytes(mail)
        if len(mail) <= 20_000:
            seal_seed(folders["seal"], path.stem, mail)
        for field in re.findall(rb"(?im)^from:(.*)$", mail):
            (folders["from"] / path.stem).write_bytes(field)
        for block in re.findall(rb"base64[^\n]*(?:\n[^\n]+)*?\r?\n\r?\n([A-Za-z0-9+/=\s]{200,})", mail):
            compact = b"".join(block.split())
            try:
                cms = base64.b64decode(compact[: len(compact) // 4 * 4])
            except ValueError:
                continue
            (folders["cms"] / path.stem).write_bytes(cms)
            (folders["ber"] / path.stem).write_bytes(cms)
    for path in (ROOT / "corpus/attacks/certs").glob("*.der"):
        certificate = path.read_bytes()
        (folders["certificate"] / path.stem).write_bytes(certificate)
        if len(certificate) <= 20_000:
            (folders["resolve"] / path.stem).write_bytes(lends(loan(sized(certificate), [sized(certificate)])))
    for name, mail in PLAIN.items():
        for flags in range(16):
            seal_seed(folders["seal"], f"{name}-{flags}", mail, flags)
    for name, directories in resolve_seeds().items():
        (folders["resolve"] / name).write_bytes(directories)


# Mails that are neither signed nor encrypted, with all that sealing treats apart.
PLAIN = {
    "fields": b"Received: by hop\r\nFrom: a@goal.example\r\nSubject: s\r\n folded\r\nBcc: b@goal.example\r\nResent-Bcc: c@d\r\n"
    b"Comments: c\r\nKeywords: k\r\nHP-Outer: Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n\r\nThe body of the mail, all of it.\r\n",
    "lf": b"Subject: s\nContent-Language: en\n\nThe body.\n",
    "no-header": b"\r\nbody",
    "no-body": b"Subject: s",
    "encrypted": b"Content-Type: application/pkcs7-mime\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CA\r\n",
    "long": b"Content-Type: application/pkcs7-mime\r\n\r\n" + b"0123456789abcde\n" * 300,
}


def seal_seed(folder, name, mail, flags=None):
    """Flags, by how much a wrong length is wrong, three sizes of pieces, the mail."""
    flags = len(mail) % 8 if flags is None else flags
    (folder / name).write_bytes(bytes([flags, 3, 3, 7, 1, 200]) + mail)


def sized(octets):
    """Octets that the target takes as they are: no known ones, their length, themselves."""
    return b"\xff" + len(octets).to_bytes(2, "big") + octets


def loan(certificate, issuers, capabilities=None, preferred=False):
    flags = len(issuers) | 64 * (capabilities is not None) | 128 * preferred
    tail = b"" if capabilities is None else len(capabilities).to_bytes(2, "big") + capabilities
    return bytes([flags]) + certificate + b"".join(issuers) + tail


def lends(*loans, directories=1, flags=0x08):
    """Flags (a mode among them), how many directories, and the first one with these loans."""
    return bytes([flags, directories - 1, 4 + len(loans)]) + b"".join(loans)


def resolve_seeds():
    planted, middle = b"\x00", b"\x00"
    gcm = bytes.fromhex("300d300b0609608648016503040106")
    known = {f"candidate-{number}": lends(loan(bytes([number << 2]), [bytes([issuer << 2]) for issuer in range(7)]))
             for number in range(15)}
    return known | {
        "planted": lends(loan(planted, [middle])),
        "planted-all": lends(loan(planted, [middle]), loan(planted, [middle], preferred=True), flags=0x09),
        "planted-gcm": lends(loan(planted, [middle], gcm), flags=0x0a),
        "planted-changed": lends(loan(b"\x01" + bytes([0, 0, 40, 1]), [middle]), loan(planted, [middle])),
        "issuer-changed": lends(loan(planted, [b"\x01" + bytes([0, 0, 40, 1]), middle])),
        "second": bytes([0x08, 1, 0]) + lends(loan(planted, [middle]))[2:],
        "third": bytes([0x08, 2, 1, 3, 5]) + lends(loan(planted, [middle]))[2:],
        "store-down": lends(loan(planted, [middle]), flags=0xe8),
    }


main()
