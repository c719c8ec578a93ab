#!/usr/bin/env bash
# What the hot paths cost in instructions, beside the last commit's, which are in benches/data/instructions.tsv. A difference
# fails nothing: it is there to be looked at. With --write the file has those of now afterwards, to be committed with what
# changed them.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
command -v valgrind >/dev/null || { apt-get update -q && apt-get install -qy valgrind; }
# Counts are those of this build: with other features, other code is inlined.
build_all
"$target/release/instructions" compare benches/data/instructions.tsv "$@"
