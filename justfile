# `just ci` is what CI runs.

# What is off by default and checked all the same.
optional := "--features postseal-adapters/fetch,postseal-adapters/ldap,postseal-adapters/entra,postseal-adapters/http,postseal-adapters/smimea,postseal-adapters/postgres,postseal-adapters/tracing,postseal-host/accel,postseal-host/aws-lc,postseal-testkit/accel,postseal-testkit/aws-lc"

# Everything that must hold before a change lands.
ci: fmt clippy test backends loom doc size cases deny supply counts c python uniffi fuzz-smoke

fmt:
    cargo fmt --all --check
    for package in benches differential fuzz loom-proof; do cargo fmt --manifest-path $package/Cargo.toml --check || exit 1; done

# The benches in the profile of `counts`: what build scripts compile is compiled once for both.
# hardening: R10
clippy:
    cargo clippy --workspace --all-targets {{optional}} -- -D warnings
    @if pkg-config --exists openssl; then more="--features openssl"; else echo "SKIPPED: no development files of OpenSSL; the program of paths was not checked"; fi; cargo clippy --release --manifest-path benches/Cargo.toml --all-targets ${more:-} -- -D warnings

# Unit tests, the corpus, the command, doc tests, and the compile_fail proofs with their error codes.
test:
    RUSTDOC="$PWD/scripts/rustdoc" cargo test --workspace {{optional}}

# hardening: D1
# The engine's tests with each of the other backends, in the build of `test`.
backends:
    tests=$(ls core/tests | sed 's/^/--test /; s/\.rs$//'); for crypto in accel aws-lc; do POSTSEAL_CRYPTO=$crypto cargo test --workspace {{optional}} $tests || exit 1; done

# hardening: D1 long
# Every mail of the corpus after every other one: what an engine has learned changes no verdict.
learned:
    cargo test --release -p postseal --test learned -- --ignored

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace {{optional}} --no-deps

# The manual as a book, in target/book (`cargo install --locked mdbook`).
book:
    mdbook build

# Budgets: median file <= 200 lines, no file over 600, no function over 60; tests excluded.
size:
    python3 scripts/size.py

# hardening: F4
# Every code of an error has a case; the table of attacks and faults has a test, or a word, in every row.
cases:
    scripts/codes.py
    scripts/hardening.py check

# The tests of the attacks and faults in docs/hardening.md, or of some of its rows; what takes hours only with --long.
hardening *rows:
    scripts/hardening.py run {{rows}}

# hardening: S1
# Licences, sources, bans.
deny:
    cargo fetch --locked
    cargo deny --offline check licenses bans sources

# hardening: R10, S1, S2, S4
# Advisories, what is written down of every dependency, `unsafe`, bills of materials: no build, and no network once the crates are here.
supply:
    cargo fetch --locked --quiet
    python3 scripts/supply/advisories.py --self-test
    python3 scripts/supply/advisories.py
    python3 scripts/supply/dependencies.py
    python3 scripts/supply/unsafe_gate.py
    python3 scripts/supply/sbom.py --check

# Bills of materials in the form of CycloneDX, in target/sbom.
sbom:
    python3 scripts/supply/sbom.py

# hardening: S2 long
# The command and the C library, built twice in different places: the same octets. `PROFILE=dev just reproducible` is quicker.
reproducible:
    scripts/supply/reproducible.sh

# hardening: S1 long
# Every direct dependency in the lowest version that the manifests take. Needs a nightly toolchain for the choice of versions.
minimal-versions:
    scripts/supply/minimal-versions.sh

# hardening: S1 long
# Types of other crates in the public interface, beside scripts/supply/external-types.toml.
external-types:
    python3 scripts/supply/external_types.py

# The public interface of the libraries beside docs/api/*.txt; `just public-api --write` keeps what it is now.
public-api *args:
    python3 scripts/supply/public_api.py {{args}}

# What changed in the public interface since a commit, by the rules of SemVer, and whether the version says so (`cargo install --locked cargo-semver-checks`).
semver base:
    failed=0; for library in postseal postseal-accel postseal-adapters postseal-host; do cargo semver-checks --baseline-rev {{base}} -p $library --all-features || failed=1; done; exit $failed

# hardening: R5
# Instructions of postseal's own jobs, counted by valgrind: none may grow by more than 5 %. `just counts --write` keeps what was counted.
counts *args:
    scripts/instruction-counts {{args}}

