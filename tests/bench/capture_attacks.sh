#!/bin/bash
# Attacks on the memory of a capture, at full size: 1,000,000 half-open connections, as many SYNs from anywhere, 100,000
# connections that each send one byte far ahead, 256 heads that never end; good traffic passes beside each.
#     capture_attacks.sh [MEMORY...]
# Prints for each attack and --memory (default 256M and 64M): packets, seconds, microseconds of CPU a packet, peak resident
# memory, the ledger's memory_peak, both in MiB, and how many of the good exchanges were recorded without a flag.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
[ $# -gt 0 ] || set -- 256M 64M
printf '%-22s %6s %9s %7s %7s %8s %8s %s\n' attack memory packets s us/pkt rss_MiB peak_MiB good
for attack in "half-open 1000000" "syn-flood 1000000" "far-ahead 100000" "endless-head 256"; do
    # shellcheck disable=SC2086
    "$build/tests/tools/make_attack" $attack "$scratch/in.pcap" "$scratch/truth.tsv"
    for memory in "$@"; do
        rm -rf "$scratch/out"
        python3 - "$attack" "$memory" "$build/rehearse" "$scratch" <<'PYTHON'
import json, os, resource, subprocess, sys, time
attack, memory, program, scratch = sys.argv[1:]
command = [program, "capture", "-q", "-r", scratch + "/in.pcap", "-p", "8080", "-o", scratch + "/out", "--memory", memory,
           "--ledger", scratch + "/ledger.json"]
began = time.monotonic()
child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
seconds = time.monotonic() - began
assert status == 0, status
ledger = json.load(open(scratch + "/ledger.json"))
lines = subprocess.run([program, "inspect", "-q", "--format", "json", scratch + "/out"], stdout=subprocess.PIPE, check=True)
good = [e for e in map(json.loads, lines.stdout.splitlines()) if e["path"].startswith("/items/") and not e["flags"]]
found = sorted((e["method"], e["path"], str(e["status"])) for e in good)
truth = sorted(tuple(line.split()) for line in open(scratch + "/truth.tsv"))
packets = ledger["packets"]["received"]
print("%-22s %6s %9d %7.2f %7.2f %8.1f %8.1f %d of %d%s" % (
    attack, memory, packets, seconds, (usage.ru_utime + usage.ru_stime) / packets * 1e6, usage.ru_maxrss / 1024,
    ledger["bytes"]["memory_peak"] / 2**20, len(found), len(truth), "" if found == truth else ", WRONG"))
PYTHON
    done
done
