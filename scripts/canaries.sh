#!/usr/bin/env bash
# Plants each known bug into the core, and expects the simulator to find it.
set -eu
cd "$(dirname "$0")/.."
# A target folder of its own: the feature would have everything built anew, twice.
cargo run -q --release -p lazuli-harness --features canary --target-dir target/canary -- canaries