# hardening: R5, R6 long: bench growth
# postseal beside its peers in one run, into docs/performance.*; `just bench growth` for memory and growth alone, and `--help`.
bench *args:
    python3 benches/harness {{args}}

# hardening: F5, F6, R10
# The C library: header and symbols, the tests plain and under valgrind, installation and examples. Its tests in Rust (`generated`)
# are among those of `just test`.
c:
    cargo build --locked --workspace {{optional}} --example fixtures
    POSTSEAL_FIXTURES=$(realpath "${CARGO_TARGET_DIR:-target}")/debug/examples/fixtures bindings-c/test.sh abi header plain panic valgrind examples

# hardening: F5, F6 long
# The tests in C with AddressSanitizer on both sides of the boundary. Needs a nightly, and builds everything once more.
c-sanitizer:
    bindings-c/test.sh sanitizer

# hardening: F5 long
# The threads of the tests in C with ThreadSanitizer in the program, the library and the standard library. Needs a nightly with
# rust-src, and builds everything once more.
c-race:
    bindings-c/test.sh race

# hardening: F5, F6 long
# Every pointer at the boundary of the C library under Miri. Needs `rustup component add miri rust-src --toolchain nightly`.
c-miri:
    MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p postseal-capi --lib --test boundary

# hardening: F5
# Every order in which threads may come to what they share (loom-proof/).
loom:
    RUSTFLAGS="--cfg loom" cargo test --release --manifest-path loom-proof/Cargo.toml

# hardening: R10
# Wheel and sdist in fresh environments of every CPython that is here; pytest, type checkers, reference.
python:
    bindings-python/test.sh

# hardening: R10
# Kotlin, Swift and Ruby: generated, their tests and examples run; what is not here says SKIPPED.
uniffi:
    bindings-uniffi/test.sh

# The milter under a real Postfix, with OpenLDAP, SQLite and PostgreSQL. Needs root, and says SKIPPED for what is not installed.
e2e:
    cargo test -p postseal-milter --test postfix -- --nocapture

# hardening: L1 long
# Mails at twenty connections through Postfix and a release build of the milter, once with a milter that is killed -9 in the middle:
# none lost, none readable (docs/endurance.md). Needs root and postfix.
milter-load count="10000":
    cargo build --release -p postseal-milter
    target=$(realpath "${CARGO_TARGET_DIR:-target}"); POSTSEAL_MILTER=$target/release/postseal-milter POSTSEAL_LOAD={{count}} cargo test -p postseal-milter --test postfix load -- --ignored --nocapture --test-threads=1

# The attack corpus and the real mail, with their counts.
corpus:
    cargo test -p postseal --test attacks --test real_mail -- --nocapture

# hardening: D2, R1 long
# Two million mutations of 20 signed mails: no panic, no hang, no import that the original did not allow.
mutations count="2000000":
    POSTSEAL_MUTATIONS={{count}} cargo test --release -p postseal --test mutations -- --nocapture

# hardening: D8 long
# So many ECDSA signatures on each curve, made to meet the exceptions of the formulas, beside the curves' crates.
ecdsa count="100000":
    POSTSEAL_ECDSA={{count}} cargo test --release -p postseal --lib very_many_signatures -- --ignored --nocapture

# hardening: D9
# The time of each pathological chain of x509-limbo and of each bomb: under 50 ms; of an inspection of 1 280 signers: under 500.
pathological:
    cargo test --release -p postseal --test limbo -- --ignored --nocapture
    POSTSEAL_TIMED=1 cargo test --release -p postseal --test bombs -- --nocapture

# hardening: D14
# postseal and `openssl cms -verify` over both corpora; every difference must be explained in vectors/differential.toml.
differential:
    cargo build -q -p postseal-cli
    python3 scripts/differential.py

# hardening: D9, D14 long
# Mutated chains before postseal, OpenSSL, certval and x509-parser; every accept that one of them refuses must be explained in
# vectors/differential-chains.toml. Needs OpenSSL's development files.
chains count="100000" seed="0":
    cargo run --release --manifest-path differential/Cargo.toml -- {{count}} {{seed}}

# hardening: D8 long
# A million RSA operations with AVX-512-IFMA beside crypto-bigint, half of them eight side by side.
accel-differential count="1000000" seed="1":
    POSTSEAL_ACCEL_INPUTS={{count}} POSTSEAL_ACCEL_SEED={{seed}} cargo test --release -p postseal-accel --test differential -- --ignored --nocapture

