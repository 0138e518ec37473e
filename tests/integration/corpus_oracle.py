#!/usr/bin/env python3
"""Records every capture of the corpus and compares what `inspect` shows with the ground truth beside it.

usage: corpus_oracle.py PROGRAM CORPUS EXCEPTIONS WORK
"""
import collections
import json
import os
import re
import subprocess
import sys

program, corpus, exceptions_file, work = sys.argv[1:5]
failures = []


def complain(name, text):
    failures.append(name)
    print(f"{name}: {text}")


def unescape(text):
    return re.sub(rb"\\x([0-9a-fA-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())


def member_bytes(exchange, member):
    value = exchange.get(member) or ""
    return value.encode("latin-1" if member in exchange.get("bytes", []) else "utf-8", "surrogateescape")


def nanoseconds(text):
    if not text:
        return None
    seconds, _, part = text.partition(".")
    return int(seconds) * 10**9 + int((part + "000000000")[:9])


def target_of(row):
    """The whole target: tshark ends it at its first space, what is behind stands before the version."""
    rest, _, version = row["proto"].rpartition(" ")
    return f"{row['uri']} {rest}" if rest and version.startswith("HTTP/") else row["uri"]


def read_expected(name):
    with open(f"{corpus}/{name}.expected.tsv", encoding="utf-8", newline="\n") as file:
        lines = file.read().split("\n")
    header = lines[0].split("\t")
    return [dict(zip(header, line.split("\t"))) for line in lines[1:] if line and not line.startswith("#")]


def run(*arguments):
    return subprocess.run([program, *arguments], capture_output=True, timeout=120, check=False)


def record(name, path):
    folder, ledger = f"{work}/{name}", f"{work}/{name}.ledger"
    done = run("capture", "-r", path, "-o", folder, "--unsanitized", "--ledger", ledger)
    if done.returncode != 0:
        complain(name, f"capture ended with {done.returncode}: {done.stderr.decode()[-300:]}")
        return None, None
    shown = run("inspect", folder, "--format", "json")
    with open(ledger, encoding="utf-8") as file:
        counts = json.load(file)
    if shown.returncode != 0 and counts["requests"]["recorded"] > 0:
        complain(name, f"inspect ended with {shown.returncode}: {shown.stderr.decode()[-300:]}")
        return None, None
    return [json.loads(line) for line in shown.stdout.decode().splitlines()], counts


def same(row, exchange, tolerance):
    """What differs between a row of truth and an exchange, or None."""
    times = exchange["times_ns"]
    checks = [
        ("method", row["method"].encode(), member_bytes(exchange, "method")),
        ("path", unescape(target_of(row)), member_bytes(exchange, "path")),
        ("host", unescape(row["host"]), member_bytes(exchange, "host")),
        ("status", int(row["status"]) if row["status"] else None, exchange["status"]),
    ]
    for what, wanted, got in checks:
        if wanted != got:
            return f"{what} {got!r} instead of {wanted!r}"
    for what, wanted, got in (("t_req_first", nanoseconds(row["t_req_first"]), times[0]),
                              ("t_resp_first", nanoseconds(row["t_resp_first"]), times[2])):
        if wanted is not None and abs(wanted - got) > tolerance:
            return f"{what} is {got - wanted} ns off"
    return None


def latencies_differ(row, exchange, tolerance):
    """What of ttfb = t_resp_first - t_req and latency = t_resp - t_req_first differs, or None.

    For a body that the connection's end ends, the tables have the time of the FIN, an exchange that of the last byte."""
    asked, answered = nanoseconds(row["t_req"]), nanoseconds(row["t_resp"])
    first, first_answered = nanoseconds(row["t_req_first"]), nanoseconds(row["t_resp_first"])
    if None in (asked, answered, first, first_answered) or exchange["ttfb_us"] is None or row["match"] == "salvage":
        return None
    for what, wanted in (("ttfb_us", max(0, first_answered - asked)), ("latency_us", answered - first)):
        names = {name.lower() for name, _ in exchange["response_headers"]}
        until_close = what == "latency_us" and not names & {"content-length", "transfer-encoding"}
        off = exchange[what] * 1000 - wanted
        if off > 2 * tolerance + 1000 or (off < -2 * tolerance - 1000 and not until_close):
            return f"{what} is {exchange[what]} instead of {wanted / 1000}"
    return None


def compare(name, rows, exchanges, judged_requests):
    tolerance = 1 if "nanosecond" in name else 1000
    free = list(enumerate(exchanges))
    connections = collections.defaultdict(list)
    for row in rows:
        best = None
        for place, (index, exchange) in enumerate(free):
            difference = same(row, exchange, tolerance)
            if difference is None:
                connections[row["tcp_stream"]].append((index, exchange["connection"]))
                difference = latencies_differ(row, exchange, tolerance)
                if difference:
                    complain(name, f"{row['method']} {row['uri'][:60]}: {difference}")
                del free[place]
                break
            if abs(exchange["times_ns"][0] - (nanoseconds(row["t_req_first"]) or 0)) <= tolerance:
                best = difference
        else:
            if judged_requests >= len(rows):
                complain(name, f"not found: {row['method']} {row['uri'][:60]} {row['status']} ({best})")
            continue
    for stream, found in connections.items():
        if found != sorted(found) or len({connection for _, connection in found}) != 1:
            complain(name, f"stream {stream}: not one connection in order")
    if len(exchanges) != judged_requests:
        complain(name, f"{len(exchanges)} exchanges, judged {judged_requests}")
    if judged_requests > len(rows):
        return
    for _, exchange in free:
        if judged_requests >= len(rows):
            complain(name, f"made up: {exchange['method']} {str(exchange['path'])[:60]} {exchange['status']}")


def count_of(ledger, member):
    value = ledger
    for part in member.split("."):
        value = value.get(part, 0) if isinstance(value, dict) else 0
    return value


def check(name, path, judged, exceptions):
    exchanges, ledger = record(name, path)
    if ledger is None:
        return
    if not ledger["balances"]:
        complain(name, f"the ledger does not balance: {json.dumps(ledger)}")
    rows = [row for row in read_expected(name) if row["method"]]
    if name in exceptions:
        lacks, member = exceptions[name]
        if not count_of(ledger, member):
            complain(name, f"lacks {lacks}, but {member} does not say so")
        known = {(row["method"].encode(), unescape(target_of(row))) for row in rows}
        for exchange in exchanges:
            if (member_bytes(exchange, "method"), member_bytes(exchange, "path")) not in known:
                complain(name, f"made up: {exchange['method']} {exchange['path']!r}")
        return
    source = judged.get(name) or judged["h1-chunked-gzip-multipart"]
    compare(name, rows, exchanges, int(source["requests"]))
    if ledger["responses"]["seen"] != int(source["final_responses"]):
        complain(name, f"{ledger['responses']['seen']} final responses, judged {source['final_responses']}")
    if ledger["requests"]["recorded"] != len(exchanges):
        complain(name, f"the ledger says {ledger['requests']['recorded']} recorded, inspect shows {len(exchanges)}")


def main():
    with open(f"{corpus}/judged.tsv", encoding="utf-8") as file:
        lines = file.read().splitlines()
    judged = {line.split("\t")[0]: dict(zip(lines[0].split("\t"), line.split("\t"))) for line in lines[1:]}
    exceptions = {}
    with open(exceptions_file, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line and not line.startswith("#"):
                name, lacks, member = line.split("\t")
                exceptions[name] = (lacks, member)
    captures = sorted(entry for entry in os.listdir(corpus) if entry.endswith((".pcap", ".pcapng")))
    if len(captures) < 60:
        complain("corpus", f"only {len(captures)} captures")
    for entry in captures:
        check(entry.rsplit(".", 1)[0], f"{corpus}/{entry}", judged, exceptions)
    for name in exceptions:
        if not any(entry.rsplit(".", 1)[0] == name for entry in captures):
            complain(name, "is an exception but no capture")
    print(f"{len(captures)} captures, {len(exceptions)} exceptions, {len(set(failures))} with complaints")
    return 1 if failures else 0


sys.exit(main())
