#!/bin/sh
# Makes the reference of the installed package in FOLDER (docs.sh [FOLDER]); fails when a public name has no words of its own.
set -eu
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q . pdoc
"$work/venv/bin/python" docs.py "${1:-../target/python-docs}"
