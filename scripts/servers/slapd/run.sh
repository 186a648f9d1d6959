#!/bin/bash
# Runs slapd in the foreground with the entries of DIR/data.ldif, on loopback. usage: run.sh DIR LDAP-PORT LDAPS-PORT
# Debian: slapd, openssl.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); DIR=$(cd "$1" && pwd); PATH=$PATH:/usr/sbin
mkdir -p "$DIR/db"
[ -d "$DIR/pki" ] || "$HERE/make-certs.sh" "$DIR/pki"
sed "s#@DIR@#$DIR#g" "$HERE/slapd.conf.in" > "$DIR/slapd.conf"
if [ ! -f "$DIR/filled" ]; then
  rm -f "$DIR"/db/*
  slapadd -q -f "$DIR/slapd.conf" -l "$DIR/data.ldif"
  touch "$DIR/filled"
fi
# -d keeps it in the foreground, so that the caller's child is the server itself; 256 names every operation.
exec slapd -d 256 -f "$DIR/slapd.conf" -h "ldap://127.0.0.1:$2/ ldaps://127.0.0.1:$3/"
