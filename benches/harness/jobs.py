"""What is measured: every job as the line protocol says it (`src/bin/worker/main.rs`), and the columns of the tables."""
import dataclasses
import fnmatch

# Key, title, peer, how it verifies.
IMPORT_COLUMNS = [
    ("postseal-full", "postseal, full", "postseal", "full"),
    ("postseal-warm", "postseal, warm", "postseal", "warm"),
    ("postseal-hot", "postseal, hot", "postseal", "hot"),
    ("openssl30", "OpenSSL 3.0", "openssl30", "full"),
    ("openssl30-tuned", "3.0 tuned", "openssl30", "tuned"),
    ("openssl36", "OpenSSL 3.6", "openssl36", "full"),
    ("openssl36-tuned", "3.6 tuned", "openssl36", "tuned"),
    ("nss", "NSS", "nss", "full"),
    ("bouncycastle", "Bouncy Castle", "bouncycastle", "full"),
    ("go", "Go", "go", "full"),
]
SEAL_COLUMNS = [
    ("postseal", "postseal", "postseal", None),
    ("openssl30", "OpenSSL 3.0", "openssl30", None),
    ("openssl36", "OpenSSL 3.6", "openssl36", None),
    ("nss", "NSS", "nss", None),
    ("bouncycastle", "Bouncy Castle", "bouncycastle", None),
    ("go", "Go", "go", None),
]
YARDSTICK_COLUMNS = [("postseal", "Rust crate", "postseal", None), ("openssl30", "OpenSSL 3.0", "openssl30", None)]

SIZES = {"2k": "2 KB", "50k": "50 KB", "1m": "1 MB", "25m": "25 MB"}
KEYS = {"rsa": "RSA-2048", "ec": "P-256"}
CIPHERS = {"cbc": "AES-256-CBC", "gcm": "AES-256-GCM"}


@dataclasses.dataclass(frozen=True)
class Import:
    """Mails of one kind, verified and taken in; with `only`, just one way of verifying."""

    keys: str
    form: str
    size: str
    only: str = ""

    @property
    def name(self):
        return "-".join(filter(None, ["import", self.keys, self.form, self.size, self.only]))

    @property
    def title(self):
        if self.only:
            return f"SHA-256, {SIZES[self.size]}"
        return f"{KEYS[self.keys]}, {self.form.replace('ber', 'BER')}, {SIZES[self.size]}"

    def load(self, data):
        return f"load_verify {data}/{self.keys}-{self.form}-{self.size}/list.txt {data}/{self.keys}/root.pem"

    def run(self, mode, ms, most):
        return f"verify {self.only or mode} {ms} {most}"


@dataclasses.dataclass(frozen=True)
class Seal:
    """One content for so many recipients."""

    keys: str
    size: str
    count: int
    cipher: str
    padding: str = "v15"
    output: str = "smime"

    @property
    def name(self):
        return f"seal-{self.keys}-{self.size}-{self.count}-{self.cipher}-{self.padding}-{self.output}"

    @property
    def title(self):
        if self.output == "raw":
            return f"{CIPHERS[self.cipher]}, {SIZES[self.size]}"
        how = {"smime": "", "smime-stream": ", streaming", "sink-stream": ", to a sink", "whole": ", with resolving"}
        who = f"{self.count} recipient{'s' if self.count > 1 else ''}, {KEYS[self.keys]}"
        padding = ", OAEP" if self.padding == "oaep" else ""
        return f"{who}{padding}, {SIZES[self.size]}, {CIPHERS[self.cipher]}{how[self.output]}"

    def load(self, data):
        return f"load_encrypt {data}/bodies/{self.size}.entity {data}/{self.keys}/recipients.pem"

    def run(self, _mode, ms, most):
        return f"encrypt {self.cipher} {self.count} {self.padding} {self.output} {ms} {most}"


IMPORTS = [Import(keys, form, size) for size in ("2k", "50k", "1m") for keys in KEYS for form in ("detached", "opaque", "ber")]
IMPORTS += [Import("rsa", form, "25m") for form in ("detached", "opaque", "ber")]

SEALS = [Seal(keys, "2k", count, "cbc") for keys in KEYS for count in (1, 100, 1000)]
SEALS += [Seal("rsa", "2k", count, "gcm", "oaep") for count in (1, 100)]
SEALS += [Seal("ec", "2k", 1, "gcm"), Seal("rsa", "2k", 1000, "cbc", output="whole"), Seal("rsa", "1m", 1, "cbc")]
SEALS += [Seal("rsa", "25m", 1, cipher, output=output) for cipher in CIPHERS for output in ("smime", "smime-stream", "sink-stream")]

# The unavoidable work alone, over the same octets. Four mails take turns: their octets come from memory.
YARDSTICKS = [Import("rsa", "detached", "25m", "sha256"), *(Seal("rsa", "25m", 1, cipher, output="raw") for cipher in CIPHERS)]


def wanted(jobs, patterns):
    """Those whose name fits one of the patterns."""
    return [job for job in jobs if not patterns or any(fnmatch.fnmatch(job.name, pattern) for pattern in patterns)]
