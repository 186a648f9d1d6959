#!/usr/bin/env bash
# One import and one encryption of a mail of 50 KB through Ruby and Kotlin against Rust, release builds: medians in microseconds, and
# ratios. `test.sh` has run before it and left the Kotlin compiler, the certificates and the generated files.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/bindings-uniffi
mails=$out/pki

cargo build --release --manifest-path "$root/Cargo.toml" -p postseal-uniffi
cargo build --release --manifest-path "$root/Cargo.toml" -p postseal-uniffi --example overhead

(cd "$mails"
    head -c 37500 /dev/zero | openssl enc -aes-128-ctr -K 00 -iv 00 2>/dev/null | base64 | sed 's/$/\r/' >large.txt
    openssl cms -sign -crlfeol -text -md sha256 -signer alice.pem -inkey alice.key -from alice@goal.example -subject large \
        -in large.txt -out large.eml
    { printf 'From: office@goal.example\r\nSubject: large\r\n\r\n'; cat large.txt; } >large-plain.eml
    wc -c large.eml large-plain.eml | head -2)

read -r import encrypt <<<"$("$target/release/examples/overhead" "$mails")"
printf '%-8s import %6d us        encrypt %6d us\n' Rust "$import" "$encrypt"
report() {
    printf '%-8s import %6d us (%s)  encrypt %6d us (%s)\n' "$1" "$2" "$(bc <<<"scale=2; $2 / $import")" "$3" "$(bc <<<"scale=2; $3 / $encrypt")"
}
# shellcheck disable=SC2046
report Ruby $(LD_LIBRARY_PATH=$target/release ruby -I "$here/ruby" -I "$out/ruby" "$here/tests/overhead/overhead.rb" "$mails")
classpath=$(printf '%s:' "$out"/kotlin-compiler/jars/*.jar)${JNA_JAR:-/usr/share/java/jna.jar}
java -cp "$classpath" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -nowarn -cp "$out/classes:$classpath" \
    -d "$out/overhead" "$here/tests/overhead/Overhead.kt"
# shellcheck disable=SC2046
report Kotlin $(java "-Djna.library.path=$target/release" -cp "$out/overhead:$out/classes:$classpath" overhead.OverheadKt "$mails")
