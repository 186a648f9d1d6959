#!/usr/bin/env bash
# Everything that is checked of the C library: `bindings-c/test.sh [STEP...]`, all steps without a name.
#
#   generated  the header and the codes are what the sources give; the boundary from the Rust side
#   abi        what the shared library exports is abi.txt; no function is missing in the test of NULL
#   header     the header by itself, as C99 to C23 and as C++11 to C++20; where each member of each struct is
#   plain      the tests in C, with the attack corpus and the transcripts; what they sealed is opened
#   panic      the guard of every function, in a library with the switch that tests it
#   valgrind   the tests in C again, without an error or a leak of any kind
#   sanitizer  the tests in C again, with AddressSanitizer on both sides of the boundary
#   examples   install, pkg-config, CMake, static, C++, the examples
#
# And when it is named, because it builds everything once more, the standard library as well:
#
#   race       the threads with ThreadSanitizer on both sides (helgrind does not know Rust's locks and atomics)
#
# POSTSEAL_FIXTURES names the program that makes what the tests read, where it is built already.
# What needs something that is not installed says SKIPPED. With POSTSEAL_STRICT set, that is a failure.
set -euo pipefail
cd "$(dirname "$0")/.."
here=bindings-c
work=$(mktemp -d "${TMPDIR:-/tmp}/postseal-c.XXXXXX")
trap 'rm -rf "$work"' EXIT
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
strict=(-std=c11 -O1 -g -Wall -Wextra -Werror -pedantic -D_POSIX_C_SOURCE=200809L -I"$here/include")
soname=libpostseal.so.0.1
export RUST_BACKTRACE=0

skipped() {
    echo "SKIPPED: $*"
    [ -z "${POSTSEAL_STRICT:-}" ] || exit 1
}
# Whether all of these programs are there.
have() {
    local missing=()
    for program in "$@"; do command -v "$program" >/dev/null || missing+=("$program"); done
    [ "${#missing[@]}" -eq 0 ] && return
    skipped "$step needs ${missing[*]}"
    return 1
}
# Whether this was done before.
once() {
    [ ! -e "$work/done.$1" ] && touch "$work/done.$1"
}

installed() {
    once installed || return 0
    $here/install.sh "$work/prefix" --debug
    export PKG_CONFIG_PATH="$work/prefix/lib/pkgconfig"
}

# Mail, certificates, the attacks and the transcripts, for programs in C.
fixtures() {
    once fixtures || return 0
    if [ -z "${POSTSEAL_FIXTURES:-}" ]; then
        cargo build --quiet --locked -p postseal-capi --example fixtures
        POSTSEAL_FIXTURES=$target/debug/examples/fixtures
    fi
    "$POSTSEAL_FIXTURES" make "$work/fixtures"
    mkdir -p "$work/lines"
    if [ -e scripts/flatten-transcripts.py ] && command -v python3 >/dev/null; then
        python3 scripts/flatten-transcripts.py transcripts "$work/lines"
    else
        skipped "python3 and scripts/flatten-transcripts.py make lines of the transcripts"
    fi
}

