#!/usr/bin/env bash
# Tries the browser client's components, and the pages, in headless Chromium; with `--browser firefox` in Firefox.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
need_node
need_node client
browser=chromium
[ "${1:-}" = --browser ] && browser=$2
need_browser "$browser"
build_all
BROWSER=$browser node client/test/browser.mjs
cargo build -q --release -p showcase # what a user runs
shots=${SHOTS:-$(mktemp -d)}
cd showcase/tests
node browser.mjs --server "../../target/release/showcase --addr 127.0.0.1:PORT" --browser "$browser" --shots "$shots"
echo "Screenshots: $shots"
