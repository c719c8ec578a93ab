#!/usr/bin/env bash
# Lints everything. Tests turn on the transports' TLS, so they are linted without it too; views of strings are a feature that is off by default.
set -eu
cd "$(dirname "$0")/.."
cargo clippy -q --workspace --all-targets -- -D warnings
cargo clippy -q -p lazuli-smol -p lazuli-std -- -D warnings
cargo clippy -q -p lazuli --all-targets --features html-strings -- -D warnings
cargo clippy -q -p lazuli-benches --all-targets --features html-strings -- -D warnings
