#!/usr/bin/env bash
# Kills a PostgreSQL of its own -9 under an importer: endurance-server.sh FOLDER PORT ROUNDS. FOLDER is made.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$1 port=$2 rounds=$3
cargo build --release -q -p postseal-endurance
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
mkdir -p "$folder" && chmod 755 "$folder"
run=scripts/servers/postgres/run.sh
"$run" "$folder" "$port" > "$folder/log" 2>&1 &
server=$!
ask() { psql -X -q -U postgres -h "$folder/run" -p "$port" -d postgres -c "$1"; }
for _ in $(seq 100); do ask 'SELECT' > /dev/null 2>&1 && break; sleep 0.2; done
ask 'CREATE DATABASE mail OWNER gateway'
kill "$server" && wait "$server" || true
"$target/release/postseal-endurance" crash "postgresql://gateway@127.0.0.1:$port/mail?sslmode=disable" \
    --rounds "$rounds" --server "$run" "$folder" "$port"
