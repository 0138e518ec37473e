# Two network namespaces joined by a veth pair, for the tests of live capture. Source it after lib.sh and capture_kit.sh. Gives $near (where the
# server and the capture run, interface v0, 10.9.0.1) and $far (the clients, interface v1, 10.9.0.2).
near=rehearse-near-$$
far=rehearse-far-$$

skip() {
    echo "SKIPPED: $*"
    trap - EXIT
    rm -rf "$work"
    exit 77
}

# make_link: makes the pair (again).
make_link() {
    ip link add v0 netns "$near" type veth peer name v1 netns "$far"
    ip -n "$near" addr add 10.9.0.1/24 dev v0
    ip -n "$far" addr add 10.9.0.2/24 dev v1
    ip -n "$far" link set v1 up
    ip -n "$near" link set v0 up
}

# need_namespaces: makes both, or skips the test where this user may not.
need_namespaces() {
    [ "$(id -u)" = 0 ] && ip netns add "$near" 2>/dev/null || skip "network namespaces cannot be made here"
    on_exit "ip netns del $near"
    ip netns add "$far"
    on_exit "ip netns del $far"
    ip -n "$near" link set lo up
    make_link
    printf '#!/bin/sh\nexec ip netns exec %s "%s" "$@"\n' "$near" "$REHEARSE" >"$work/rehearse-near"
    chmod +x "$work/rehearse-near"
    real_rehearse=$REHEARSE
    REHEARSE=$work/rehearse-near
}

# start_server PORT [ARGUMENT...]: serve.py in the near namespace.
start_server() {
    ip netns exec "$near" python3 "$REHEARSE_SOURCE/tests/integration/serve.py" "$@" 2>"$work/server.err" &
    on_exit "kill $! 2>/dev/null"
    wait_for "ip netns exec $near sh -c 'ss -ltn | grep -q :$1'" "the server does not listen"
}

# wait_for COMMAND TEXT: until the command succeeds, 10 s at most.
wait_for() {
    local i
    for i in $(seq 200); do
        eval "$1" && return
        sleep 0.05
    done
    fail "$2"
}

# ask URL: a request from the far side, which must be answered.
ask() {
    ip netns exec "$far" curl -sS -m 10 -o /dev/null --retry 5 --retry-connrefused "$1" || fail "no answer from $1"
}
