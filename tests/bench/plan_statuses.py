#!/usr/bin/env python3
"""Reads `inspect --format json` and writes what nginx must answer for a replay to find every status as recorded but for COUNT:

    plan_statuses.py COUNT FILE

FILE is a map of request targets to statuses, without those of 200. Prints how many were planted: 500 instead of 200."""
import json
import sys

count, path = int(sys.argv[1]), sys.argv[2]
planned, plain = {}, []
for line in sys.stdin:
    exchange = json.loads(line)
    if exchange["status"] == 200:
        plain.append(exchange["path"])
    else:
        planned[exchange["path"]] = exchange["status"]
planted = [plain[i * len(plain) // count] for i in range(min(count, len(plain)))]
planned.update((target, 500) for target in planted)
with open(path, "w") as out:
    for target, status in planned.items():
        out.write(f'"{target}" {status};\n')
print(len(planted))
