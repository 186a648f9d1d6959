#!/usr/bin/env bash
# Builds OpenSSL 3.6 from source, static, into FOLDER; takes some minutes. What is there already is kept.
# build.sh FOLDER
set -euo pipefail
folder=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$(dirname "$0")"
[ -f "$folder/lib/libcrypto.a" ] && exit 0
manifest=$(cargo metadata --manifest-path source/Cargo.toml --format-version 1 | python3 -c '
import json, sys
print(next(p["manifest_path"] for p in json.load(sys.stdin)["packages"] if p["name"] == "openssl-src"))')
rm -rf "$folder/source"
cp -r "$(dirname "$manifest")/openssl" "$folder/source"
cd "$folder/source"
perl Configure linux-x86_64 --prefix="$folder" --libdir=lib --openssldir=/etc/ssl no-tests no-docs no-apps no-legacy no-shared -O2
make -s -j"$(nproc)" build_libs
make -s install_dev
rm -rf "$folder/source"
