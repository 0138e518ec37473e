#!/bin/bash
# Claims: what the kernel itself sends through VXLAN, over IPv4 and IPv6, and in fragments where the tunnel's packets are too long for
# the link, is recorded whole from a capture of the link; the ledger counts the tunnel's packets and the fragments, and nothing that
# carries TCP is left out.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/netns_kit.sh"
need_namespaces
REHEARSE=$real_rehearse

# both NUMBER FAR_END NEAR_END [SETTING...]: a tunnel interface on both sides with the addresses 10.NUMBER.0.1 and .2.
both() {
    local number=$1 far_end=$2 near_end=$3
    shift 3
    ip -n "$near" link add "t$number" type vxlan id "$number" dstport 4789 remote "$far_end" "$@" ||
        { ip netns del "$near"; ip netns del "$far"; skip "the kernel has no vxlan"; }
    ip -n "$far" link add "t$number" type vxlan id "$number" dstport 4789 remote "$near_end" "$@"
    ip -n "$near" addr add "10.$number.0.1/24" dev "t$number"
    ip -n "$far" addr add "10.$number.0.2/24" dev "t$number"
    ip -n "$near" link set "t$number" mtu 1400 up
    ip -n "$far" link set "t$number" mtu 1400 up
}
ip -n "$near" addr add fd00::1/64 dev v0 nodad
ip -n "$far" addr add fd00::2/64 dev v1 nodad
both 20 10.9.0.2 10.9.0.1
both 21 fd00::2 fd00::1 udp6zerocsumrx udp6zerocsumtx
start_server 8080

# record NAME HOST...: a capture of the link while each host is asked for a small and a large answer; then recorded from the file.
record() {
    local name=$1 host
    shift
    ip netns exec "$near" tcpdump -i v0 --immediate-mode -U -s 0 -w "$work/$name.pcap" 2>"$work/$name.err" &
    local dump=$!
    wait_for "grep -qs 'listening on' '$work/$name.err'" "tcpdump does not listen"
    for host in "$@"; do
        ask "http://$host:8080/small"
        ask "http://$host:8080/big/50000"
    done
    sleep 0.3
    kill "$dump" && wait "$dump" || true
    check_status 0 "$REHEARSE" capture -r "$work/$name.pcap" -p 8080 -o "$work/$name" --unsanitized --ledger "$work/$name.json"
    "$REHEARSE" inspect "$work/$name" --format json >"$work/$name.jsonl"
    python3 - "$work/$name.json" "$work/$name.jsonl" "$@" <<'PYTHON' || fail "$name: not what was asked for"
import json, sys
ledger = json.load(open(sys.argv[1]))
packets = ledger["packets"]
print(sys.argv[1], packets)
shown = [json.loads(line) for line in open(sys.argv[2])]
hosts = sys.argv[3:]
wanted = [(host + ":8080", path, size) for host in hosts for path, size in (("/small", 16), ("/big/50000", 50000))]
assert [(one["host"], one["path"], one["response_body_bytes"]) for one in shown] == wanted, shown
assert all(not set(one["flags"]) & {"response_cut", "midstream", "gap"} for one in shown), shown
assert packets["decapsulated"]["vxlan"] > 0 and not set(packets["not_decoded"]) - {"arp", "icmp", "udp"}, packets
assert ledger["bytes"]["gap"] == 0 and ledger["balances"] and ledger["connections"]["complete"] == len(wanted), ledger
if "fragments" in sys.argv[1]:
    assert packets["fragments"] > 2 * len(hosts), packets
else:
    assert packets["fragments"] == 0, packets
PYTHON
}
record whole 10.20.0.1 10.21.0.1
for side in "$near v0" "$far v1"; do
    read -r space device <<<"$side"
    ip -n "$space" link set "$device" mtu 1280 # the least that IPv6 takes
done
record fragments 10.20.0.1 10.21.0.1
