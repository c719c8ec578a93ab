#!/usr/bin/env bash
# Plays the scenarios by a client library that was not written here, over both transports at once, for they wait more than they
# work: each channel on a WebSocket of its own and on a Spark socket. Before that, the examples of docs/protocol.md. After that,
# what each server has written down of all this is played in the bare core, and has to come out the same.
set -eu -o pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh
need_node
build_all
work=$(mktemp -d)

play() {
    local transport=$1 secret="for these scenarios only: $RANDOM$RANDOM$RANDOM" status=0 over
    shift
    RUST_LOG=debug start_showcase "$transport" --secret "$secret" --journal "$work/$transport.journal"
    echo "-- transport-$transport: the examples of docs/protocol.md"
    (cd showcase/tests && node protocol.mjs "ws://$addr") || status=1
    for over in own spark; do
        echo "-- transport-$transport: over ${over/own/a path of its own}"
        (cd showcase/tests && node scenarios.mjs "ws://$addr" --over "$over" --secret "$secret" --log "$log" --program "$showcase" "$@") ||
            status=1
    done
    stop_showcase || { echo "the showcase did not end well"; status=1; }
    echo "-- transport-$transport: its journal, played in the bare core"
    "$showcase" --replay "$work/$transport.journal" --secret "$secret" | tail -n 40 || status=1
    return $status
}

declare -A played
for transport in smol std; do
    play "$transport" "$@" >"$work/$transport.out" 2>&1 &
    played[$transport]=$!
done
status=0
for transport in smol std; do
    wait "${played[$transport]}" || status=1
    cat "$work/$transport.out"
done
rm -r "$work"
exit $status
