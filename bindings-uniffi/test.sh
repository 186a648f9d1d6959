#!/usr/bin/env bash
# Builds the library, generates the bindings, and runs their tests and examples. It installs nothing: what needs something that is not
# here says SKIPPED. Only the Kotlin compiler is fetched, into the target folder: a wheel of PyPI, by its version and digest.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/bindings-uniffi
mails=$root/examples/mail
skipped=()

skip() {
    skipped+=("$1")
    printf '\n======== SKIPPED: %s ========\n\n' "$1"
}
have() { command -v "$1" >/dev/null; }
step() { printf -- '-- %s (%ss)\n' "$1" "$SECONDS"; }

step "library and generator"
cargo build --manifest-path "$root/Cargo.toml" -p postseal-uniffi --features cli
library=$(find "$target/debug" -maxdepth 1 -name 'libpostseal_uniffi.so' -o -maxdepth 1 -name 'libpostseal_uniffi.dylib')
for language in ruby kotlin swift; do
    "$target/debug/uniffi-bindgen" generate --language "$language" --no-format --config "$here/generate.toml" \
        --out-dir "$out/$language" "$library"
done
if git -C "$root" ls-files -- "$here" 2>/dev/null | grep -E '(^|/)(postseal\.rb|postseal\.kt|Postseal\.swift|PostsealFFI\.h)$'; then
    echo "FAILED: generated files are committed"
    exit 1
fi

# What both languages test with.
if have openssl; then
    "$here/tests/pki.sh" "$out/pki"
else
    skip "openssl is not installed: no tests in Ruby and Kotlin"
fi
rm -rf "$out/transcripts"
if [ -f "$root/scripts/flatten-transcripts.py" ] && ls "$root"/transcripts/*.toml >/dev/null 2>&1; then
    python3 "$root/scripts/flatten-transcripts.py" "$root/transcripts" "$out/transcripts"
fi

ruby_tests() {
    step "Ruby"
    export LD_LIBRARY_PATH=$target/debug POSTSEAL_TEST_PKI=$out/pki POSTSEAL_TEST_TRANSCRIPTS=$out/transcripts
    local ruby=(timeout 120 ruby -W1 -I "$here/ruby" -I "$out/ruby")
    "${ruby[@]}" -e 'ARGV.each { |file| require file }' "$here"/tests/ruby/*_test.rb
    for example in gateway tour; do
        "${ruby[@]}" "$here/examples/ruby/$example.rb" "$mails" >"$out/$example.txt"
    done
    cat "$out/gateway.txt"
    [ "$(wc -l <"$out/gateway.txt")" = 3 ]
}

# The whole compiler and the coroutines are in this wheel.
kotlin_version=0.19.0.944
kotlin_sha256=dc654a426a28e6621aeb0bd7772d268a9a877aabae4a17b73383752a416281a3
kotlin_wheel=$out/kotlin-compiler/kotlin_jupyter_kernel-$kotlin_version-py3-none-any.whl

kotlin_compiler() {
    if [ ! -f "$kotlin_wheel" ]; then
        python3 -m pip download --quiet --no-deps --dest "$out/kotlin-compiler" "kotlin-jupyter-kernel==$kotlin_version" || return 1
    fi
    if ! echo "$kotlin_sha256  $kotlin_wheel" | sha256sum --check --quiet; then
        echo "FAILED: the wheel of the Kotlin compiler is another one"
        exit 1
    fi
    [ -d "$out/kotlin-compiler/jars" ] && return
    python3 - "$kotlin_wheel" "$out/kotlin-compiler/jars" <<'PYTHON'
import pathlib, sys, zipfile
wheel, out = sys.argv[1], pathlib.Path(sys.argv[2])
out.mkdir()
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.endswith(".jar"):
            (out / pathlib.PurePosixPath(name).name).write_bytes(archive.read(name))
PYTHON
}

kotlin_tests() {
    step "Kotlin: compile"
    local classpath
    classpath=$(printf '%s:' "$out"/kotlin-compiler/jars/*.jar)$jna
    timeout 400 java -cp "$classpath" org.jetbrains.kotlin.cli.jvm.K2JVMCompiler -no-stdlib -no-reflect -nowarn -cp "$classpath" \
        -d "$out/classes" "$out"/kotlin/postseal/postseal.kt "$here"/tests/kotlin/*.kt "$here"/examples/kotlin/*.kt
    step "Kotlin"
    local java=(timeout 120 java "-Djna.library.path=$target/debug" "-Dpostseal.root=$root" "-Dpostseal.pki=$out/pki"
        "-Dpostseal.transcripts=$out/transcripts" -cp "$out/classes:$classpath")
    "${java[@]}" MainKt 2>"$out/kotlin.log" || { tail -50 "$out/kotlin.log"; return 1; }
    "${java[@]}" GatewayKt "$mails" | tee "$out/gateway-kotlin.txt"
    "${java[@]}" tour.TourKt "$mails" >"$out/tour-kotlin.txt"
    [ "$(wc -l <"$out/gateway-kotlin.txt")" = 3 ]
}

if have openssl; then
    if ! have ruby; then
        skip "ruby is not installed (apt: ruby ruby-ffi)"
    elif ! ruby -e 'require "ffi"' 2>/dev/null; then
        skip "the gem ffi is not installed (apt: ruby-ffi)"
    else
        ruby_tests
    fi

    jna=${JNA_JAR:-/usr/share/java/jna.jar}
    if ! have java; then
        skip "java is not installed: nothing was run in Kotlin (apt: openjdk-17-jdk-headless)"
    elif [ ! -f "$jna" ]; then
        skip "JNA is not installed: nothing was run in Kotlin (apt: libjna-java, or JNA_JAR=PATH)"
    elif ! kotlin_compiler; then
        skip "the Kotlin compiler could not be fetched: nothing was run in Kotlin"
    else
        kotlin_tests
    fi
fi

if have swiftc; then
    step "Swift"
    swiftc -parse-as-library -emit-module -emit-library -module-name Postseal -o "$out/swift/libPostseal.so" -I "$out/swift" \
        -Xcc "-fmodule-map-file=$out/swift/PostsealFFI.modulemap" -L "$target/debug" -lpostseal_uniffi "$out/swift/Postseal.swift"
    swiftc -parse-as-library -o "$out/gateway-swift" -I "$out/swift" -Xcc "-fmodule-map-file=$out/swift/PostsealFFI.modulemap" \
        -L "$out/swift" -lPostseal -L "$target/debug" -lpostseal_uniffi "$here/examples/swift/Gateway.swift"
    LD_LIBRARY_PATH=$target/debug:$out/swift "$out/gateway-swift" "$mails"
else
    skip "there is no Swift compiler: Swift was generated, and neither compiled nor run"
fi

step "done"
for reason in "${skipped[@]}"; do echo "SKIPPED: $reason"; done
