#!/usr/bin/env bash
# Tries the law of patches in a browser: pairs of renders that Rust makes by chance, and the 56 updates of the corpus.
#
#   scripts/pairs.sh [--pairs N] [--seed FIRST] [--browser firefox]
#
# About N pairs (10,000), two thirds of them of views made by html!, one third of views of strings. The last line is
# `N passed, N failed`, counting pairs.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
pairs=10000 seed=1 browser=chromium
while [ $# -gt 0 ]; do
    case $1 in
        --pairs) pairs=$2 ;;
        --seed) seed=$2 ;;
        --browser) browser=$2 ;;
        *) sed -n 's/^#   //p' "$0" >&2 && exit 2 ;;
    esac
    shift 2
done
need_node benches/browser
need_browser "$browser"
build_all
corpus=$(mktemp -d)
trap 'rm -r "$corpus"' EXIT
"$target/release/components" export "$corpus" >/dev/null
# Most histories are short, so that there are many templates and states; a few are long, so that numbers are given anew many times.
node benches/browser/law.mjs --browser "$browser" --corpus "$corpus" \
    "$target/release/pairs views $seed $((pairs * 6 / 250)) 25" \
    "$target/release/pairs strings $seed $((pairs * 3 / 250)) 25" \
    "$target/release/pairs views $((seed + pairs)) 2 $((pairs / 30))" \
    "$target/release/pairs strings $((seed + pairs)) 2 $((pairs / 30))"