# Microseconds of each RSA operation: crypto-bigint, safe arithmetic, AVX-512-IFMA, eight side by side.
accel-speed:
    cargo run --release -q -p postseal-accel --example speed

# The mails of examples/mail again.
mails:
    cargo run -p postseal-testkit --example make-mail

# hardening: F3 long: fuzz 3600 --jobs 2
# Every fuzz target, or those that are named, for so many seconds; `--jobs 2` for two at a time, `--record` for docs/fuzzing.md. Needs a
# nightly.
fuzz seconds="60" *args:
    scripts/fuzz run --seconds {{seconds}} {{args}}

# hardening: F3, F5 long: fuzz-address 60
# The same with AddressSanitizer. Builds everything once more.
fuzz-address seconds="60" *args:
    scripts/fuzz run --sanitizer address --seconds {{seconds}} {{args}}

# hardening: F1, F2, F3, R1, R3, S4
# Builds the targets once, replays the committed corpus, and some thousand inputs for each target.
fuzz-smoke:
    scripts/fuzz smoke

# What was found becomes the committed corpus, as few files as reach as much.
fuzz-minimise *targets:
    scripts/fuzz minimise {{targets}}

# hardening: E3, E7, R6 long
# Two GiB, ten thousand recipients, a million messages: memory, time, and that no content key or nonce comes twice.
seal-large:
    cargo run --release -p postseal-testkit --example seal-large

# hardening: E2 long
# Every cell of docs/interoperability.md. Needs the peers of scripts/peers/install.sh.
matrix:
    python3 scripts/matrix.py

# The transcripts again, which every language replays.
transcripts:
    cargo run -q -p postseal-transcripts

# Long runs over stores (docs/endurance.md). STORE is sqlite:PATH or postgresql://USER@HOST/DATABASE, and new.

# hardening: P2 long: crash sqlite:$TMP/crash.db
# A process that imports 50 mails a second is killed -9 again and again.
crash store rounds="1000":
    cargo run --release -q -p postseal-endurance -- crash {{store}} --rounds {{rounds}}

# hardening: P2 long: crash-server $TMP/server
# The same with a PostgreSQL that is killed under it; FOLDER is a new one.
crash-server folder port="54399" rounds="1000":
    scripts/endurance-server.sh {{folder}} {{port}} {{rounds}}

# hardening: P5 long
# Stores that somebody else holds for 30 s: imports are deferred, and done once when they come again. Needs no STORE.
store-delay:
    cargo test -p postseal-adapters --features postgres --test store_delay -- --ignored --nocapture

# hardening: D12, D13, L3, P13 long: model sqlite:$TMP/model.db
# A model of the store decision beside the engine and stores.
model store steps="1000000" seed="0":
    cargo run --release -q -p postseal-endurance -- model {{store}} --steps {{steps}} --seed {{seed}}

# hardening: L2 long: million sqlite:$TMP/million.db
# A store with very many certificates; with `--filled` only look-ups in one that is filled.
million store count="1000000" *args:
    cargo run --release -q -p postseal-endurance -- million {{store}} --count {{count}} {{args}}

# New senders a second on the disk, from threads and from an archive; what a second thread brings. POSTSEAL_CRYPTO=accel has features.
durable store count="10000":
    cargo run --release -q -p postseal-endurance --features accel -- durable {{store}} --count {{count}}

# hardening: L3, P15 long: mixed sqlite:$TMP/mixed.db
# Many tenants in many processes.
mixed store seconds="3600":
    cargo run --release -q -p postseal-endurance -- mixed {{store}} --seconds {{seconds}}

# hardening: L1 long
# An mbox of so many mails imported twice: rate, memory, the same result.
archive count="100000":
    scripts/endurance-archive.sh {{count}}

# hardening: F4 long
# Lines of the code that decides which the tests run, 95 % at the least. Needs cargo-llvm-cov and LLVM 19 (scripts/coverage.py says how).
coverage:
    scripts/coverage.py

# hardening: F4 long
# Changes the code that decides, one place after the other; a test must notice each (docs/mutants.md). Needs `cargo install --locked
# cargo-mutants`, and hours; `just mutants --re cert/san` for one file, `--iterate` to go on.
mutants *args:
    cargo mutants {{args}}
