#!/usr/bin/env bash
# Builds the C library and installs it below PREFIX: shared and static library, header, pkg-config, CMake.
#
#   install.sh PREFIX [--debug]
#
# The same files as `cargo cinstall --prefix=PREFIX --libdir=lib` (cargo-c), with cargo alone.
set -euo pipefail
cd "$(dirname "$0")/.."

prefix=${1:?install.sh PREFIX [--debug]}
profile=release
[ "${2:-}" = --debug ] && profile=dev
[ "$profile" = dev ] && folder=debug || folder=release
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' bindings-c/Cargo.toml | tail -1)
# While the version begins with 0, another second component is another interface.
soname=libpostseal.so.${version%.*}

build() { cargo rustc --quiet --locked --profile "$profile" -p postseal-capi --lib --crate-type "$@"; }
build cdylib -- -C "link-arg=-Wl,-soname,$soname"
needs=$(build staticlib -- --print native-static-libs 2>&1 | sed -n 's/^note: native-static-libs: //p')
target=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/$folder

install -d "$prefix/lib/pkgconfig" "$prefix/include/postseal" "$prefix/share/postseal"
prefix=$(cd "$prefix" && pwd)
install -m 755 "$target/libpostseal_c.so" "$prefix/lib/libpostseal.so.$version"
ln -sf "libpostseal.so.$version" "$prefix/lib/$soname"
ln -sf "$soname" "$prefix/lib/libpostseal.so"
install -m 644 "$target/libpostseal_c.a" "$prefix/lib/libpostseal.a"
install -m 644 bindings-c/include/postseal.h "$prefix/include/postseal/"
install -m 644 bindings-c/cmake/postsealConfig.cmake "$prefix/share/postseal/"
cat > "$prefix/lib/pkgconfig/postseal.pc" <<PC
prefix=$prefix
libdir=\${prefix}/lib
includedir=\${prefix}/include

Name: postseal
Description: The S/MIME engine that mail systems embed
Version: $version
Cflags: -I\${includedir}
Libs: -L\${libdir} -lpostseal
Libs.private: $needs
PC
