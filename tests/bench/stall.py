"""stall.py queue REPORT LOG RATE BEGIN END   the response times reported beside those of a queue that was frozen from BEGIN to END (wall
                                            clock, seconds) and then served at the rate that LOG ($msec a line) shows
   stall.py connects REPORT BEGIN END       the connect times reported"""
import json
import math
import sys


def quantile(values, share):
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def queue(report_path, log_path, rate, begin, end):
    report = json.load(open(report_path))
    done = sorted(float(line) for line in open(log_path))
    count, frozen = len(done), end - begin
    after = [at for at in done if at >= end - 0.001]
    for served, at in enumerate(after, 1):  # until as many were served as have come since the freeze began
        if served >= (at - begin) * rate:
            break
    drained, drain_rate = at - end, served / max(0.001, at - end)
    felt = []
    for k in range(count):
        came = k / rate  # the freeze is put at 0 after the first third, where it was does not matter
        since = came - count / rate / 3
        place = since * rate
        felt.append(frozen - since + place / drain_rate if 0 <= since <= frozen + drained else 0)
    for name, share in (("p99", 0.99), ("max", 1)):
        expected, reported = 1000 * quantile(felt, share), report["response"][name] / 1000
        print(f"{name} {reported:.1f} ms, expected {expected:.1f} ({100 * (reported / expected - 1):+.2f} %)", end="; ")
    print(f"frozen {1000 * frozen:.1f} ms, served {drain_rate:.0f}/s after it; {report['totals']['answered']} answered,"
          f" send lag p99 {report['send_lag_us']['p99'] / 1000:.2f} ms, {report['verdict']}")


def connects(report_path, begin, end):
    report = json.load(open(report_path))
    connect, response = report["connect"], report["response"]
    if connect["count"] == 0:
        print("each connection was there before its request: at this rate the backlog has room", end="; ")
    else:
        print(f"{connect['count']} requests waited for their connection: p50 {connect['p50'] / 1000:.2f}, p99 {connect['p99'] / 1000:.0f},"
              f" max {connect['max'] / 1000:.0f} ms", end="; ")
    print(f"response p99 {response['p99'] / 1000:.0f}, max {response['max'] / 1000:.0f} ms; frozen {1000 * (end - begin):.1f} ms;"
          f" {report['totals']['answered']} answered, {report['totals']['failed']} failed")


if sys.argv[1] == "queue":
    queue(sys.argv[2], sys.argv[3], *(float(one) for one in sys.argv[4:]))
else:
    connects(sys.argv[2], *(float(one) for one in sys.argv[3:]))
