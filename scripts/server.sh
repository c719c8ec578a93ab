# Sourced by the scripts that need a running showcase.

# Starts it with the given transport on a port that the system chooses; sets `server` (process) and `addr`.
start_showcase() {
    local out
    out=$(mktemp)
    ./target/release/showcase --addr 127.0.0.1:0 --transport "$1" >"$out" 2>"$out.log" &
    server=$!
    addr=
    for _ in $(seq 100); do
        addr=$(sed -n 's|.*http://\([0-9.:]*\)/.*|\1|p' "$out")
        [ -n "$addr" ] && return 0
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    echo "the showcase did not start:" >&2
    cat "$out.log" >&2
    return 1
}

# Stops it as an operator would, and expects it to end well.
stop_showcase() {
    kill -TERM "$server"
    wait "$server"
}

# Node.js with the packages of a folder, by default those of showcase/tests.
need_node() {
    command -v npm >/dev/null || { apt-get update -q && apt-get install -qy nodejs npm; }
    local folder=${1:-showcase/tests}
    [ -d "$folder/node_modules" ] || (cd "$folder" && npm ci --no-audit --no-fund)
}
