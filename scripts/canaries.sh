#!/usr/bin/env bash
# Plants each known bug into the core, and expects the simulator to find it, among seeds that nobody has run before.
set -eu
cd "$(dirname "$0")/.."
cargo run -q --release -p lazuli-harness --features canary -- canaries --jobs 2
