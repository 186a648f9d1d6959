#!/usr/bin/env bash
# Imports an mbox of so many mails into two new stores: endurance-archive.sh COUNT. Prints time and memory of each, and compares them.
set -euo pipefail
cd "$(dirname "$0")/.."
count=$1
cargo build --release -q -p postseal-endurance -p postseal-cli
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$target/release/postseal-endurance" mbox "$count" "$work/root.pem" > "$work/box"
ls -l "$work/box" | awk '{ printf "mbox: %d MiB\n", $5 / 1048576 }'
for run in one two; do
    # GNU time, for the most memory that it had.
    /usr/bin/time -o "$work/time" -f "%e s, %U s of processor, %M KiB at the most" "$target/release/postseal" import --json --verbose \
        --at 2026-06-01T00:00:00Z --trust "$work/root.pem" --store "sqlite:$work/$run.db" --trace "$work/$run.jsonl" "$work/box" \
        > "$work/$run.reports"
    cat "$work/time"
    [ "$(sed 's/.*, \([0-9]*\) KiB.*/\1/' "$work/time")" -lt 32768 ] || { echo "its memory grows with the archive"; exit 1; }
    "$target/release/postseal" certs list --json --store "sqlite:$work/$run.db" > "$work/$run.certs"
done
for kind in certs reports jsonl; do
    cmp "$work/one.$kind" "$work/two.$kind"
done
# Every mail has a report; every twentieth is not signed, and nearly every tenth is the first of its sender.
sed 's/.*"outcome":"\([^"]*\)".*/\1/' "$work/one.reports" | sort | uniq -c | awk -v mails="$count" '
    { told[$2] = $1 }
    END {
        all = told["imported"] + told["already-known"] + told["held"] + told["not-signed"]
        exit !(all == mails && told["not-signed"] == int((mails + 19) / 20) && told["imported"] > mails * 0.09)
    }'
echo "$(wc -l < "$work/one.certs") certificates, $(wc -l < "$work/one.jsonl") events: the same twice"
