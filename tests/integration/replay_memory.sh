#!/bin/bash
# Claims: what a replay takes of memory does not grow with the traffic: as much of a folder twenty times as large is fired in as little, at a rate, in a closed loop and by several threads.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1 ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}quarantine_size_mb=1"
make_traffic="$REHEARSE_BUILD/tests/tools/make_traffic"
"$make_traffic" "$work/small" --count 20000 --connections 200 --gap-us 500 --server 8080
"$make_traffic" "$work/large" --count 400000 --connections 4000 --gap-us 500 --server 8080
port=$(free_port)
python3 "$REHEARSE_SOURCE/tests/integration/replay_self_check.py" serve "$port" 0 &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"

# peak FOLDER OPTION...: prints the most that the replay took, in KiB
peak() {
    python3 - "$REHEARSE" replay "$work/$1" --target "http://127.0.0.1:$port" -o "$work/run" --quiet --count 2000 "${@:2}" <<'PY'
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
assert status in (0, 1, 4, 5), status
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
PY
    rm -rf "$work/run"
}

for how in "--rate 4000" "--speed max --concurrency 8" "--rate 4000 --threads 3"; do
    small=$(peak small $how)
    large=$(peak large $how)
    echo "$how: $small KiB of 20,000 exchanges, $large KiB of 400,000"
    [ "$large" -lt $((small + small / 4 + 8192)) ] || fail "$how: $large KiB instead of $small"
done
