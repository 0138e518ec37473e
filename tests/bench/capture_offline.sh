#!/bin/bash
# Offline capture of a large generated pcap (tests/tools/make_pcap.c), everything on tmpfs, in interleaved rounds beside
# `tcpdump -r F -w COPY`, a bare libpcap read and `zstd -1` of the very bytes that capture stores.
#     capture_offline.sh [EXCHANGES] [ROUNDS] [LARGE_EXCHANGES]
# Prints wall time, CPU and peak memory of each, then what the figures are judged by:
#   wall        capture / tcpdump -w COPY                                                        at most 1.0
#   CPU         capture / (bare read + 1.3 x zstd -1 of the bytes stored + 2.5 us an exchange)   at most 1.0
#   peak        of capture                                                                       at most 64 MiB
#   wrong       exchanges that differ from the truth in any byte, time or order                  none
# and for bodies of 16 to 256 KB (LARGE_EXCHANGES of them) MB/s with all bodies kept (at least 400) and with --bodies none
# (at least 1,000). CAPTURE_OPTIONS are given to each capture (for example --level 2).
set -euo pipefail
. "$(dirname "$0")/lib.sh"
exchanges=${1:-200000}
rounds=${2:-5}
large=${3:-6000}
tools=$build/tests/tools
capture() { # capture INPUT OUTPUT [OPTION...]: the command
    echo "rm -rf $2 &&& $build/rehearse capture -q ${CAPTURE_OPTIONS:-} -r $1 -p 8080 -o $2 ${*:3}"
}

"$tools/make_pcap" "$exchanges" "$scratch/in.pcap" "$scratch/truth.tsv"
sh -c "$(capture "$scratch/in.pcap" "$scratch/out" | sed 's/&&&/;/')" >/dev/null
stored=$("$tools/dump_raw" "$scratch/out" "$scratch/raw")
"$here/measure.py" -n "$rounds" --tsv "$scratch/figures" \
    "rehearse capture=$(capture "$scratch/in.pcap" "$scratch/out")" \
    "tcpdump -w COPY=rm -f $scratch/copy &&& tcpdump -q -r $scratch/in.pcap -w $scratch/copy 2>/dev/null" \
    "bare read=$build/tests/bench/bare_read $scratch/in.pcap" \
    "zstd -1 of bytes stored=rm -f $scratch/zst &&& zstd -q -1 --single-thread $scratch/raw -o $scratch/zst" \
    "rehearse --bodies none=$(capture "$scratch/in.pcap" "$scratch/none" --bodies none)"
echo "$(stat -c %s "$scratch/in.pcap") bytes of file, $stored stored raw, $(du -sb "$scratch/out" | cut -f1) on disk," \
    "$(du -sb "$scratch/none" | cut -f1) without bodies"
"$tools/check_truth" "$scratch/truth.tsv" "$scratch/out" >"$scratch/checked" && wrong=none || wrong=SOME
tail -n 3 "$scratch/checked"
awk -F'\t' -v n="$exchanges" -v wrong="$wrong" '
    {wall[$1] = $2; cpu[$1] = $3; peak[$1] = $4; ratio[$1] = $5}
    END {
        mine = "rehearse capture"
        bar = cpu["bare read"] + 1.3 * cpu["zstd -1 of bytes stored"] + 2.5e-6 * n
        printf "exchanges/s          %10.0f\n", n / wall[mine]
        printf "wall / tcpdump -w    %10.2f   at most 1.0\n", ratio["tcpdump -w COPY"]
        printf "CPU / bar            %10.2f   at most 1.0 (%.2f us an exchange, bar %.2f)\n", cpu[mine] / bar,
            1e6 * cpu[mine] / n, 1e6 * bar / n
        printf "peak MiB             %10.1f   at most 64\n", peak[mine]
        printf "wrong exchanges      %10s   none\n", wrong
    }' "$scratch/figures"
rm -rf "$scratch"/{in.pcap,copy,raw,zst,out,none}

"$tools/make_pcap" --body 16384-262144 --connections 64 "$large" "$scratch/large.pcap" "$scratch/large.tsv"
"$here/measure.py" -n "$rounds" --tsv "$scratch/figures" \
    "large bodies kept=$(capture "$scratch/large.pcap" "$scratch/out")" \
    "large --bodies none=$(capture "$scratch/large.pcap" "$scratch/none" --bodies none)" \
    "tcpdump -w COPY=rm -f $scratch/copy &&& tcpdump -q -r $scratch/large.pcap -w $scratch/copy 2>/dev/null"
"$tools/check_truth" "$scratch/large.tsv" "$scratch/out" | tail -n 3
"$tools/check_truth" --no-bodies "$scratch/large.tsv" "$scratch/none" >/dev/null || echo "without bodies: WRONG"
awk -F'\t' 'NR == FNR {bytes += $11 + $12; next}
    /^large/ {
        printf "%-20s %10.0f   MB/s of bodies, at least %d; peak %.1f MiB\n", $1, bytes / $2 / 1e6, $1 ~ /none/ ? 1000 : 400, $4
    }' "$scratch/large.tsv" "$scratch/figures"
