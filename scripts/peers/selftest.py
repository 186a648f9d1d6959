#!/usr/bin/env python3
"""Proves the peers' wrappers: messages made by OpenSSL and by seal.py, opened by every peer. `selftest.py [PEER...]`

A cell is "ok", "unsupported" (and the peer, asked all the same, did fail), or FAILED. Exit code 1 if any cell FAILED.
The second table changes or cuts messages: "refused" is right there. "lenient" is the whole plaintext out of a message that
lost only end-of-contents octets; a shorter or changed plaintext is FAILED.
"""
import collections
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import open as peers

if pathlib.Path(sys.prefix) != peers.VENV:
    os.execv(peers.VENV / "bin/python", [str(peers.VENV / "bin/python"), *sys.argv])

import ber
import seal
from cryptography.x509 import load_pem_x509_certificate

PLAINTEXT = b"Content-Type: text/plain\r\n\r\na\nb\r\nc\0\x1a\r\n.\r\n" + bytes(range(256)) * 280 + b"end without a line end"
Message = collections.namedtuple("Message", "recipient cipher encoding data who plaintext mime")


class Maker:
    def __init__(self, folder):
        self.folder, self.keys, self.messages = folder, folder / "keys", []
        subprocess.run([sys.executable, HERE / "make_keys.py", self.keys], check=True)

    def openssl(self, label, cipher, encoding, who, *options, plaintext=PLAINTEXT, recipients=()):
        """`encoding` is DER, BER (streamed) or SMIME."""
        (self.folder / "plain").write_bytes(plaintext)
        command = ["openssl", "cms", "-encrypt", "-binary", "-in", self.folder / "plain", "-out", self.folder / "made", "-" + cipher]
        command += {"DER": ["-outform", "DER"], "BER": ["-outform", "DER", "-stream", "-indef"], "SMIME": ["-outform", "SMIME"]}[encoding]
        for name in recipients or [who]:
            command += ["-recip", self.keys / (name + ".pem"), *(options if name == who else ())]
        subprocess.run([*command, *(["-keyid"] if "by ski" in label else [])], check=True)
        data = (self.folder / "made").read_bytes()
        self.messages.append(Message(label, cipher, encoding, data, who, plaintext, encoding == "SMIME"))

    def certificate(self, who):
        return load_pem_x509_certificate((self.keys / (who + ".pem")).read_bytes())

    def own(self, label, cipher, who, scheme, ber=0, plaintext=PLAINTEXT, **more):
        data = seal.seal(plaintext, self.certificate(who), scheme, cipher, ber, **more)
        self.messages.append(Message(label, cipher, "BER/%d" % ber if ber else "DER", data, who, plaintext, False))


def of_openssl(make):
    for cipher in ("aes128", "aes256", "aes-128-gcm", "aes-256-gcm"):
        for encoding in ("DER", "BER", "SMIME"):
            make.openssl("rsa2048", cipher, encoding, "rsa2048")
            make.openssl("p256 kdf sha256", cipher, encoding, "p256", "-keyopt", "ecdh_kdf_md:sha256")
    for cipher in ("aes128", "aes-256-gcm"):
        for who in ("rsa3072", "rsa2048-noski", "p256-noski"):
            make.openssl(who, cipher, "DER", who)
        make.openssl("rsa2048 by ski", cipher, "DER", "rsa2048")
        make.openssl("p256 by ski", cipher, "DER", "p256")
        make.openssl("rsa2048 oaep sha1", cipher, "DER", "rsa2048", "-keyopt", "rsa_padding_mode:oaep")
        for digest in ("sha256", "sha512"):
            options = ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:" + digest, "-keyopt", "rsa_mgf1_md:" + digest]
            make.openssl("rsa2048 oaep " + digest, cipher, "DER", "rsa2048", *options)
        make.openssl("p256 kdf sha1", cipher, "DER", "p256")
        make.openssl("p384 kdf sha384", cipher, "DER", "p384", "-keyopt", "ecdh_kdf_md:sha384")
        make.openssl("p521 kdf sha512", cipher, "DER", "p521", "-keyopt", "ecdh_kdf_md:sha512")
        for who in ("rsa2048", "p256"):
            make.openssl("rsa2048+p256, as " + who, cipher, "DER", who, recipients=("rsa2048", "p256"))
        make.openssl("rsa2048, empty", cipher, "DER", "rsa2048", plaintext=b"")


