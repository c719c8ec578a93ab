#!/usr/bin/env bash
# Tells which mutants of the core (those of cargo-mutants) its tests and the simulator catch; docs/mutants.md says more.
#
#   scripts/mutants.sh [--only TEXT] [--budget S] [--seeds N] [--again]
#
# Takes an hour or two, and goes on where it was stopped. What comes of it is target/mutants/report.md.
set -eu
cd "$(dirname "$0")/.."
command -v cargo-mutants >/dev/null || cargo install cargo-mutants --locked --version 27.1.0
# Some mutants take memory without end.
ulimit -v 16000000
nice cargo run -q -p lazuli-mutants -- "$@"
