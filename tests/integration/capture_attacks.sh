#!/bin/bash
# Claims: half-open connections, a flood of SYNs, connections that each send one byte far ahead, and heads that never end, all
# more than the memory that they may take, pass by without that memory (the ledger's memory_peak) going beyond --memory; they are
# counted by kind; every exchange of the good traffic beside them is recorded once, with its status and without a flag; and where
# the memory is enough nothing is given up. What resident memory comes to is measured by tests/bench/capture_attacks.sh.
. "$(dirname "$0")/lib.sh"
make_attack=$REHEARSE_BUILD/tests/tools/make_attack

# run_attack KIND COUNT MEMORY CONDITION: the condition is one of Python, over the ledger's connections as c, its bytes as b and
# all of it as ledger.
run_attack() {
    "$make_attack" "$1" "$2" "$work/attack.pcap" "$work/truth.tsv"
    rm -rf "$work/traffic"
    check_status 0 "$REHEARSE" capture -r "$work/attack.pcap" -p 8080 -o "$work/traffic" \
        --memory "$3" --ledger "$work/ledger.json"
    "$REHEARSE" inspect "$work/traffic" --format json >"$work/exchanges"
    python3 - "$work" "$3" "$4" <<'PYTHON' || fail "$1 with $3"
import json, sys
work, memory, condition = sys.argv[1:]
ledger = json.load(open(work + "/ledger.json"))
c, b = ledger["connections"], ledger["bytes"]
found = sorted((e["method"], e["path"], str(e["status"])) for e in map(json.loads, open(work + "/exchanges"))
               if e["path"].startswith("/items/"))
flagged = [e for e in map(json.loads, open(work + "/exchanges")) if e["flags"] and e["path"].startswith("/items/")]
truth = sorted(tuple(line.split()) for line in open(work + "/truth.tsv"))
assert found == truth, (len(found), len(truth), set(truth) - set(found))
assert not flagged, flagged[0]
assert ledger["balances"], ledger
assert b["memory_peak"] <= int(memory[:-1]) << 20, (b, memory)
assert b["gap"] == 0, b
assert eval(condition), ledger
PYTHON
}
run_attack half-open 60000 4M 'c["half_open"] == 60000 and c["evicted_half_open"] > 20000 and c["evicted"] == 0'
run_attack half-open 60000 16M 'c["half_open"] == 60000 and c["evicted_half_open"] == 0 and b["memory_peak"] < 60000 * 140'
run_attack syn-flood 60000 4M 'c["half_open"] > 59000 and c["evicted_half_open"] > 20000 and c["evicted"] == 0'
run_attack far-ahead 12000 4M 'c["evicted"] + c["evicted_half_open"] > 5000 and c["half_open"] == 0'
run_attack far-ahead 12000 64M 'c["evicted"] == 0'
run_attack endless-head 24 8M 'c["evicted"] > 0 and ledger["requests"]["seen"] > 256'
run_attack endless-head 24 256M 'c["evicted"] == 0 and ledger["requests"]["flags"]["head_cut"] >= 1'
echo "good traffic is recorded beside each attack, and memory keeps to its cap"
