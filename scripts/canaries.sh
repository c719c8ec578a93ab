#!/usr/bin/env bash
# Plants each known bug into the core, and expects the simulator to find it, among seeds that nobody has run before.
set -eu
cd "$(dirname "$0")/.."
# A target folder of its own: the feature would have everything built anew, twice.
cargo run -q --release -p lazuli-harness --features canary --target-dir target/canary -- canaries --jobs 2
