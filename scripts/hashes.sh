#!/usr/bin/env bash
# A seed gives one hash, whether the core was built for debugging or for release.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
test_all --no-run
build_all
for seed in 1 2 3 42 1000; do
    debug=$("$target"/debug/lazuli-harness replay "$seed" | tail -n 1)
    release=$("$harness" replay "$seed" | tail -n 1)
    echo "seed $seed: $release"
    [ -n "$release" ] && [ "$debug" = "$release" ] || { echo "in debug: $debug" >&2; exit 1; }
done
