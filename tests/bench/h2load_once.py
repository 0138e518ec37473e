#!/usr/bin/env python3
"""Runs h2load on 64 connections and prints requests/s and requests per CPU-second: h2load_once.py URL REQUESTS [OPTION...]; --h1 has it
use HTTP/1.1."""
import os
import re
import subprocess
import sys

child = subprocess.Popen(["h2load", *sys.argv[3:], "-t1", "-c64", "-n", sys.argv[2], sys.argv[1]], stdout=subprocess.PIPE, text=True)
text = child.stdout.read()
_, status, usage = os.wait4(child.pid, 0)
requests = int(re.search(r"(\d+) succeeded", text).group(1))
rate = float(re.search(r"finished in .*, ([\d.]+) req/s", text).group(1))
print(f"{rate:.1f} {requests / (usage.ru_utime + usage.ru_stime):.1f}")
