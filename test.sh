#!/usr/bin/env bash
# Installs what the tests need, each only if it is missing, and runs every test.
#
#   ./test.sh          everything
#   ./test.sh NAME...  only these steps; `./test.sh list` names them, and any other name is refused
#
# The last line is `N passed, N failed`, counting steps. Each step's own output tells more.
set -u
cd "$(dirname "$0")"
export CARGO_TERM_COLOR=never

passed=0
failed=()
only=("$@")

# Steps, in order: name, what it shows, command.
steps=()
step() { steps+=("$1|$2|$3"); }

step format    "the code is formatted"                       "cargo fmt --all --check"
step clippy    "no lint complains"                           "scripts/clippy.sh"
step docs      "the documentation builds, and its links hold" "RUSTDOCFLAGS='-D warnings' cargo doc -q --workspace --no-deps --features lazuli/html-strings,lazuli-smol/tls,lazuli-std/tls"
step no-std    "the core needs no standard library"          "scripts/no-std.sh"
step paths     "no file names a machine's own paths"         "scripts/no-paths.sh"
step client    "the browser client: its types, its tests, and the script as served" "scripts/client.sh"
step unit      "unit, law, socket and documentation tests"   ". scripts/server.sh && ATTACKS=later test_all"
step build     "the release builds"                          ". scripts/server.sh && build_all"
step simulate  "10,000 seeds: none fails, and nothing rare is never seen"                    ". scripts/server.sh && build_all && \$harness run --seeds 10000 --jobs 2 --all-seen"
step instructions "the hot paths, counted in instructions beside the last commit's" "scripts/instructions.sh"
step canaries  "each planted bug is found"                   "scripts/canaries.sh"
step hashes    "a seed gives one hash in debug and release"  "scripts/hashes.sh"
step sockets   "the benchmark over sockets finds what servers do wrong" "scripts/sockets.sh"
step attacks   "what hostile peers try harms nobody"         "cargo test -q --release --workspace --features lazuli-benches/html-strings --test attacks"
step scenarios "the scenarios, by a foreign client, over both transports and over Spark" "scripts/scenarios.sh"
step browser   "the pages, in Chromium"                      "scripts/browser.sh"
step pairs     "patches lead where renders do, in Chromium"  "scripts/pairs.sh"

if [ "${only[0]:-}" = list ]; then
    for entry in "${steps[@]}"; do IFS='|' read -r name what _ <<<"$entry"; printf '%-12s %s\n' "$name" "$what"; done
    exit 0
fi

wanted() {
    [ ${#only[@]} -eq 0 ] && return 0
    local name
    for name in "${only[@]}"; do [ "$name" = "$1" ] && return 0; done
    return 1
}

names="${steps[*]%%|*}"
for name in "${only[@]}"; do
    case " $names " in
        *" $name "*) ;;
        *) echo "there is no step \"$name\"; the steps are: $names" >&2 && exit 2 ;;
    esac
done

if ! command -v cargo >/dev/null; then
    echo "Rust is missing: install it with rustup (https://rustup.rs) and run this again." >&2
    exit 1
fi
for component in rustfmt clippy; do
    cargo "${component/rustfmt/fmt}" --version >/dev/null 2>&1 || rustup component add "$component"
done

for entry in "${steps[@]}"; do
    IFS='|' read -r name what command <<<"$entry"
    wanted "$name" || continue
    printf '\n== %s: %s\n' "$name" "$what"
    began=$SECONDS
    if bash -c "$command"; then
        passed=$((passed + 1))
        printf '== %s passed in %d s\n' "$name" $((SECONDS - began))
    else
        failed+=("$name")
        printf '== %s FAILED; again: ./test.sh %s\n' "$name" "$name"
    fi
done

echo
[ ${#failed[@]} -eq 0 ] || echo "failed: ${failed[*]}"
echo "$passed passed, ${#failed[@]} failed"
[ ${#failed[@]} -eq 0 ] && [ "$passed" -gt 0 ]
