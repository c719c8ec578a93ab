#!/usr/bin/env bash
# Checks the browser client: types, tests, and that the served script is made from the sources that are here.
set -eu
cd "$(dirname "$0")/.."
. scripts/server.sh
need_node client
cd client
npm run -s check
node --test --test-reporter=dot test/*.test.mjs
npm run -s build -- --check
