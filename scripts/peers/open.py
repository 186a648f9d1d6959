#!/usr/bin/env python3
"""Opens one CMS message, or a list of them, with an independent peer. Standard library only.

    open.py PEER --cms FILE [--mime] --key KEY.pem --cert CERT.pem --out FILE
    open.py PEER --batch LIST [--mime]       # lines: cms key cert out, between tabs or spaces
    open.py --peers                          # the peers and their versions

Exit codes: 0 opened, OUT is the plaintext byte for byte; 1 the peer refused or failed, its error on stderr, OUT absent;
2 the command line is wrong or the peer is not installed (scripts/peers/install.sh); 3 this peer is known not to support such a message.
A batch prints "code TAB out TAB message" for each line and exits with 1 if a line got 1, else 3 if a line got 3, else 0.
`--force` asks the peer even where it is known not to support the message. `--lint` (python only) fails on what the RFCs forbid.

Peers ending in -new are those of a newer Debian, unpacked into PEERS_HOME (default target/peers) by install.sh.
"""
import argparse
import contextlib
import email
import os
import pathlib
import re
import shutil
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import ber

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HOME = pathlib.Path(os.environ.get("PEERS_HOME", ROOT / "target/peers")).absolute()
VENV = pathlib.Path(os.environ.get("PEERS_VENV", ROOT / "target/peers-venv")).absolute()
SYSTEM = HOME / "debian"
WORD = "peers"
OPENED, REFUSED, MISSING, UNSUPPORTED = 0, 1, 2, 3


class Missing(Exception):
    pass


class Failed(Exception):
    pass


def run(command, stdin=b"", env=None):
    """Standard output, or Failed with what the command said."""
    try:
        done = subprocess.run(list(map(str, command)), input=stdin, capture_output=True, timeout=120, env=env)
    except FileNotFoundError as error:
        raise Missing("%s is not installed" % error.filename) from None
    except subprocess.TimeoutExpired:
        raise Failed("no answer in 120 s") from None
    if done.returncode:
        said = (done.stderr + done.stdout).decode(errors="replace").strip().replace("\t", " ").replace("\n", "; ")
        raise Failed("exit %d: %s" % (done.returncode, said))
    return done.stdout.decode(errors="replace")


class Place:
    """A scratch folder where a peer runs: on this system, or inside the unpacked newer one."""

    def __init__(self, stack, new):
        self.prefix = ["chroot", SYSTEM] if new else []
        if new and not (SYSTEM / "usr/bin/openssl").exists():
            raise Missing("no newer system in %s" % SYSTEM)
        made = stack.enter_context(tempfile.TemporaryDirectory(prefix="p", dir=SYSTEM / "tmp" if new else None))
        self.outside = pathlib.Path(made)
        self.inside = pathlib.Path("/tmp") / self.outside.name if new else self.outside
        self.stack = stack

    def put(self, path, name):
        shutil.copyfile(path, self.outside / name)
        return self.inside / name

    def folder(self, name):
        (self.outside / name).mkdir(mode=0o700)
        return self.inside / name

    def run(self, *command, **more):
        return run([*self.prefix, *command], **more)

    def take(self, name, out):
        shutil.move(self.outside / name, out)


def p12(place, item, name):
    """The key in the one PKCS#12 form that every importer reads."""
    command = ["openssl", "pkcs12", "-export", "-certpbe", "PBE-SHA1-3DES", "-keypbe", "PBE-SHA1-3DES", "-name", "me"]
    run([*command, "-inkey", item.key, "-in", item.cert, "-passout", "pass:" + WORD, "-out", place.outside / name])
    return place.inside / name


class Peer:
    """One message at a time; what is made for a key is kept until the end."""

    natively_mime = False

    def __init__(self, stack, new):
        self.place, self.made, self.mime = Place(stack, new), {}, False

    def per_key(self, item):
        name = (str(item.key), str(item.cert))
        if name not in self.made:
            try:
                self.made[name] = self.set_up(item, "%d" % len(self.made))
            except Failed as error:
                self.made[name] = error
        if isinstance(self.made[name], Failed):
            raise self.made[name]
        return self.made[name]

    def open(self, item):
        message = self.place.put(item.message(self.mime and not self.natively_mime, self.place.outside), "in")
        with contextlib.suppress(FileNotFoundError):
            (self.place.outside / "out").unlink()
        self.decrypt(item, message, self.place.inside / "out")
        if not (self.place.outside / "out").exists():
            raise Failed("no output")
        self.place.take("out", item.out)

    def all(self, items):
        for item in items:
            try:
                self.open(item)
                yield OPENED, ""
            except Failed as error:
                yield REFUSED, str(error)


