#!/bin/bash
# Offline capture of a large generated pcap on tmpfs, beside a bare libpcap read, `zstd -1` and `tcpdump -r F -w /dev/null`.
#     capture_offline.sh [EXCHANGES] [ROUNDS] [BODY_MIN-BODY_MAX]
# Prints wall time, CPU and peak memory of each, then exchanges/s of rehearse, and checks every exchange against the
# generator's truth (times, heads, statuses, bodies).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
exchanges=${1:-200000}
rounds=${2:-5}
"$build/tests/tools/make_pcap" --body "${3:-200-2200}" "$exchanges" "$scratch/in.pcap" "$scratch/truth.tsv"
capture="$build/rehearse capture -q -r $scratch/in.pcap -p 8080"
"$here/measure.py" -n "$rounds" \
    "rehearse capture=rm -rf $scratch/out && $capture -o $scratch/out" \
    "rehearse --bodies none=rm -rf $scratch/none && $capture --bodies none -o $scratch/none" \
    "bare libpcap read=$build/tests/bench/bare_read $scratch/in.pcap" \
    "zstd -1=zstd -q -1 -f $scratch/in.pcap -o $scratch/in.zst" \
    "tcpdump -w /dev/null=tcpdump -q -r $scratch/in.pcap -w /dev/null" \
    "tcpdump -w COPY=tcpdump -q -r $scratch/in.pcap -w $scratch/copy.pcap" | tee "$scratch/figures"
wall=$(awk '/^rehearse capture/ {print $3}' "$scratch/figures")
awk -v n="$exchanges" -v s="$wall" 'BEGIN {printf "%d exchanges/s\n", n / s}'
du -sh "$scratch/in.pcap" "$scratch/out" "$scratch/none" | sed "s#$scratch/##"
"$build/tests/tools/check_truth" "$scratch/truth.tsv" "$scratch/out"
