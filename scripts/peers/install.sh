#!/usr/bin/env bash
# Installs the peers of the interoperability matrix: Debian packages of this system, a venv for the python peer, and, unpacked into
# PEERS_HOME without touching the system, the newer OpenSSL, NSS, gpgsm and Bouncy Castle of Debian's PEERS_SUITE (default sid;
# trixie if that cannot be had).
# Quick when everything is there. PEERS_NEW=0 leaves these out. Needs root.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
venv=${PEERS_VENV:-$root/target/peers-venv}
home=${PEERS_HOME:-$root/target/peers}
suite=${PEERS_SUITE:-sid}
mirror=${PEERS_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$home"
home=$(cd "$home" && pwd)

missing=()
for package in openssl gpgsm gpg-agent gpgconf libnss3-tools libbcpkix-java python3-venv; do
    dpkg -s "$package" 2>/dev/null | grep -q '^Status: install ok installed' || missing+=("$package")
done
command -v javac >/dev/null || missing+=(default-jdk-headless)
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

if ! "$venv/bin/python" -c 'import cryptography.hazmat.primitives.kdf.x963kdf' 2>/dev/null; then
    python3 -m venv "$venv"
    "$venv/bin/pip" -q install --disable-pip-version-check 'cryptography>=42'
fi

[ "${PEERS_NEW:-1}" = 1 ] || exit 0
[ ! -e "$home/done" ] || [ "$(cat "$home/done")" != "$suite" ] || exit 0

apt=$home/apt
# Downloads the packages of a suite with an apt state of their own.
fetch() {
    rm -rf "$apt"
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    : > "$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $1 main" > "$apt/sources.list"
    cat > "$apt/apt.conf" <<CONF
Dir::Etc::SourceList "$apt/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$apt/lists";
Dir::State::Status "$apt/status";
Dir::Cache "$apt/cache";
APT::Sandbox::User "root";
CONF
    export APT_CONFIG=$apt/apt.conf
    apt-get update -qq &&
        apt-get install -y -qq -d --no-install-recommends openssl gpgsm gpg-agent gpgconf libnss3-tools >/dev/null &&
        (cd "$apt" && apt-get download -qq libbcprov-java libbcutil-java libbcpkix-java)
}
if ! fetch "$suite"; then
    echo "install.sh: $suite cannot be had, trixie instead" >&2
    fetch trixie
fi

rm -rf "$home/debian" "$home/bc" "$home/classes"
mkdir -p "$home"/debian/{tmp,dev,proc,etc} "$home"/debian/usr/{bin,sbin,lib,lib64} "$home/bc"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$home/debian/$name"; done
for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$home/debian"; done
mknod -m 666 "$home/debian/dev/null" c 1 3 2>/dev/null || : > "$home/debian/dev/null"
mknod -m 666 "$home/debian/dev/urandom" c 1 9 2>/dev/null || true
for package in "$apt"/libbc*.deb; do dpkg -x "$package" "$home/bc"; done
rm -rf "$apt"
echo "$suite" > "$home/done"
