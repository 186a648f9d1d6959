#!/usr/bin/env bash
# What the boundary costs: medians of an import and of an encryption of a mail of 50 KB, in C and in Rust, and their ratio.
#
#   overhead.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."
rounds=${1:-200}
work=$(mktemp -d "${TMPDIR:-/tmp}/postseal-c.XXXXXX")
trap 'rm -rf "$work"' EXIT
bindings-c/install.sh "$work/prefix"
cargo build --quiet --release --locked -p postseal-capi --example overhead --example fixtures
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/examples
"$target/fixtures" make "$work/fixtures"
gcc -std=c11 -O2 -D_POSIX_C_SOURCE=200809L -I"$work/prefix/include/postseal" bindings-c/bench/overhead.c \
    bindings-c/tests/c/support.c bindings-c/tests/c/check.c -o "$work/overhead" \
    -L"$work/prefix/lib" -Wl,-rpath,"$work/prefix/lib" -lpostseal -lpthread
# In turns, so that whatever else the machine does meets both.
for _ in 1 2 3 4 5; do
    "$work/overhead" "$work/fixtures" "$((rounds / 5))" | sed 's/^/c /'
    "$target/overhead" "$work/fixtures" "$((rounds / 5))" | sed 's/^/rust /'
done > "$work/rounds.txt"
median() { grep "^$1 $2 " "$work/rounds.txt" | sort -n -k3 | awk '{ all[NR] = $3 } END { print all[int((NR + 1) / 2)] }'; }
for what in import encrypt; do
    c=$(median c $what) rust=$(median rust $what)
    awk -v what=$what -v c="$c" -v rust="$rust" \
        'BEGIN { printf "%s: C %.1f us, Rust %.1f us, ratio %.3f\n", what, c / 1000, rust / 1000, c / rust }'
done