class Openssl(Peer):
    natively_mime = True

    def version(self):
        return self.place.run("openssl", "version")

    def decrypt(self, item, message, out):
        key, cert = self.place.put(item.key, "key"), self.place.put(item.cert, "cert")
        form = "SMIME" if self.mime else "DER"
        command = ["openssl", "cms", "-decrypt", "-binary", "-inform", form, "-in", message]
        self.place.run(*command, "-inkey", key, "-recip", cert, "-out", out)


class Nss(Peer):
    def version(self):
        base = SYSTEM if self.place.prefix else pathlib.Path("/")
        library = next(base.glob("usr/lib/*/libnss3.so"), None)
        found = re.search(rb"Version: (NSS [0-9.]+)", library.read_bytes()) if library else None
        return found[1].decode() if found else "NSS"

    def set_up(self, item, name):
        self.place.folder("db" + name)
        db = "sql:%s" % (self.place.inside / ("db" + name))
        self.place.run("certutil", "-N", "-d", db, "--empty-password")
        self.place.run("pk12util", "-i", p12(self.place, item, "p12"), "-d", db, "-W", WORD, "-K", "")
        return db

    def decrypt(self, item, message, out):
        self.place.run("cmsutil", "-D", "-d", self.per_key(item), "-p", "", "-i", message, "-o", out)


class Gpgsm(Peer):
    def version(self):
        return self.place.run("gpgsm", "--version").splitlines()[0]

    def gpgsm(self, home, *command):
        options = ["--batch", "--yes", "--disable-dirmngr", "--disable-crl-checks", "--pinentry-mode", "loopback", "--passphrase-fd", "0"]
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "GNUPGHOME": str(home), "LC_ALL": "C"}
        return self.place.run("gpgsm", *options, *command, stdin=WORD.encode() + b"\n", env=env)

    def harmless(self, said):
        """gpgsm exits with 2 after a good decryption if it has not the certificate of another recipient."""
        lines = [line.strip() for line in said.partition(": ")[2].split(";")]
        benign = ("gpgsm: failed to find the certificate: ", "gpgsm: encrypted to ")
        notes = [line for line in lines if line and not line.startswith("[GNUPG:] ")]
        return "[GNUPG:] DECRYPTION_FAILED" not in lines and all(line.startswith(benign) for line in notes)

    def set_up(self, item, name):
        home = self.place.folder("g" + name)
        (self.place.outside / ("g" + name) / "gpg-agent.conf").write_text("s2k-count 65536\n")
        self.place.stack.callback(self.stop, home)
        # gpgsm 2.4 cannot read about one PKCS#12 in a hundred, whoever made it; the next one has another salt.
        for last in (False, False, True):
            try:
                self.gpgsm(home, "--import", p12(self.place, item, "p12"))
                return home
            except Failed:
                if last:
                    raise

    def stop(self, home):
        with contextlib.suppress(Failed):
            self.place.run("gpgconf", "--homedir", home, "--kill", "gpg-agent")

    def decrypt(self, item, message, out):
        home = self.per_key(item)
        try:
            self.gpgsm(home, "--status-fd", "1", "--output", out, "--decrypt", message)
        except Failed as error:
            if not self.harmless(str(error)):
                raise


class Lines:
    """A peer of our own that is given all the work at once on standard input, and answers line by line."""

    def __init__(self, stack, new):
        self.scratch, self.new, self.mime = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="p"))), new, False

    def all(self, items):
        text = ""
        for number, item in enumerate(items):
            message = item.message(self.mime, self.scratch, number)
            text += "\t".join(map(str, [message, item.key, item.cert, item.out])) + "\n"
        answers = run(self.command(), stdin=text.encode()).splitlines()
        if len(answers) != len(items):
            raise Failed("%d answers for %d messages" % (len(answers), len(items)))
        for answer in answers:
            code, _, message = answer.partition("\t")
            yield int(code), message


