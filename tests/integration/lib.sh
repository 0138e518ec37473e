# Shared by the integration tests: source it first. Gives $work (a folder that goes away), and the words below.
set -euo pipefail
export REHEARSE_NO_RAMP=yes # tests are short, and judge all that they fire; replay_ramp_up.sh has it
work=$(mktemp -d "${TMPDIR:-/tmp}/rehearse-test.XXXXXX")
cleanups=()
on_exit() { cleanups+=("$*"); }
finish() {
    local status=$? i
    for ((i = ${#cleanups[@]} - 1; i >= 0; i--)); do eval "${cleanups[i]}" || true; done
    [ $status = 0 ] && rm -rf "$work" || echo "left for a look: $work" >&2
    exit $status
}
trap finish EXIT

fail() {
    echo "FAIL: $*" >&2
    exit 1
}

# check_status WANTED COMMAND...: runs the command with output in $work/out and $work/err.
check_status() {
    local wanted=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    if [ "$got" != "$wanted" ]; then
        tail -n 20 "$work/out" "$work/err" >&2
        fail "exit status $got instead of $wanted: $*"
    fi
}

# check_replay WANTED COMMAND...: as check_status, for what the target sees: on a machine too busy to measure on, the replay
# says so and ends with 5, which is not what is tested here.
check_replay() {
    local wanted=$1 got=0
    shift
    "$@" >"$work/out" 2>"$work/err" || got=$?
    if [ "$got" != "$wanted" ] && ! { [ "$got" = 5 ] && grep -q 'the sender fell behind' "$work/out"; }; then
        tail -n 20 "$work/out" "$work/err" >&2
        fail "exit status $got instead of $wanted: $*"
    fi
}

# one_error_line PATTERN: the last command said exactly one line on standard error, and it matches.
one_error_line() {
    [ "$(wc -l <"$work/err")" = 1 ] || { cat "$work/err" >&2; fail "not exactly one line on standard error"; }
    grep -qE -e "$1" "$work/err" || { cat "$work/err" >&2; fail "the error line does not match: $1"; }
}

# free_port: prints a TCP port of 127.0.0.1 that nobody listens on.
free_port() {
    local port
    while :; do
        port=$((20000 + RANDOM % 12000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
    done
}

# wait_for_port PORT: waits until something listens there (10 s at most).
wait_for_port() {
    local i
    for i in $(seq 100); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return
        sleep 0.1
    done
    fail "nothing listens on port $1"
}

# need_shared: where ../shared is missing the test says so and ends; ctest shows it as skipped.
need_shared() {
    if [ ! -e "$REHEARSE_SHARED/$1" ]; then
        echo "SKIPPED: $REHEARSE_SHARED/$1 is missing"
        trap - EXIT
        rm -rf "$work"
        exit 77
    fi
}
