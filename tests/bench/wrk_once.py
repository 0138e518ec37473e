#!/usr/bin/env python3
"""Runs wrk for a few seconds and prints requests/s and requests per CPU-second."""
import os
import re
import subprocess
import sys

child = subprocess.Popen(["wrk", "-t1", "-c64", "-d3s", sys.argv[1]], stdout=subprocess.PIPE, text=True)
text = child.stdout.read()
_, status, usage = os.wait4(child.pid, 0)
requests = int(re.search(r"(\d+) requests in", text).group(1))
rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1))
print(f"{rate:.1f} {requests / (usage.ru_utime + usage.ru_stime):.1f}")
