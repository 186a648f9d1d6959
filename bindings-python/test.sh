#!/bin/sh
# Builds the wheel and the sdist, installs them in fresh environments of every CPython from 3.11 on that this machine has, and runs the
# tests, the type checkers and the reference. Everything that it downloads comes by pip and cargo. POSTSEAL_PYTHONS names other interpreters.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The profile without optimisation compiles faster, and the tests take as long.
export MATURIN_PEP517_ARGS="--profile dev"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/../target}"
export PIP_DISABLE_PIP_VERSION_CHECK=1

step() {
    printf '\n== %s\n' "$*"
}

# One interpreter of each version, by its real place.
find_pythons() {
    for python in $(ls -d "$HOME"/.pyenv/versions/3.*/bin/python 2>/dev/null) python3.11 python3.12 python3.13 python3.14 python3.15 python3; do
        "$python" -c '
import sys, sysconfig
if sys.implementation.name == "cpython" and sys.version_info >= (3, 11) and not sysconfig.get_config_var("Py_GIL_DISABLED"):
    print("%d.%d" % sys.version_info[:2], sys.executable)' 2>/dev/null || true
    done | sort -s -u -t. -k1,1n -k2,2n -k1,1 | awk '!seen[$1]++ { print $2 }'
}

# A fresh environment, also where the system has left ensurepip out.
environment() {
    "$1" -m venv "$2" 2>/dev/null && return
    rm -rf "$2"
    "$1" -m venv --without-pip "$2"
    "$1" -m pip --python "$2/bin/python" install -q pip
}

pythons=${POSTSEAL_PYTHONS:-$(find_pythons)}
if [ -z "$pythons" ]; then
    echo "there is no CPython from 3.11 on" >&2
    exit 1
fi
first=${pythons%%[[:space:]]*}

step "wheel and sdist with $("$first" --version)"
environment "$first" "$work/build"
"$work/build/bin/pip" install -q "maturin>=1.14,<2"
"$work/build/bin/maturin" build --locked --profile dev --interpreter "$first" --out "$work/dist"
"$work/build/bin/maturin" sdist --out "$work/dist"
ls -l "$work/dist"

number=0
for python in $pythons; do
    number=$((number + 1))
    step "tests with $("$python" --version)"
    environment "$python" "$work/$number"
    "$work/$number/bin/pip" install -q "$work"/dist/*.whl "pytest>=8"
    "$work/$number/bin/python" -m pytest -q -p no:cacheprovider
done

step "the SMTP filter"
"$work/1/bin/pip" install -q "aiosmtpd>=1.4.6"
# The hand-over from the milter is tested with one that is built already, as `cargo test --workspace` does.
if [ -z "${POSTSEAL_MILTER:-}" ] && [ -x "$CARGO_TARGET_DIR/debug/postseal-milter" ]; then
    POSTSEAL_MILTER=$CARGO_TARGET_DIR/debug/postseal-milter
    export POSTSEAL_MILTER
fi
"$work/1/bin/python" -m pytest -q -rs -p no:cacheprovider --rootdir ../examples/smtp-filter ../examples/smtp-filter

step "the sdist, in a fresh environment"
environment "$first" "$work/sdist"
"$work/sdist/bin/pip" install -q "$work"/dist/*.tar.gz "pytest>=8"
"$work/sdist/bin/python" -m pytest -q -p no:cacheprovider tests/test_engine.py tests/test_readme.py

step "panics"
"$work/build/bin/maturin" build --locked --profile dev --features test-panic --interpreter "$first" --out "$work/panic"
environment "$first" "$work/panics"
"$work/panics/bin/pip" install -q "$work"/panic/*.whl "pytest>=8"
# The panics say so on stderr, and are no failure; that there are tests which were not skipped has to be seen.
"$work/panics/bin/python" -m pytest -q -p no:cacheprovider tests/test_panic.py | tee "$work/panics.txt"
grep -q "^5 passed" "$work/panics.txt"

step "types and reference"
PATH="$work/1/bin:$PATH"
export PATH
pip install -q "mypy>=1.18" "pyright[nodejs]>=1.1.400" "pdoc>=15"
mypy --cache-dir "$work/mypy"
mypy --strict --cache-dir "$work/mypy" ../examples/smtp-filter
pyright --warnings
python -m mypy.stubtest postseal
python docs.py "$work/reference"

step "all is well"
