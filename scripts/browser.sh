#!/usr/bin/env bash
# Tries the browser client's components, and the pages, in headless Chromium; with `--browser firefox` in Firefox.
# The last line is `N passed, N failed`, counting the tests of both.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh
need_node
need_node client
browser=chromium
[ "${1:-}" = --browser ] && browser=$2
need_browser "$browser"
build_all
shots=$(realpath -m "${SHOTS:-$(mktemp -d)}")
counts=$(mktemp)

# Both are played, whatever comes of the first. One that ends without a count has failed.
status=0
play() {
    "$@" | tee "$counts.one" || status=1
    count "$counts.one"
}
count() {
    tail -n 1 "$1" | grep -xE '[0-9]+ passed, [0-9]+ failed' >>"$counts" || { status=1; echo "0 passed, 1 failed" >>"$counts"; }
}
echo "-- the client"
play env BROWSER="$browser" node client/test/browser.mjs
# Pages wait for clocks more than they work: two processes with a server and a browser each take half the time of one.
echo "-- the pages"
shares=()
for share in 1 2; do
    node showcase/tests/browser.mjs --server "$showcase --addr 127.0.0.1:PORT" --inert "$(dirname "$showcase")/examples/inert" \
        --browser "$browser" --shots "$shots" --share $share/2 >"$counts.$share" 2>&1 &
    shares+=($!)
done
for share in 1 2; do
    wait "${shares[share - 1]}" || status=1
    cat "$counts.$share"
    count "$counts.$share"
done
echo "Screenshots: $shots"
awk '{ passed += $1; failed += $3 } END { print passed " passed, " failed " failed" }' "$counts"
exit $status
