#!/usr/bin/env bash
# The reference of the C interface, as pages below OUT, from the comments of the header. A comment that doxygen does not
# understand, and a parameter that is documented and not there, is an error.
#
#   docs.sh [OUT]
set -euo pipefail
cd "$(dirname "$0")"
out=${1:-../target/c-docs}
command -v doxygen >/dev/null || { echo "SKIPPED: doxygen is not installed"; exit 0; }
mkdir -p "$out"
doxygen - <<DOXYGEN
PROJECT_NAME = postseal
PROJECT_BRIEF = "The S/MIME engine that mail systems embed"
INPUT = include/postseal.h README.md
USE_MDFILE_AS_MAINPAGE = README.md
OUTPUT_DIRECTORY = "$out"
OPTIMIZE_OUTPUT_FOR_C = YES
EXTRACT_ALL = NO
WARN_IF_UNDOCUMENTED = YES
WARN_NO_PARAMDOC = NO
WARN_AS_ERROR = FAIL_ON_WARNINGS
MACRO_EXPANSION = YES
EXPAND_ONLY_PREDEF = YES
PREDEFINED = POSTSEAL_MUST_USE=
HAVE_DOT = NO
GENERATE_LATEX = NO
QUIET = YES
DOXYGEN
echo "$out/html/index.html"
