#!/usr/bin/env python3
"""Compares `capture -r F --stream-digests` with tcpflow's streams (NAME.flows.tsv).

usage: digests_oracle.py PROGRAM CORPUS

tcpflow takes the padding of short Ethernet frames for data: it then has 6 bytes (10 with a trailer) more on a stream, or a
second stream of only those (named ...c1). Both are told by their size and allowed only in the captures of PADDED.
"""
import os
import subprocess
import sys

program, corpus = sys.argv[1:3]
PADDED = {"h1-100-continue", "h1-keepalive-304-17", "h1-multipart-upload", "h1-no-version", "h1-pipelined-5",
          "h1-version-mismatch", "h1-wrapped-header", "h1-xff-chunked-gzip"}
PADDING = {6, 10}
bad = total = exact = 0
for entry in sorted(os.listdir(corpus)):
    if not entry.endswith(".flows.tsv"):
        continue
    name = entry[:-len(".flows.tsv")]
    path = next(f"{corpus}/{name}{end}" for end in (".pcap", ".pcapng") if os.path.exists(f"{corpus}/{name}{end}"))
    done = subprocess.run([program, "capture", "-r", path, "--stream-digests"], capture_output=True, text=True,
                          timeout=60, check=True)
    found = {}
    for line in done.stdout.splitlines():
        flow, _, size, digest, gap = line.split("\t")
        found[flow] = (int(size), digest, int(gap))
    with open(f"{corpus}/{entry}", encoding="utf-8") as file:
        rows = file.read().splitlines()[1:]
    for row in rows:
        flow, size, digest = row.split("\t")
        flow = flow.split("--")[0]
        total += 1
        got = found.get(flow)
        if got == (int(size), digest, 0):
            exact += 1
        elif name in PADDED and (int(size) - (got[0] if got else 0)) in PADDING:
            pass
        else:
            bad += 1
            print(f"{name}: {flow}: wanted {size} {digest[:12]}, got {got}")
print(f"{total} streams, {exact} exact, {bad} differ")
sys.exit(1 if bad or exact < 160 else 0)
