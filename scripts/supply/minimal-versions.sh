#!/usr/bin/env bash
# Checks the published crates with every direct dependency in the lowest version that their manifests take: whoever builds with an older
# lock file builds that. A clone is used, so that the lock file stays as it is.
set -euo pipefail
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
git clone --quiet "$root" "$work/clone"
cd "$work/clone"
cargo +nightly update --quiet -Z direct-minimal-versions
published=(-p postseal -p postseal-accel -p postseal-adapters -p postseal-host -p postseal-testkit -p postseal-cli)
CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/minimal-versions cargo check --locked "${published[@]}" \
    --features postseal-adapters/tracing,postseal-adapters/aws-lc
echo "the lowest versions build"
