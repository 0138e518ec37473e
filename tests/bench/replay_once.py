#!/usr/bin/env python3
"""Runs one closed-loop replay and prints requests/s (from the first intended instant to the last answer) and requests per
CPU-second (of the whole program: survey, reading, firing, storing, report)."""
import json
import os
import subprocess
import sys

program, traffic, target, run = sys.argv[1:5]
child = subprocess.Popen([program, "replay", "-q", traffic, "--target", target, "--speed", "max", "--concurrency", "64", "-o", run],
                         stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
report = json.loads(subprocess.run([program, "report", "-q", "--format", "json", run], stdout=subprocess.PIPE).stdout)
answered = report["totals"]["answered"]
seconds = report["run"]["elapsed_us"] / 1e6
if answered != report["ledger"]["read"]:
    sys.exit(f"only {answered} of {report['ledger']['read']} were answered")
print(f"{answered / seconds:.1f} {answered / (usage.ru_utime + usage.ru_stime):.1f}")
