#!/usr/bin/env bash
# Lets libFuzzer try each target for so many minutes; docs/fuzzing.md says what they are.
#
#   scripts/fuzz.sh MINUTES [TARGET...]
#
# Needs nightly Rust and cargo-fuzz, and installs them if they are missing. What it has learnt is kept in target/fuzz/corpus; whatever
# fails is in target/fuzz/findings, and is to be put into fuzz/corpus once it is mended. The last line is `N targets, M failed`.
set -eu
cd "$(dirname "$0")/.."
minutes=${1:-}
case $minutes in '' | *[!0-9]*) sed -n 's/^#   //p' "$0" >&2 && exit 2 ;; esac
shift
cargo +nightly --version >/dev/null 2>&1 || rustup toolchain install nightly --profile minimal
command -v cargo-fuzz >/dev/null || cargo install cargo-fuzz --locked
[ $# -gt 0 ] || set -- $(cargo fuzz list)
flags=(--features "libfuzzer,html-strings" --target-dir target/fuzz/build)
cargo +nightly fuzz build "${flags[@]}"
failed=0
for name in "$@"; do
    mkdir -p "target/fuzz/corpus/$name" target/fuzz/findings
    log=target/fuzz/$name.log
    cargo +nightly fuzz run "${flags[@]}" "$name" "target/fuzz/corpus/$name" "fuzz/corpus/$name" -- \
        -max_total_time=$((60 * minutes)) -timeout=60 "-artifact_prefix=target/fuzz/findings/$name-" >"$log" 2>&1 || failed=$((failed + 1))
    # Runs so far, places reached, inputs kept: from the last line that has them.
    echo "$name: $(grep -aE '^#[0-9]+' "$log" | tail -n 1 | sed -E 's/^#([0-9]+).*cov: ([0-9]+).*corp: ([0-9]+).*/\1 runs, \2 places, \3 inputs kept/')"
    grep -aE 'panicked at|ERROR: libFuzzer|Test unit written' "$log" || true
done
echo "$# targets, $failed failed"
[ "$failed" -eq 0 ]
