#!/bin/bash
# A throw-away CA for TLS, a server on loopback and a client. usage: make-certs.sh DIR
set -euo pipefail
mkdir -p "$1"; cd "$1"
EC=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
ca() { # name
  openssl req -x509 "${EC[@]}" -days 30 -subj "/CN=Test TLS CA $1" -keyout "$1.key" -out "$1.pem" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign
}
leaf() { # name subject extension...
  local name=$1 subject=$2; shift 2
  openssl req "${EC[@]}" -subj "$subject" -keyout "$name.key" -out "$name.csr"
  printf '%s\n' "keyUsage=critical,digitalSignature" "$@" > "$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 -extfile "$name.ext" -out "$name.pem"
}
{
  ca ca
  ca other-ca
  leaf server "/CN=localhost" "subjectAltName=DNS:localhost,IP:127.0.0.1" "extendedKeyUsage=serverAuth"
  leaf client "/CN=gateway/O=Test" "extendedKeyUsage=clientAuth"
  chmod 600 ./*.key
} > openssl.log 2>&1 || { cat openssl.log >&2; exit 1; }