class BouncyCastle(Lines):
    def jars(self):
        folder = HOME / "bc/usr/share/java" if self.new else pathlib.Path("/usr/share/java")
        jars = [folder / (name + ".jar") for name in ("bcpkix", "bcprov", "bcutil")]
        for jar in jars:
            if not jar.exists():
                raise Missing("%s is missing" % jar)
        return [jar.resolve() for jar in jars]

    def version(self):
        return self.jars()[0].stem

    def command(self):
        """Compiled once for each version of the jars and of the source."""
        jars, source = self.jars(), HERE / "Open.java"
        classes = HOME / "classes" / jars[0].stem
        if not (classes / "Open.class").exists() or (classes / "Open.class").stat().st_mtime < source.stat().st_mtime:
            classes.mkdir(parents=True, exist_ok=True)
            run(["javac", "-proc:none", "-d", classes, "-cp", ":".join(map(str, jars)), source])
        return ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", ":".join(map(str, [*jars, classes])), "Open"]


class Python(Lines):
    lint = False

    def version(self):
        found = next(VENV.glob("lib/python*/site-packages/cryptography-*.dist-info"), None)
        return "cryptography " + found.name.split("-")[1].removesuffix(".dist") if self.python() and found else "cryptography"

    def python(self):
        if not (VENV / "bin/python").exists():
            raise Missing("no venv in %s" % VENV)
        return VENV / "bin/python"

    def command(self):
        return [self.python(), HERE / "cms_open.py"] + (["--lint"] if self.lint else [])


PEERS = {
    "openssl": (Openssl, False), "openssl-new": (Openssl, True), "nss": (Nss, False), "nss-new": (Nss, True),
    "gpgsm": (Gpgsm, False), "gpgsm-new": (Gpgsm, True), "bouncycastle": (BouncyCastle, False), "bouncycastle-new": (BouncyCastle, True),
    "python": (Python, False),
}


def unsupported(peer, version, envelope, certificate):
    """Why this peer cannot open such a message, or None. selftest.py holds each of these against the peer.

    The versions are the oldest ones that were seen to do it.
    """
    mine = next((one for one in envelope.recipients if one.matches(certificate)), None)
    if mine is None:
        return None
    rules = {"openssl": _openssl, "nss": _nss, "gpgsm": _gpgsm, "bouncycastle": _bouncycastle}
    rule = rules.get(peer.removesuffix("-new"))
    return rule(version, envelope, mine, certificate.kind) if rule else None


def _short_tag(envelope):
    """GCMParameters of a nonce alone: the tag has 12 bytes."""
    return envelope.type == "auth-enveloped" and len(envelope.algorithm.children[1].children) == 1


def _openssl(version, envelope, mine, kind):
    if kind == "x25519":
        return "no X25519 in CMS"
    if envelope.attributes is not None and version < (3, 5):
        return "cannot read authAttrs"
    return "GCMParameters without aes-ICVlen" if _short_tag(envelope) else None


def _nss(version, envelope, mine, kind):
    if kind == "x25519":
        return "no X25519 in CMS"
    if envelope.type == "auth-enveloped" and version < (3, 132):
        return "no AuthEnvelopedData"
    if version < (3, 110) and any(one.how == "kari" for one in envelope.recipients):
        return "cannot read a message with a key agreement among its recipients"
    return "no RSAES-OAEP" if mine.scheme == "rsa-oaep" and version < (3, 110) else None


def _gpgsm(version, envelope, mine, kind):
    if kind == "x25519":
        return "no X25519 in CMS"
    if envelope.type == "auth-enveloped" and not _short_tag(envelope):
        return "GCMParameters with aes-ICVlen"
    if envelope.attributes is not None:
        return "no authAttrs"
    if mine.ident[0] == "ski":
        return "no recipient by subject key identifier"
    if mine.how == "kari" and version < (2, 4):
        return "cannot import an EC key"
    if mine.ukm is not None:
        return "no ukm"
    return "no RSAES-OAEP" if mine.scheme == "rsa-oaep" else None


