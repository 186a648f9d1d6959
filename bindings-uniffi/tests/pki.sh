#!/usr/bin/env bash
# Certificates, keys and signed mails for the tests, into the folder $1: a root, Alice (RSA), Bob and Carol (EC).
set -euo pipefail
mkdir -p "$1"
cd "$1"

quiet() { "$@" 2>openssl.log || { cat openssl.log >&2; return 1; }; }

quiet openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out anchors.pem -days 30 -subj "/O=postseal test/CN=Root" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign"

person() { # name, key usage, options of the key
    local name=$1 usage=$2
    shift 2
    quiet openssl req -newkey "$@" -nodes -keyout "$name.key" -out "$name.csr" -subj "/O=postseal test/CN=$name"
    printf '%s\n' "basicConstraints=CA:FALSE" "keyUsage=critical,$usage" "extendedKeyUsage=emailProtection" \
        "subjectAltName=email:$name@goal.example" "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" >"$name.ext"
    quiet openssl x509 -req -in "$name.csr" -CA anchors.pem -CAkey root.key -set_serial "0x$(openssl rand -hex 8)" -days 20 -extfile "$name.ext" -out "$name.pem"
    openssl x509 -in "$name.pem" -outform DER -out "$name.der"
}
person alice digitalSignature,keyEncipherment rsa:2048
person bob digitalSignature,keyAgreement ec -pkeyopt ec_paramgen_curve:prime256v1
person carol digitalSignature,keyAgreement ec -pkeyopt ec_paramgen_curve:prime256v1

for name in alice bob; do
    printf 'hello\r\n' | quiet openssl cms -sign -crlfeol -text -md sha256 -signer "$name.pem" -inkey "$name.key" \
        -from "$name@goal.example" -to archive@goal.example -subject hello -out "$name.eml"
done
printf 'From: office@goal.example\r\nSubject: plans\r\nMessage-ID: <1@goal.example>\r\n\r\nin confidence\r\n' >plain.eml