# compile OUT [FLAG...]
compile() {
    local out=$1
    shift
    gcc "${strict[@]}" $here/tests/c/*.c -o "$out" "$@" -lpthread
}

# The tests that were compiled as this, with what they read. More words are names of tests.
run() {
    local program=$1
    shift
    mkdir -p "$work/results"
    ${wrapper:-} "$program" "$work/fixtures" "$work/results" corpus/attacks transcripts "$work/lines" -- "$@"
}

generated() {
    cargo test --quiet --locked -p postseal-capi
}

abi() {
    have nm || return 0
    installed
    nm -D --defined-only "$work/prefix/lib/libpostseal.so" | awk '{ print $3 }' | sort > "$work/abi.txt"
    diff -u $here/abi.txt "$work/abi.txt"
    # Each is called with NULL somewhere, and stands in the header.
    for symbol in $(cat $here/abi.txt); do
        grep -q "($symbol(" $here/tests/c/calls.h || { echo "$symbol is missing in calls.h"; return 1; }
        grep -q "[ *]$symbol(" $here/include/postseal.h || { echo "$symbol is missing in the header"; return 1; }
    done
    echo "$(wc -l < $here/abi.txt) functions"
}

header() {
    have gcc g++ || return 0
    for standard in c99 c11 c17 c2x; do
        gcc -std=$standard -Wall -Wextra -Werror -pedantic -fsyntax-only -x c $here/include/postseal.h
    done
    for standard in c++11 c++14 c++17 c++20; do
        g++ -std=$standard -Wall -Wextra -Werror -pedantic -fsyntax-only -x c++ $here/include/postseal.h
    done
    # The layout holds, and says where every struct ends.
    gcc "${strict[@]}" -fsyntax-only $here/tests/c/test_layout.c
    for struct in $(sed -n 's/^typedef struct \(postseal_[a-z_]*\) {$/\1/p' $here/include/postseal.h); do
        grep -q "^ENDS($struct, " $here/tests/c/test_layout.c || { echo "$struct is missing in test_layout.c"; return 1; }
    done
}

compiled() {
    installed
    fixtures
    once compiled || return 0
    compile "$work/tests" -L"$work/prefix/lib" -Wl,-rpath,"$work/prefix/lib" -lpostseal
}

plain() {
    have gcc || return 0
    compiled
    run "$work/tests"
    # What was sealed opens with the key of its recipient, and with no other.
    for sealed in alice.sealed bob.sealed carol.sealed carol.cms dave.sealed alice.stream bob.stream; do
        "$POSTSEAL_FIXTURES" open "${sealed%%.*}" "$work/results/$sealed.eml" | grep "in confidence" > /dev/null
    done
    if "$POSTSEAL_FIXTURES" open bob "$work/results/alice.sealed.eml" 2>/dev/null; then
        echo "bob opens what is alice's"
        return 1
    fi
    echo "7 messages open"
}

panic() {
    have gcc || return 0
    fixtures
    mkdir -p "$work/panic"
    cargo rustc --quiet --locked -p postseal-capi --lib --features test-panic --crate-type cdylib -- -C "link-arg=-Wl,-soname,$soname"
    cp "$target/debug/libpostseal_c.so" "$work/panic/$soname"
    compile "$work/tests-panic" -DPOSTSEAL_TEST_PANIC -L"$work/panic" -Wl,-rpath,"$work/panic" -l:$soname
    run "$work/tests-panic" panic 2> "$work/panic.txt" || { cat "$work/panic.txt"; return 1; }
}

valgrind_() {
    have gcc valgrind || return 0
    compiled
    local options="-q --leak-check=full --show-leak-kinds=all --errors-for-leak-kinds=all --error-exitcode=1"
    wrapper="valgrind $options --suppressions=$here/tests/valgrind.supp" run "$work/tests"
}

# instrumented KIND [CARGO FLAG...]: the library with this sanitizer, in the folder of its name.
instrumented() {
    local kind=$1 triple
    shift
    cargo +nightly --version >/dev/null 2>&1 || { skipped "$step needs a nightly toolchain"; return 1; }
    fixtures
    mkdir -p "$work/$kind"
    triple=$(rustc +nightly -vV | sed -n 's/^host: //p')
    # Frames in reports have the names of functions without debug information, and a rebuild is never a small one.
    CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=0 RUSTFLAGS=-Zsanitizer=$kind \
        cargo +nightly rustc --quiet --locked --target "$triple" --target-dir "$target/$kind" "$@" \
        -p postseal-capi --lib --crate-type cdylib -- -C "link-arg=-Wl,-soname,$soname"
    cp "$target/$kind/$triple/debug/libpostseal_c.so" "$work/$kind/$soname"
}

sanitizer() {
    have gcc || return 0
    instrumented address || return 0
    compile "$work/tests-address" -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer \
        -L"$work/address" -Wl,-rpath,"$work/address" -l:$soname
    ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1 run "$work/tests-address"
}

race() {
    have gcc || return 0
    [ -d "$(rustc +nightly --print sysroot 2>/dev/null)/lib/rustlib/src/rust" ] || { skipped "race needs nightly with rust-src"; return; }
    instrumented thread -Zbuild-std || return 0
    compile "$work/tests-thread" -fsanitize=thread -L"$work/thread" -Wl,-rpath,"$work/thread" -l:$soname
    TSAN_OPTIONS=halt_on_error=1 run "$work/tests-thread" threads
}

# The examples, as their README says, and what they print.
examples() {
    have gcc g++ make pkg-config || return 0
    installed
    fixtures
    mkdir -p "$work/examples/folder"
    cp examples/c/*.c examples/c/Makefile "$work/examples"
    make -s -C "$work/examples"
    cp "$work/fixtures/carol.der" "$work/examples/folder/carol@goal.example.der"
    cat "$work/fixtures/root.pem" "$work/fixtures/root2.pem" > "$work/fixtures/both.pem"
    local mail=$PWD/examples/mail
    (
        cd "$work/examples"
        export LD_LIBRARY_PATH="$work/prefix/lib"
        printf 'trust = ["%s/anchors.pem"]\nimport = true\nstore = "sqlite:postseal.db"\n' "$mail" > postseal.toml
        printf 'Subject: hello\n\nin confidence\n' > hello.eml
        ./learn postseal.toml "$mail/alice-detached.eml" "$mail/tampered-body.eml" | tee learned.txt
        grep -q "imported alice@goal.example 1371b08bd453" learned.txt
        grep -q "refused (digest-mismatch)" learned.txt
        ./seal postseal.toml alice@goal.example < hello.eml | grep "smime-type=authEnveloped-data" > /dev/null
        code=0
        ./seal postseal.toml nobody@goal.example < hello.eml 2>/dev/null || code=$?
        [ $code = 65 ]
        # Where plaintext is allowed: one who is not known, one for whom an operator decides, one whose directory does not answer.
        printf 'trust = ["%s"]\nimport = true\nstore = "sqlite:possible.db"\ndirectories = ["gone"]\n' \
            "$work/fixtures/both.pem" > possible.toml
        printf '[encrypt]\nmode = "if-possible"\nfail_closed = true\n[directory.gone]\nkind = "http"\ndomains = ["gone.example"]\n' >> possible.toml
        printf 'url = "https://127.0.0.1:9/{addr}"\n' >> possible.toml
        ./learn possible.toml "$work/fixtures/alice.eml" "$work/fixtures/alice-other.eml" > /dev/null
        for expected in "3 nobody@goal.example" "65 alice@goal.example" "75 nobody@gone.example"; do
            code=0
            ./seal possible.toml "${expected#* }" < hello.eml > sealed.eml 2> said.txt || code=$?
            [ $code = "${expected% *}" ] && [ ! -s sealed.eml ] || { echo "$expected: $code"; cat said.txt; return 1; }
        done
        ./stream postseal.toml alice@goal.example < hello.eml | grep "smime-type=authEnveloped-data" > /dev/null
        ./own_store "$mail/anchors.pem" "$mail/carol-ecdsa.eml" | grep "carol@goal.example 42e4fdc42ead active" > /dev/null
        ./own_directory "$work/fixtures/root.pem" folder carol@goal.example < hello.eml > sealed.eml
        "$POSTSEAL_FIXTURES" open carol sealed.eml | grep "in confidence" > /dev/null
        code=0
        ./own_directory "$work/fixtures/root.pem" folder zoe@goal.example < hello.eml 2>/dev/null || code=$?
        [ $code = 65 ]
    )
    for standard in c++11 c++20; do
        g++ -std=$standard -Wall -Wextra -Werror -pedantic $here/tests/header.cpp -o "$work/header" $(pkg-config --cflags --libs postseal)
        LD_LIBRARY_PATH="$work/prefix/lib" "$work/header" "$work/fixtures/root.pem" "$work/fixtures/alice.eml"
    done
    # Static: no shared library is needed at run time.
    gcc "${strict[@]}" $(pkg-config --cflags postseal) examples/c/own_store.c -o "$work/static" "$work/prefix/lib/libpostseal.a" \
        $(sed -n 's/^Libs.private: //p' "$work/prefix/lib/pkgconfig/postseal.pc") -lpthread
    "$work/static" examples/mail/anchors.pem examples/mail/carol-ecdsa.eml | grep "^imported" > /dev/null
    have cmake || return 0
    cmake -S $here/tests/cmake -B "$work/cmake" -DCMAKE_PREFIX_PATH="$work/prefix" -DEXAMPLES="$PWD/examples/c" > "$work/cmake.txt" ||
        { cat "$work/cmake.txt"; return 1; }
    cmake --build "$work/cmake" > "$work/cmake.txt" || { cat "$work/cmake.txt"; return 1; }
    "$work/cmake/own_store" examples/mail/anchors.pem examples/mail/carol-ecdsa.eml | grep "^imported" > /dev/null
    if [ -e /usr/include/libmilter/mfapi.h ] && command -v python3 >/dev/null; then
        mkdir -p "$work/milter/folder"
        cp examples/c-milter/* "$work/milter"
        cp "$work/fixtures/root.pem" "$work/milter/folder/anchors.pem"
        cp "$work/fixtures/alice.eml" "$work/fixtures/henry.eml" "$work/milter/folder"
        make -s -C "$work/milter"
        local checker=()
        # The threads that libmilter leaves running have memory that is only possibly lost.
        command -v valgrind >/dev/null && checker=(valgrind -q --leak-check=full --show-leak-kinds=definite
            --errors-for-leak-kinds=definite --error-exitcode=1)
        LD_LIBRARY_PATH="$work/prefix/lib" python3 examples/c-milter/test.py "$work/milter/folder" "${checker[@]}" "$work/milter/c_milter"
        "$POSTSEAL_FIXTURES" open alice "$work/milter/folder/sealed.eml" | grep "in confidence" > /dev/null
    else
        skipped "the milter in C needs libmilter-dev and python3"
    fi
}

steps=("$@")
[ $# -gt 0 ] || steps=(generated abi header plain panic valgrind sanitizer examples)
for step in "${steps[@]}"; do
    begin=$SECONDS
    echo "== $step"
    case $step in
    valgrind) valgrind_ ;;
    generated | abi | header | plain | panic | sanitizer | examples | race) "$step" ;;
    *) echo "$step is no step" && exit 2 ;;
    esac
    echo "== $step: $((SECONDS - begin)) s"
done
