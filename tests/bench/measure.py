#!/usr/bin/env python3
"""Runs commands in turn, several rounds, and prints for each the median wall time, CPU time and peak memory, and the ratio
to the first (the median of the ratios round by round, so that a machine that drifts does not decide).

    measure.py [-n ROUNDS] NAME=COMMAND [NAME=COMMAND ...]

Each COMMAND is given to `sh -c`; what it prints goes nowhere; a command that fails ends the measurement. A process inherits
the peak memory of the one it was forked from, so peaks below this script's own are only known to be below it ("<")."""
import os
import resource
import statistics
import subprocess
import sys
import time


def run(command):
    started = time.monotonic()
    child = subprocess.Popen(["sh", "-c", command], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    if status != 0:
        sys.exit(f"failed: {command}\n{message.decode(errors='replace')}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    arguments = sys.argv[1:]
    rounds = 5
    if arguments[:1] == ["-n"]:
        rounds = int(arguments[1])
        arguments = arguments[2:]
    commands = [argument.split("=", 1) for argument in arguments]
    figures = {name: [] for name, _ in commands}
    for name, command in commands:
        run(command)  # warm-up: caches, pages
    for _ in range(rounds):
        for name, command in commands:
            figures[name].append(run(command))
    first = figures[commands[0][0]]
    own_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'':24} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9} {'wall ratio':>11} {'cpu ratio':>10}   (median of {rounds})")
    for name, _ in commands:
        wall, cpu, memory = (statistics.median(column) for column in zip(*figures[name]))
        wall_ratio = statistics.median(mine[0] / base[0] for mine, base in zip(figures[name], first))
        cpu_ratio = statistics.median(mine[1] / base[1] if base[1] else 0 for mine, base in zip(figures[name], first))
        peak = f"{memory:.1f}" if memory > own_mib else f"<{own_mib:.1f}"
        print(f"{name:24} {wall:8.3f} {cpu:8.3f} {peak:>9} {wall_ratio:11.2f} {cpu_ratio:10.2f}")


main()
