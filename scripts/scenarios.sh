#!/usr/bin/env bash
# Plays the scenarios by a client library that was not written here, over both transports.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
need_node
cargo build -q --release -p showcase
status=0
for transport in smol std; do
    echo "-- transport-$transport"
    start_showcase "$transport"
    (cd showcase/tests && node scenarios.mjs "ws://$addr") || status=1
    stop_showcase || { echo "the showcase did not end well"; status=1; }
done
exit $status
