#!/usr/bin/env python3
"""Holds `capture -r` of the http-evader captures against their list.

usage: evader_oracle.py PROGRAM PCAPS EXPECTED WORK

Captures are read in batches (a file for each connection; starting the program costs more than reading one). A batch that fails
is run again file by file, to say which one it was.
"""
import csv
import json
import os
import subprocess
import sys

program, pcaps, expected, work = sys.argv[1:5]
BATCH = 44
failures = []


def complain(name, text):
    failures.append(name)
    print(f"{name}: {text}")


def path_of(row):
    return f"{pcaps}/{row['case']}.pcap"


def run(rows, *arguments):
    files = [argument for row in rows for argument in ("-r", path_of(row))]
    return subprocess.run([program, "capture", *files, *arguments], capture_output=True, text=True, timeout=300, check=False)


def run_or_name(rows, *arguments):
    done = run(rows, *arguments)
    if done.returncode == 0:
        return done.stdout
    for row in rows:
        alone = run([row], *arguments)
        if alone.returncode != 0:
            complain(row["case"], f"ends with {alone.returncode}: {alone.stderr[-300:]}")
    complain("batch", f"from {rows[0]['case']} ends with {done.returncode}: {done.stderr[-300:]}")
    return ""


def check_digests(rows):
    found = {"request": set(), "response": set()}
    for line in run_or_name(rows, "--stream-digests").splitlines():
        _, side, size, digest, gap = line.split("\t")
        found[side].add((size, digest, gap))
    for row in rows:
        for side, who in (("request", "client"), ("response", "server")):
            wanted = (row[f"{who}_bytes"], row[f"{who}_stream_sha256"], "0")
            if int(wanted[0]) and wanted not in found[side]:
                complain(row["case"], f"no {side} stream of {wanted[0]} bytes with its digest")


def check_exchanges(rows, folder):
    ledger = f"{folder}.ledger"
    run_or_name(rows, "-o", folder, "--unsanitized", "--ledger", ledger)
    shown = subprocess.run([program, "inspect", folder, "--format", "json"], capture_output=True, text=True, timeout=300,
                           check=False)
    exchanges = [json.loads(line) for line in shown.stdout.splitlines()]
    by_path = {exchange["path"]: exchange for exchange in exchanges}
    for row in rows:
        exchange = by_path.pop(row["uri"], None)
        if not exchange or exchange["method"] != "GET":
            complain(row["case"], f"{row['uri']} is not recorded")
        elif row["tshark_responses"] == "1" and str(exchange["status"]) != row["tshark_status"] \
                and not {"response.status", "interim"} & set(exchange["flags"]):
            complain(row["case"], f"status {exchange['status']} instead of {row['tshark_status']}, {exchange['flags']}")
    if by_path or len(exchanges) != len(rows):
        complain(rows[0]["case"], f"{len(exchanges)} exchanges of {len(rows)}; made up: {sorted(by_path)}")
    with open(ledger, encoding="utf-8") as file:
        counts = json.load(file)
    if not counts["balances"] or counts["bytes"]["gap"]:
        complain(rows[0]["case"], f"the ledger: {json.dumps(counts)}")


def main():
    with open(expected, encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if os.path.exists(path_of(row))]
    for first in range(0, len(rows), BATCH):
        check_digests(rows[first:first + BATCH])
        check_exchanges(rows[first:first + BATCH], f"{work}/{first}")
    print(f"{len(rows)} captures, {len(set(failures))} with complaints")
    return 1 if failures or len(rows) < 300 else 0


sys.exit(main())
