"""The peers: how each is built, and why it is not when it cannot be."""
import os
import pathlib
import shutil
import subprocess

BENCHES = pathlib.Path(__file__).resolve().parent.parent
PEERS = BENCHES / "peers"
JARS = pathlib.Path("/usr/share/java")
JAR_NAMES = ["bcmail", "bcpkix", "bcprov", "bcutil", "javax.mail", "javax.activation"]
PKCS7 = pathlib.Path("/usr/share/gocode/src/github.com/fullsailor/pkcs7")


class Skipped(Exception):
    """Why a peer is not measured."""


def call(command, **options):
    """Runs a builder; what it complains about is the reason to skip."""
    result = subprocess.run(command, capture_output=True, text=True, **options)
    if result.returncode:
        lines = (result.stderr.strip() or "no output").splitlines()
        raise Skipped(f"{command[0]} failed: {lines[-1][:160]}")
    return result.stdout


def need(tool, package):
    if not shutil.which(tool):
        raise Skipped(f"no {tool} here (Debian: {package})")


def target_folder():
    """Cargo's, for all that is built."""
    return pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or BENCHES / "target")


def postseal(_folder, options):
    return [str(target_folder() / "release/worker"), "--crypto", options.crypto]


def openssl30(folder, _options):
    need("gcc", "gcc")
    binary = folder / "openssl30"
    call(["gcc", "-O2", str(PEERS / "openssl/worker.c"), "-o", str(binary), "-lcrypto"])
    return [str(binary)]


def openssl36(folder, options):
    need("gcc", "gcc")
    built = folder / "openssl36"
    if not (built / "lib/libcrypto.a").exists():
        if not options.openssl36:
            raise Skipped("not built; `just bench --openssl36` builds it from source, which takes some minutes")
        call([str(PEERS / "openssl/build.sh"), str(built)])
    binary = folder / "openssl36-worker"
    call(["gcc", "-O2", f"-I{built}/include", str(PEERS / "openssl/worker.c"), "-o", str(binary),
          str(built / "lib/libcrypto.a"), "-ldl", "-lpthread"])
    return [str(binary)]


def nss(folder, _options):
    need("gcc", "gcc")
    need("pkg-config", "pkg-config")
    try:
        flags = call(["pkg-config", "--cflags", "--libs", "nss"]).split()
    except Skipped:
        raise Skipped("no development files of NSS here (Debian: libnss3-dev)") from None
    binary = folder / "nss"
    call(["gcc", "-O2", str(PEERS / "nss/worker.c"), "-o", str(binary), *flags])
    return [str(binary)]


def bouncycastle(folder, _options):
    need("javac", "openjdk-17-jdk-headless")
    missing = [name for name in JAR_NAMES if not (JARS / f"{name}.jar").exists()]
    if missing:
        raise Skipped(f"no {missing[0]}.jar here (Debian: libbcmail-java libmail-java)")
    classes = folder / "java"
    classes.mkdir(exist_ok=True)
    path = ":".join([str(classes), *(str(JARS / f"{name}.jar") for name in JAR_NAMES)])
    call(["javac", "-nowarn", "-cp", path, "-d", str(classes), str(PEERS / "java/BouncyCastle.java")])
    return ["java", "-Xss4m", "-cp", path, "BouncyCastle"]


def go(folder, _options):
    need("go", "golang-go")
    if not PKCS7.exists():
        raise Skipped("no pkcs7 for Go here (Debian: golang-github-fullsailor-pkcs7-dev)")
    binary = folder / "go"
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": "",
                   "GOCACHE": str(folder / "go-cache")}
    call(["go", "build", "-o", str(binary), str(PEERS / "go/main.go")], env=environment)
    return [str(binary)]


ALL = {"postseal": postseal, "openssl30": openssl30, "openssl36": openssl36, "nss": nss, "bouncycastle": bouncycastle, "go": go}
# Seconds of CPU before the first measurement: a compiler works while the program runs.
WARM_UP = {"bouncycastle": 10, "go": 0.3}


def build(folder, options):
    """Commands of those that can be measured, and reasons for the others."""
    folder.mkdir(parents=True, exist_ok=True)
    commands, skipped = {}, {}
    for name, builder in ALL.items():
        if options.peers and name not in options.peers and name != "postseal":
            continue
        try:
            commands[name] = builder(folder, options)
        except Skipped as reason:
            skipped[name] = str(reason)
            print(f"SKIPPED: {name}: {reason}", flush=True)
    return commands, skipped
