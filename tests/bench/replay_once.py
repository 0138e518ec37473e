#!/usr/bin/env python3
"""Runs one closed-loop replay and prints requests/s (from the first intended instant to the last answer) and requests per
CPU-second (of the whole program: survey, reading, firing, storing, report).

    replay_once.py PROGRAM TRAFFIC TARGET RUN PLANTED [OPTION...]

Fails where not all were answered, where nginx counts (http://.../count) something else than the results stored, or where other than
PLANTED statuses changed."""
import json
import os
import re
import subprocess
import sys
import urllib.request

program, traffic, target, run, planted = sys.argv[1:6]
counter = os.environ.get("COUNTER", target) + "/count"


def counted():
    """Requests that nginx has begun to answer, this one included."""
    with urllib.request.urlopen(counter) as answer:
        return int(re.search(r"\n *\d+ +\d+ +(\d+)", answer.read().decode()).group(1))


before = counted()
child = subprocess.Popen([program, "replay", "-q", traffic, "--target", target, "--speed", "max", "--concurrency", "64", "-o", run, *sys.argv[6:]],
                         stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
arrived = counted() - before - 1
report = json.loads(subprocess.run([program, "report", "-q", "--format", "json", run], stdout=subprocess.PIPE).stdout)
answered, read = report["totals"]["answered"], report["ledger"]["read"]
seconds = report["run"]["elapsed_us"] / 1e6
if answered != read:
    sys.exit(f"only {answered} of {read} were answered")
if arrived != answered:
    sys.exit(f"nginx counted {arrived} requests, {answered} results are stored")
if report["totals"]["status_changed"] != int(planted):
    sys.exit(f"{report['totals']['status_changed']} statuses changed, {planted} were planted")
print(f"{answered / seconds:.1f} {answered / (usage.ru_utime + usage.ru_stime):.1f}")
