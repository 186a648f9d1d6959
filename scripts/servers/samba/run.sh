#!/bin/bash
# Runs a domain controller of Active Directory (Samba) in the foreground, LDAP only, on 127.0.0.1 at 389, 636, 3268 and 3269,
# which cannot be changed: run it in a network namespace. Needs root. usage: run.sh DIR
# Debian: samba samba-dsdb-modules samba-vfs-modules winbind samba-ad-provision openssl.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd); D=$(cd "$1" && pwd)
[ -d "$D/pki" ] || "$HERE/../slapd/make-certs.sh" "$D/pki"
# The file of extended attributes spares it a file system that has them.
[ -d "$D/t/private" ] || samba-tool domain provision --realm=AD.TEST --domain=ADT --adminpass="$(cat "$D/password")" \
  --server-role=dc --dns-backend=NONE --targetdir="$D/t" --host-name=dc1 --host-ip=127.0.0.1 \
  --option='interfaces=127.0.0.1/8' --option='bind interfaces only=yes' --option="posix:eadb=$D/t/eadb.tdb"
mkdir -p "$D/t/pid" "$D/t/ncalrpc"
cat > "$D/smb.conf" <<C
[global]
	netbios name = DC1
	realm = AD.TEST
	workgroup = ADT
	server role = active directory domain controller
	server services = ldap
	interfaces = 127.0.0.1/8
	bind interfaces only = Yes
	private dir = $D/t/private
	lock directory = $D/t
	state directory = $D/t/state
	cache directory = $D/t/cache
	pid directory = $D/t/pid
	ncalrpc dir = $D/t/ncalrpc
	log file = $D/t/log.%m
	logging = file
	posix:eadb = $D/t/eadb.tdb
	ldap server require strong auth = Yes
	tls enabled = Yes
	tls keyfile = $D/pki/server.key
	tls certfile = $D/pki/server.pem
	tls cafile = $D/pki/ca.pem
C
exec samba -F -s "$D/smb.conf" --no-process-group --debug-stdout -d1
