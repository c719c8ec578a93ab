#!/usr/bin/env bash
# Lints everything. Tests turn on the transports' TLS and the core's views of strings, so what users build is linted without
# these too.
set -eu
cd "$(dirname "$0")/.."
cargo clippy -q --workspace --all-targets -- -D warnings
cargo clippy -q -p lazuli-smol -p lazuli-std -p lazuli-harness -p showcase -- -D warnings
cargo clippy -q -p lazuli -- -D warnings
cargo clippy -q -p lazuli --all-targets --features html-strings -- -D warnings
cargo clippy -q -p lazuli-benches --all-targets --features html-strings -- -D warnings
