# Sourced by the scripts that need programs, a running showcase, Node.js or a browser.

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
showcase=$target/release/showcase
harness=$target/release/lazuli-harness

# Starts it with the given transport, and options if there are more, on a port that the system chooses; sets `server`
# (process), `addr`, and `log` (file).
start_showcase() {
    local out
    out=$(mktemp)
    log=$out.log
    "$showcase" --addr 127.0.0.1:0 --transport "$@" >"$out" 2>"$log" &
    server=$!
    addr=
    for _ in $(seq 100); do
        addr=$(sed -n 's|.*http://\([0-9.:]*\)/.*|\1|p' "$out")
        [ -n "$addr" ] && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    echo "the showcase did not start:" >&2
    cat "$log" >&2
    return 1
}

# Stops it as an operator would, and expects it to end well.
stop_showcase() {
    kill -TERM "$server"
    wait "$server"
}

# Programs and examples, with all features: what several steps of test.sh need, by the same command, so that it is built once.
build_all() {
    cargo build -q --release --workspace --bins --examples --features lazuli-benches/html-strings
}

# All tests, or with `--no-run` what they need, such as the programs built for debugging.
test_all() {
    cargo test -q --workspace --features lazuli/html-strings,lazuli-fuzz/html-strings "$@"
}

# Node.js with the packages of a folder, by default those of showcase/tests.
need_node() {
    command -v npm >/dev/null || { apt-get update -q && apt-get install -qy nodejs npm; }
    local folder=${1:-showcase/tests}
    # Another lock file than the one that was installed from means another version of something.
    [ "$folder/node_modules/.package-lock.json" -nt "$folder/package-lock.json" ] || (cd "$folder" && npm ci --no-audit --no-fund)
}

# Chromium or Firefox, by name.
need_browser() {
    local package=$1
    [ "$package" = firefox ] && package=firefox-esr
    command -v "$package" >/dev/null || { apt-get update -q && apt-get install -qy "$package"; }
}
