#!/usr/bin/env bash
# The benchmark over sockets, without the peers from crates.io: its lints, and its tests, in which the load generator has to
# pass right servers and to find what a wrong one did.
set -eu
cd "$(dirname "$0")/../benches/sockets"
cargo fmt --all --check
mine=(-p sockets -p sockets-load -p sockets-floor -p sockets-lazuli)
cargo clippy -q "${mine[@]}" --all-targets -- -D warnings
cargo test -q "${mine[@]}"
