#!/usr/bin/env python3
"""Runs one closed-loop replay and prints requests/s (over the firing time that the report gives) and requests per CPU-second."""
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
seconds = report["run"]["fired_seconds"]
print(f"{answered / seconds:.1f} {answered / (usage.ru_utime + usage.ru_stime):.1f}")
