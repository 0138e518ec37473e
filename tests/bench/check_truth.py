#!/usr/bin/env python3
"""Compares `inspect --format json` on standard input with make_pcap's truth: every exchange, every field."""
import json
import sys

wrong = 0
seen = 0
with open(sys.argv[1]) as truth:
    for line, row in zip(sys.stdin, truth):
        got = json.loads(line)
        time_ns, method, path, status, request_bytes, response_bytes = row.rstrip("\n").split("\t")
        want = (int(time_ns), method, path, int(status), int(request_bytes), int(response_bytes))
        have = (got["times_ns"][0], got["method"], got["path"], got["status"], got["request_body_bytes"], got["response_body_bytes"])
        seen += 1
        if want != have:
            wrong += 1
            if wrong <= 5:
                print("wanted", want, "got", have)
    left = sum(1 for _ in truth) + sum(1 for _ in sys.stdin)
print(f"{seen} exchanges compared, {wrong} wrong, {left} without a partner")
sys.exit(1 if wrong or left else 0)