def _bouncycastle(version, envelope, mine, kind):
    if version < (1, 86) and kind == "x25519":
        return "no X25519 in CMS"
    if version < (1, 80) and mine.how == "kari" and envelope.type == "auth-enveloped":
        return "no recipient class for key agreement in AuthEnvelopedData"
    if kind == "x25519" and not mine.scheme.startswith("hkdf"):
        return "X25519 with HKDF only"
    return "leaves the ukm out of the salt of HKDF" if kind == "x25519" and mine.ukm is not None else None


class Item:
    def __init__(self, cms, key, cert, out):
        self.cms, self.key, self.cert, self.out = (pathlib.Path(path).absolute() for path in (cms, key, cert, out))

    def data(self, mime):
        if not mime:
            return self.cms.read_bytes()
        part = email.message_from_bytes(self.cms.read_bytes())
        if part.get_content_type() not in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            raise Failed("content type " + part.get_content_type())
        return part.get_payload(decode=True)

    def message(self, mime, scratch, number=0):
        """The path of the bare CMS."""
        if not mime:
            return self.cms
        path = scratch / ("bare%d" % number)
        path.write_bytes(self.data(True))
        return path

    def reason(self, peer, version, mime):
        """Why the peer is known not to open this; a message or certificate that cannot be read is the peer's to refuse."""
        try:
            pem = self.cert.read_text()
            certificate = ber.Certificate(ssl.PEM_cert_to_DER_cert(pem[pem.index("-----BEGIN"):]))
            return unsupported(peer, version, ber.Envelope(self.data(mime)), certificate)
        except (ber.BerError, ValueError, IndexError):
            return None


def opened(peer, items, mime=False, force=False, lint=False):
    """(code, message) for each item, in order."""
    kind, new = PEERS[peer]
    results = [None] * len(items)
    version = None if force else version_of(peer)
    for number, item in enumerate(items):
        item.out.unlink(missing_ok=True)
        reason = None if force else item.reason(peer, version, mime)
        if reason:
            results[number] = UNSUPPORTED, reason
        elif mime:
            with contextlib.suppress(Failed):
                item.data(True)
                continue
            results[number] = REFUSED, "not application/pkcs7-mime"
    todo = [number for number, result in enumerate(results) if result is None]
    with contextlib.ExitStack() as stack:
        one = kind(stack, new)
        one.mime, one.lint = mime, lint
        for number, result in zip(todo, one.all([items[number] for number in todo]) if todo else []):
            results[number] = result
            if result[0] != OPENED:
                items[number].out.unlink(missing_ok=True)
    return results


def version_of(peer):
    kind, new = PEERS[peer]
    with contextlib.ExitStack() as stack:
        found = re.search(r"[0-9]+(\.[0-9]+)+", kind(stack, new).version())
    return tuple(map(int, found[0].split("."))) if found else ()


def versions():
    for peer, (kind, new) in PEERS.items():
        with contextlib.ExitStack() as stack:
            try:
                print("%-17s %s" % (peer, kind(stack, new).version().strip()))
            except (Missing, Failed) as error:
                print("%-17s not installed: %s" % (peer, error))


def batch(options):
    lines = [line.rstrip("\n") for line in open(options.batch) if line.strip()]
    items = [Item(*(line.split("\t") if "\t" in line else line.split())) for line in lines]
    results = opened(options.peer, items, options.mime, options.force, options.lint)
    for item, (code, message) in zip(items, results):
        print("%d\t%s\t%s" % (code, item.out, message))
    codes = {code for code, _ in results}
    return next((code for code in (REFUSED, UNSUPPORTED) if code in codes), OPENED)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("peer", nargs="?", choices=PEERS)
    for name in ("cms", "key", "cert", "out", "batch"):
        parser.add_argument("--" + name)
    for name in ("mime", "force", "lint", "peers"):
        parser.add_argument("--" + name, action="store_true")
    options = parser.parse_args()
    if options.peers:
        return versions()
    single = (options.cms, options.key, options.cert, options.out)
    if not options.peer or not (options.batch or all(single)):
        parser.error("PEER and either --batch or --cms, --key, --cert and --out")
    try:
        if options.batch:
            return batch(options)
        code, message = opened(options.peer, [Item(*single)], options.mime, options.force, options.lint)[0]
    except Missing as error:
        code, message = MISSING, str(error)
    except Failed as error:
        code, message = REFUSED, str(error)
    if message:
        print("%s: %s" % (options.peer, "unsupported: " + message if code == UNSUPPORTED else message), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
