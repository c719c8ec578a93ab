#!/usr/bin/env bash
# Seeds give one hash, whether the core was built for debugging or for release.
set -eu -o pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh
test_all --no-run
build_all
hash() { "$1" run --seeds 60 --jobs 2 2>/dev/null | grep '^hash '; }
debug=$(hash "$target/debug/lazuli-harness")
release=$(hash "$harness")
echo "60 seeds: $release"
[ "$debug" = "$release" ] || { echo "in debug: $debug" >&2; exit 1; }
