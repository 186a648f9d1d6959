#!/usr/bin/env bash
# Makes a quarter of mail with the generator of the test kit, imports it day by day, and takes the picture of the report that
# docs/operation.md shows. Nobody in it exists. Needs chromium (or another browser of that family, CHROMIUM=NAME) and pngquant.
# Usage: scripts/report-screenshot.sh [PICTURE] [WIDTHxHEIGHT] [light|dark]; the page itself stays in REPORT_HOME, if that is set.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
picture=$(realpath -m "${1:-$root/docs/report.png}")
size=${2:-1100x3160}
scheme=${3:-light}
home=${REPORT_HOME:-}
if [ -z "$home" ]; then
    home=$(mktemp -d)
    trap 'rm -rf "$home"' EXIT
fi

cd "$root"
cargo build -q -p postseal-cli
postseal=${CARGO_TARGET_DIR:-$root/target}/debug/postseal
if [ ! -e "$home/report.html" ]; then
    cargo run -q -p postseal-testkit --example report-demo -- "$home"
    cd "$home"
    for day in 2026-*; do
        "$postseal" import --trust roots.pem --at "${day}T09:00:00Z" "$day" >/dev/null
    done
    # Some mail out: to somebody known, and to somebody of whom nothing is known.
    printf 'Subject: hello\r\n\r\nhello\r\n' >hello.txt
    for number in $(seq 12); do
        to=$("$postseal" certs list | awk '$2 == "active" { print $3 }' | sed -n "${number}p")
        "$postseal" encrypt --trust roots.pem --at 2026-05-29T09:00:00Z --to "$to" --out sealed.eml hello.txt
    done >encrypt.log 2>&1
    for number in 1 2 3; do
        "$postseal" encrypt --trust roots.pem --at 2026-05-29T09:00:00Z --to "nobody.$number@goal.example" --out sealed.eml hello.txt || true
    done >>encrypt.log 2>&1
    "$postseal" report --at 2026-06-01T09:00:00Z --out report.html
fi
dark=0
[ "$scheme" = dark ] || dark=1
"${CHROMIUM:-chromium}" --headless --no-sandbox --disable-gpu --hide-scrollbars --force-color-profile=srgb \
    --blink-settings=preferredColorScheme=$dark --window-size="${size/x/,}" --screenshot="$picture" "file://$home/report.html" 2>/dev/null
# As a page of text and plain areas it needs few colours.
pngquant --force --strip --output "$picture" 64 "$picture"
ls -l "$picture"
