#!/usr/bin/env bash
# Lints everything. Tests turn on the transports' TLS, so they are linted without it too.
set -eu
cd "$(dirname "$0")/.."
cargo clippy -q --workspace --all-targets -- -D warnings
cargo clippy -q -p lazuli-smol -p lazuli-std -- -D warnings