def of_our_own(make):
    for cipher in ("aes128-cbc", "aes256-cbc", "aes128-gcm", "aes256-gcm"):
        for size in (0, 1000):
            make.own("x25519 hkdf sha256", cipher, "x25519", "hkdf-sha256", size)
    for cipher in ("aes128-cbc", "aes256-gcm"):
        for digest in ("sha384", "sha512"):
            make.own("x25519 hkdf " + digest, cipher, "x25519", "hkdf-" + digest)
        make.own("x25519 hkdf sha256, ukm", cipher, "x25519", "hkdf-sha256", ukm=bytes(range(32)))
        make.own("x25519 by ski", cipher, "x25519", "hkdf-sha256", by_ski=True)
        make.own("x25519 kdf x9.63 sha256", cipher, "x25519", "ecdh-sha256")
        make.own("p256 kdf sha256, ukm", cipher, "p256", "ecdh-sha256", ukm=bytes(range(32)))
        make.own("p256, wrap of other size", cipher, "p256", "ecdh-sha256", wrap=32 if "128" in cipher else 16)
        others = [(make.certificate("x25519"), "hkdf-sha256"), (make.certificate("p384"), "ecdh-sha384")]
        for who, scheme in (("rsa2048", "rsa-oaep:sha256"), ("rsa3072", "rsa-pkcs1")):
            make.own("%s+x25519+p384" % scheme, cipher, who, scheme, others=others)
        others = [(make.certificate("x25519"), "hkdf-sha256"), (make.certificate("rsa2048"), "rsa-pkcs1")]
        make.own("p256+x25519+rsa", cipher, "p256", "ecdh-sha256", others=others)
        make.own("rsa2048", cipher, "rsa2048", "rsa-pkcs1", 16)
    for who, scheme in (("rsa2048", "rsa-pkcs1"), ("p256", "ecdh-sha256"), ("x25519", "hkdf-sha256")):
        for size in (0, 1000):
            make.own(who + ", authAttrs", "aes256-gcm", who, scheme, size, attributes=True)
        make.own(who + ", tag of 12", "aes256-gcm", who, scheme, tag=12)
        make.own(who + ", tag 12 + attrs", "aes256-gcm", who, scheme, tag=12, attributes=True)
        make.own(who + ", tag 12 written", "aes256-gcm", who, scheme, tag=12, written=True)
        make.own(who + ", tag of 14", "aes256-gcm", who, scheme, tag=14)


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def damages(message):
    """(what, data, is only the end lost?)"""
    data = message.data
    envelope = ber.Envelope(data)
    content = envelope.content_node
    if envelope.type == "auth-enveloped":
        end = content.content_end if not content.constructed else content.children[-1].end
        yield "ciphertext, last bit", flipped(data, end - 1), False
        yield "ciphertext, first", flipped(data, content.body if not content.constructed else content.children[0].body), False
        yield "tag bit", flipped(data, data.rindex(envelope.mac) + len(envelope.mac) - 1), False
        if envelope.attributes is not None:
            yield "authAttrs bit", flipped(data, data.index(b"260101") + 1), False
    yield "cut by 1", data[:-1], content.constructed
    yield "cut in half", data[:len(data) // 2], False
    yield "cut at 90%", data[:len(data) * 9 // 10], False
    if content.constructed:
        yield "cut after the content", data[:content.end], True
        middle = content.children[len(content.children) // 2].start
        yield "cut between segments", data[:middle], False
        yield "segments left out", data[:middle] + data[content.children[-1].end:], False


def cell(code, message, item, plaintext):
    if code == peers.OPENED:
        return "ok" if item.out.read_bytes() == plaintext else "FAILED: another plaintext"
    return "unsupported" if code == peers.UNSUPPORTED else "FAILED: " + message


def ask(peer, folder, messages, force):
    items = []
    for number, message in enumerate(messages):
        path = folder / ("m%d" % number)
        path.write_bytes(message.data)
        keys = folder / "keys" / message.who
        items.append(peers.Item(path, str(keys) + ".key.pem", str(keys) + ".pem", folder / ("out%d" % number)))
    results = [None] * len(items)
    for mime in (False, True):
        chosen = [number for number, message in enumerate(messages) if message.mime == mime]
        if chosen:
            for number, result in zip(chosen, peers.opened(peer, [items[number] for number in chosen], mime, force)):
                results[number] = result
    return items, results


def opening(peer, folder, messages):
    items, results = ask(peer, folder, messages, False)
    cells = [cell(*result, item, message.plaintext) for item, result, message in zip(items, results, messages)]
    doubted = [number for number, text in enumerate(cells) if text == "unsupported"]
    items, results = ask(peer, folder, [messages[number] for number in doubted], True)
    for number, (code, _) in zip(doubted, results):
        if code == peers.OPENED:
            cells[number] = "FAILED: opened what it is said not to support"
    return cells


def damaging(peer, folder, messages):
    rows, lenient = [], []
    for message in messages:
        for what, data, end in damages(message):
            rows.append(message._replace(encoding=message.encoding + ", " + what, data=data))
            lenient.append(end)
    sound = dict(zip(messages, opening(peer, folder, messages)))
    back = {(one.recipient, one.cipher, one.encoding): sound[one] for one in messages}
    items, results = ask(peer, folder, rows, True)
    cells = []
    for row, item, (code, _), end in zip(rows, items, results, lenient):
        if back[row.recipient, row.cipher, row.encoding.split(",")[0]] == "unsupported":
            cells.append("FAILED: opened" if code == peers.OPENED else "unsupported")
        elif code != peers.OPENED:
            cells.append("refused")
        else:
            same = item.out.read_bytes() == row.plaintext
            cells.append("lenient" if same and end else "FAILED: opened, %s" % ("the same" if same else "another plaintext"))
    return rows, cells


def table(names, messages, columns):
    widths = [max(len("unsupported"), len(name)) for name in names]
    label = lambda one: "%-28s %-12s %-34s" % (one.recipient, one.cipher, one.encoding)
    print("\n" + " " * 76 + " ".join(name.ljust(width) for name, width in zip(names, widths)))
    for number, message in enumerate(messages):
        row = [columns[name][number].partition(":")[0] for name in names]
        print(label(message) + " ".join(text.ljust(width) for text, width in zip(row, widths)))
    bad = 0
    for name in names:
        for message, text in zip(messages, columns[name]):
            if text.startswith("FAILED"):
                bad += 1
                print("%s: %s %s" % (name, " ".join(label(message).split()), text[:300]))
    return bad


def main(names, folder):
    make = Maker(folder)
    of_openssl(make)
    of_our_own(make)
    whole = make.messages
    make.messages = []
    for who, scheme in (("rsa2048", "rsa-pkcs1"), ("p256", "ecdh-sha256"), ("x25519", "hkdf-sha256")):
        for cipher in ("aes128-cbc", "aes256-gcm"):
            make.own(who, cipher, who, scheme)
            make.own(who, cipher, who, scheme, 1000)
    for who in ("rsa2048", "p256"):
        make.own(who + ", authAttrs", "aes256-gcm", who, "rsa-pkcs1" if who == "rsa2048" else "ecdh-sha256", attributes=True)
        make.own(who + ", tag of 12", "aes256-gcm", who, "rsa-pkcs1" if who == "rsa2048" else "ecdh-sha256", tag=12)
    opens, harmed, took = {}, {}, {}
    for name in names:
        start = time.monotonic()
        opens[name] = opening(name, folder, whole)
        took[name] = time.monotonic() - start
        rows, harmed[name] = damaging(name, folder, make.messages)
    bad = table(names, whole, opens) + table(names, rows, harmed)
    print()
    for name in names:
        print("%-17s %d messages in %.1f s" % (name, len(whole), took[name]))
    total = len(names) * (len(whole) + len(rows))
    print("%d passed, %d failed" % (total - bad, bad))
    return 1 if bad else 0


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(main(sys.argv[1:] or list(peers.PEERS), pathlib.Path(scratch)))
