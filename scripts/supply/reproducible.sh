#!/usr/bin/env bash
# Builds the command and the C library twice and compares them octet by octet: from two clones of what is committed, in folders of
# different names and depth, with other target and cargo folders, names of users, time zones, languages and umasks.
#
#     reproducible.sh            keeps nothing when all is equal
#     PROFILE=dev reproducible.sh
set -euo pipefail
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)
profile=${PROFILE:-release}
work=$(mktemp -d)
cargo_home=${CARGO_HOME:-$HOME/.cargo}
rustup_home=${RUSTUP_HOME:-$HOME/.rustup}
sysroot=$(cd "$root" && rustc --print sysroot)

cargo fetch --locked --quiet --manifest-path "$root/Cargo.toml"

# build FOLDER TARGET CARGO_HOME: everything that names a folder is given the same other name.
build() {
    local folder=$1 target=$2 home=$3
    git clone --quiet "$root" "$folder"
    mkdir -p "$home" "$(dirname "$folder")"
    ln -s "$cargo_home/registry" "$home/registry"
    local maps=("$folder=/postseal" "$target=/target" "$home=/cargo" "$cargo_home=/cargo" "$sysroot=/rust")
    local rust="" c="" map
    for map in "${maps[@]}"; do
        rust+="${rust:+$'\x1f'}--remap-path-prefix=$map"
        c+=" -ffile-prefix-map=$map"
    done
    (
        cd "$folder"
        export CARGO_HOME=$home RUSTUP_HOME=$rustup_home CARGO_TARGET_DIR=$target CARGO_INCREMENTAL=0
        export CARGO_ENCODED_RUSTFLAGS=$rust CFLAGS=$c CXXFLAGS=$c
        unset RUSTFLAGS
        cargo build --quiet --locked --offline --profile "$profile" -p postseal-cli
        cargo rustc --quiet --locked --offline --profile "$profile" -p postseal-capi --lib --crate-type cdylib
        cargo rustc --quiet --locked --offline --profile "$profile" -p postseal-capi --lib --crate-type staticlib
    )
}

(umask 022 && TZ=UTC LC_ALL=C USER=alice LOGNAME=alice build "$work/one" "$work/target-one" "$work/home-one")
(umask 077 && TZ=Pacific/Chatham LC_ALL=C.UTF-8 USER=bob LOGNAME=bob \
    build "$work/another/and/deeper" "$work/another/target" "$work/another/cargo")

folder=$([ "$profile" = dev ] && echo debug || echo "$profile")
failed=0
for file in postseal libpostseal_c.so libpostseal_c.a; do
    one="$work/target-one/$folder/$file" another="$work/another/target/$folder/$file"
    if cmp --silent "$one" "$another"; then
        echo "$file: equal, $(stat -c %s "$one") octets, SHA-256 $(sha256sum "$one" | cut -d' ' -f1)"
    else
        failed=1
        echo "$file: DIFFERS in $(cmp -l "$one" "$another" 2>/dev/null | wc -l) octets"
        # Names of folders are what differs most often.
        for side in "$one" "$another"; do strings -a "$side" | grep -F "$work" | sort | uniq -c | sort -rn | head -5 || true; done
        diff <(readelf -SW "$one" 2>/dev/null) <(readelf -SW "$another" 2>/dev/null) | head -20 || true
    fi
    # Nothing of the machine is told.
    for place in "$work" "$cargo_home" "$rustup_home"; do
        if grep -qaF "$place" "$one"; then
            failed=1
            echo "$file: names $place"
            strings -a "$one" | grep -F "$place" | head -3 || true
        fi
    done
done
if [ $failed = 0 ]; then rm -rf "$work"; else echo "both are in $work"; fi
exit $failed
