#!/usr/bin/env bash
# A PostgreSQL of its own: run.sh FOLDER PORT. Made when FOLDER/data is not there yet; ends with this script, at once.
# On loopback with TLS (FOLDER/pki/root.pem) and on a socket in FOLDER. `gateway` needs its password by TLS and none without TLS; the
# superuser of the socket is `postgres`.
set -euo pipefail
folder=$1 port=$2
bin=$(pg_config --bindir 2>/dev/null || ls -d /usr/lib/postgresql/*/bin | tail -1)
as=()
if [ "$(id -u)" = 0 ]; then
    # It refuses to run as root.
    as=(setpriv --reuid=postgres --regid=postgres --clear-groups)
    chmod 755 "$folder"
    mkdir -p "$folder/run" && chown postgres "$folder/run"
fi
run=$folder/run
mkdir -p "$run"
if [ ! -d "$run/data" ]; then
    mkdir -p "$folder/pki"
    make() { openssl "$@" 2>/dev/null; }
    make req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=root -keyout "$folder/pki/root.key" -out "$folder/pki/root.pem"
    make req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout "$folder/pki/server.key" -out "$folder/pki/server.csr"
    printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' > "$folder/pki/server.ext"
    make x509 -req -in "$folder/pki/server.csr" -CA "$folder/pki/root.pem" -CAkey "$folder/pki/root.key" -CAcreateserial -days 30 \
        -extfile "$folder/pki/server.ext" -out "$folder/pki/server.pem"
    install -m 600 ${as:+-o postgres} "$folder/pki/server.key" "$run/server.key"
    install -m 644 "$folder/pki/server.pem" "$run/server.pem"
    "${as[@]}" "$bin/initdb" -D "$run/data" -U postgres -A trust -E UTF8 --locale=C --no-sync >/dev/null
    cat > "$run/hba" <<'HBA'
local     all all     trust
hostssl   all gateway 127.0.0.1/32 scram-sha-256
hostnossl all gateway 127.0.0.1/32 trust
HBA
    chmod 644 "$run/hba"
    "${as[@]}" "$bin/postgres" --single -D "$run/data" postgres >/dev/null <<'SQL'
CREATE ROLE gateway LOGIN CREATEDB PASSWORD 'hunter2';
SQL
fi
"${as[@]}" "$bin/postgres" -D "$run/data" -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$run" \
    -c hba_file="$run/hba" -c ssl=on -c ssl_cert_file="$run/server.pem" -c ssl_key_file="$run/server.key" -c max_connections=100 &
server=$!
# SIGINT: without waiting for whoever is connected.
trap 'kill -INT $server 2>/dev/null' TERM INT
wait $server || wait $server
