#!/usr/bin/env bash
# Builds the core where there is no standard library: the proof that it reaches for no clock, socket or thread.
#
# The target x86_64-unknown-none is used where it is installed or can be. Elsewhere the toolchain's own target is used,
# with a system root that holds `core` and `alloc` and no `std`.
set -eu
cd "$(dirname "$0")/.."

target=x86_64-unknown-none
if rustc --print target-libdir --target "$target" 2>/dev/null | xargs -r test -d \
    || timeout 60 rustup target add "$target" >/dev/null 2>&1; then
    cargo build -q -p lazuli --no-default-features --target "$target"
    echo "The core builds for $target."
    exit 0
fi

host=$(rustc -vV | sed -n 's/^host: //p')
root=$PWD/target/no-std
lib=$root/lib/rustlib/$host/lib
rm -rf "$root"
mkdir -p "$lib"
for crate in core alloc compiler_builtins; do
    ln -s "$(rustc --print target-libdir)"/lib$crate-*.r* "$lib"
done
# With --target the flags are not used for build scripts and macros, which run on this machine and may have `std`.
RUSTFLAGS="--sysroot=$root" cargo build -q -p lazuli --no-default-features --target "$host" \
    --target-dir target/no-std-build
echo "The core builds against core and alloc alone."
