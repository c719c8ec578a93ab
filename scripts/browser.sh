#!/usr/bin/env bash
# Tries the browser client's components, and the pages, in headless Chromium.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
need_node
need_node client
[ -x /usr/bin/chromium ] || { apt-get update -q && apt-get install -qy chromium; }
cargo build -q --release -p lazuli-std --example strings
node client/test/browser.mjs
cargo build -q --release -p showcase --bins --examples
shots=${SHOTS:-$(mktemp -d)}
cd showcase/tests
node browser.mjs --server "../../target/release/showcase --addr 127.0.0.1:PORT" --shots "$shots"
echo "Screenshots: $shots"
