#!/usr/bin/env python3
"""Runs commands in turn, several rounds, and prints for each the median wall time, CPU time and peak memory, and the ratio
to the first (the median of the ratios round by round, so that a machine that drifts does not decide).

    measure.py [-n ROUNDS] [--tsv FILE] NAME=COMMAND [NAME=COMMAND ...]

Each COMMAND is given to `sh -c`; a part before "&&&" prepares it and is not measured. What it prints goes nowhere; a command
that fails ends the measurement. CPU counts every thread and every child that was waited for; the peak is that of the largest
process. FILE gets a line a name: name, wall s, CPU s, peak MiB, wall ratio, CPU ratio.

The command is started by a small process of its own, as a process inherits the peak memory of the one it was forked from."""
import os
import statistics
import subprocess
import sys

# Forks early and stays small: reads commands, one a line, and answers with wall, CPU and peak.
HELPER = r"""
import os, resource, sys, time
for line in sys.stdin:
    started = time.monotonic()
    child = os.posix_spawn("/bin/sh", ["sh", "-c", line.rstrip("\n")], os.environ,
                           file_actions=[(os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0)])
    _, status, usage = os.wait4(child, 0)
    print(status, time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, flush=True)
"""


def main():
    arguments = sys.argv[1:]
    rounds, table = 5, None
    while arguments and arguments[0].startswith("-"):
        if arguments[0] == "-n":
            rounds = int(arguments[1])
        elif arguments[0] == "--tsv":
            table = arguments[1]
        arguments = arguments[2:]
    commands = [argument.split("=", 1) for argument in arguments]
    helper = subprocess.Popen([sys.executable, "-I", "-S", "-c", HELPER], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True, bufsize=1)

    def run(command):
        before, _, measured = command.rpartition("&&&")
        if before:
            subprocess.run(["sh", "-c", before], check=True, stdout=subprocess.DEVNULL)
        helper.stdin.write("exec " + measured.strip() + "\n")
        status, wall, cpu, peak = helper.stdout.readline().split()
        if status != "0":
            sys.exit(f"failed: {measured}")
        return float(wall), float(cpu), float(peak)

    figures = {name: [] for name, _ in commands}
    for name, command in commands:
        run(command)  # warm-up: caches, pages
    for _ in range(rounds):
        for name, command in commands:
            figures[name].append(run(command))
    helper.stdin.close()
    helper.wait()
    first = figures[commands[0][0]]
    lines = []
    print(f"{'':28} {'wall s':>8} {'cpu s':>8} {'peak MiB':>9} {'wall ratio':>11} {'cpu ratio':>10}   (median of {rounds})")
    for name, _ in commands:
        wall, cpu, memory = (statistics.median(column) for column in zip(*figures[name]))
        wall_ratio = statistics.median(base[0] / mine[0] for mine, base in zip(figures[name], first))
        cpu_ratio = statistics.median(base[1] / mine[1] if mine[1] else 0 for mine, base in zip(figures[name], first))
        print(f"{name:28} {wall:8.3f} {cpu:8.3f} {memory:9.1f} {wall_ratio:11.2f} {cpu_ratio:10.2f}")
        lines.append("\t".join([name, *(f"{value:.6f}" for value in (wall, cpu, memory, wall_ratio, cpu_ratio))]))
    print("ratio: the first, divided by this one")
    if table:
        with open(table, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


main()
