#!/usr/bin/env bash
#
# Runs the Autobahn test suite (a fuzzing WebSocket client) against
# examples/echo, which reads and writes frames through the same code as a chat
# session, and judges the report with scripts/autobahn_check.py.
#
# Left out: 12.* and 13.*, which test permessage-deflate; Parlor does not offer
# compression.
#
# The suite runs on Python 2.7 only. It is installed once, by package name, into
# target/autobahn/, and everything talks over the loopback interface.
#
# Exit: 0 all passed, 1 something failed, 3 skipped because the suite cannot be
# had here (with CI set that is a failure too: 1).
#
# Environment:
#   PARLOR_ECHO_BIN   another echo server to test; it takes --listen 127.0.0.1:0
#                     and prints `Echo is open: ws://ADDR/ws` as its first line
#   AUTOBAHN_CASES    cases to run, separated by commas (default: all)
#   AUTOBAHN_SECONDS  time limit of the whole run (default: 600)

set -euo pipefail
cd "$(dirname "$0")/.."

python_version=2.7.18
suite=autobahntestsuite==25.10.1
# The last virtualenv release that can make an environment for Python 2.7.
virtualenv='virtualenv==20.15.1'

build_dir=${CARGO_TARGET_DIR:-target}
home=$build_dir/autobahn
mkdir -p "$home"
home=$(cd "$home" && pwd)
wstest=$home/env/bin/wstest
stamp=$home/installed

echo_pid=
suite_pid=

# Nothing outlives this script: both children are ours, ended by their ids.
stop_children() {
    for pid in $suite_pid $echo_pid; do
        kill "$pid" 2>/dev/null || true
        wait "$pid" 2>/dev/null || true
    done
    suite_pid=
    echo_pid=
}
trap stop_children EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

fail() {
    echo "autobahn: $*" >&2
    exit 1
}

# Skipped is not passed: a machine that must test says so with CI.
skip() {
    echo "autobahn: skipped: $*" >&2
    if [ -n "${CI:-}" ]; then
        echo "autobahn: CI is set, so a skipped run counts as failed" >&2
        exit 1
    fi
    exit 3
}

# Prints the path of a Python 2.7.18, or nothing.
find_python() {
    command -v pyenv >/dev/null || return 0
    PYENV_VERSION=$python_version pyenv which python 2>/dev/null || true
}

install() {
    [ "$(cat "$stamp" 2>/dev/null)" = "$suite" ] && [ -x "$wstest" ] && return
    local python
    python=$(find_python)
    [ -n "$python" ] || skip "Python $python_version is missing;" \
        "install pyenv, then run: pyenv install $python_version"
    echo "autobahn: installing $suite into $home" >&2
    rm -rf "$home/env" "$home/virtualenv" "$stamp"
    install_with "$python" >"$home/install.log" 2>&1 ||
        skip "$suite could not be installed; see $home/install.log"
    echo "$suite" >"$stamp"
}

# Called in a condition, where `set -e` is off: hence the chain.
install_with() {
    export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
    export VIRTUALENV_OVERRIDE_APP_DATA=$home/virtualenv-data
    "$1" -m pip install --target "$home/virtualenv" "$virtualenv" &&
        PYTHONPATH=$home/virtualenv "$1" -m virtualenv --no-download "$home/env" &&
        "$home/env/bin/python" -m pip install "$suite" &&
        "$wstest" --autobahnversion
}

build_echo() {
    [ -n "${PARLOR_ECHO_BIN:-}" ] && return
    cargo build --quiet --example echo
    PARLOR_ECHO_BIN=$build_dir/debug/examples/echo
}

# Starts the echo server and sets `url` to what its first line says.
start_echo() {
    local out=$home/echo.out line=
    rm -f "$out"
    mkfifo "$out"
    "$PARLOR_ECHO_BIN" --listen 127.0.0.1:0 >"$out" 2>"$home/echo.log" &
    echo_pid=$!
    # Both ends on one descriptor: opening does not block, and output after the
    # first line finds a reader.
    exec 3<>"$out"
    for _ in {1..30}; do
        read -r -t 1 line <&3 && break
        kill -0 "$echo_pid" 2>/dev/null || break
    done
    rm -f "$out"
    case $line in
    "Echo is open: ws://127.0.0.1:"*) url=${line#Echo is open: } ;;
    *) fail "the echo server did not open (said: '${line}'); see $home/echo.log" ;;
    esac
}

write_spec() {
    python3 - "$1" "$url" "$home/report" "${AUTOBAHN_CASES:-*}" <<'PYTHON'
import json, sys
path, url, report, cases = sys.argv[1:]
with open(path, "w") as spec:
    json.dump({
        "outdir": report,
        "servers": [{"agent": "parlor", "url": url}],
        "cases": cases.split(","),
        "exclude-cases": ["12.*", "13.*"],
        "exclude-agent-cases": {},
    }, spec)
PYTHON
}

run_suite() {
    rm -rf "$home/report"
    echo "autobahn: testing $url, compression (12.*, 13.*) left out" >&2
    # `timeout` passes the signals that it gets on to the suite.
    timeout --kill-after=10 "${AUTOBAHN_SECONDS:-600}" \
        "$wstest" --mode fuzzingclient --spec "$home/spec.json" \
        >"$home/wstest.log" 2>&1 &
    suite_pid=$!
    local status=0
    wait "$suite_pid" || status=$?
    suite_pid=
    [ "$status" -eq 0 ] || fail "wstest ended with $status; see $home/wstest.log"
    kill -0 "$echo_pid" 2>/dev/null || fail "the echo server died; see $home/echo.log"
}

install
build_echo
start_echo
write_spec "$home/spec.json"
run_suite
stop_children
expected=301
[ -z "${AUTOBAHN_CASES:-}" ] || expected=1
python3 scripts/autobahn_check.py "$home/report/index.json" --at-least "$expected"
