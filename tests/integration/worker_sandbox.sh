#!/bin/bash
# Claims, on the release preset: in the worker that parses packets, programs, processes, sockets, sending packets, ptrace, signals to others
# and files outside the folder are refused with EPERM or EACCES, it has no capability in any set, no_new_privs, a seccomp filter and no core dump; begun
# segments are still sealed and new ones begun; its share of the processor is its own, and the least; reading files is locked in the same way. --user NAME is who both processes are.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
if ! case ${REHEARSE_BUILD##*/} in release) true ;; *) false ;; esac; then
    (cd "$REHEARSE_SOURCE" && cmake --preset release && cmake --build --preset release --target rehearse) >"$work/build" 2>&1 ||
        { tail "$work/build" >&2; fail "the release preset does not build"; }
    REHEARSE=$REHEARSE_SOURCE/build/release/rehearse
fi
need_capture
port=$(free_port)
start_nginx "$port"
"$REHEARSE" capture -i lo -p "$port" -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

# refusals FILE: every attempt was refused, by the right error.
refusals() {
    grep -q '^sandbox: execve: EPERM' "$1" || { cat "$1" >&2; fail "execve was not tried"; }
    if grep '^sandbox:' "$1" | grep -vE '(EPERM|EACCES)$'; then fail "the sandbox let something through"; fi
    [ "$(grep -c '^sandbox:' "$1")" -ge 9 ] || fail "not everything was tried"
}

# What the worker may take of the processor while it has little to do. Without autogroups the kernel has no such file.
courtesy() { [ ! -e "/proc/$1/autogroup" ] || sed 's/.* nice //' "/proc/$1/autogroup"; }

get() { curl -sS -m 10 -o /dev/null "http://127.0.0.1:$port/file?$1"; }
start_capture "$work/traffic" -i lo -p "$port" --ledger "$work/ledger.json" --check-sandbox
worker=$(pgrep -P $capture_pid)
for line in "CapInh:0000000000000000" "CapPrm:0000000000000000" "CapEff:0000000000000000" "CapAmb:0000000000000000" \
    "CapBnd:0000000000000000" "NoNewPrivs:1" "Seccomp:2"; do
    tr -d '\t' <"/proc/$worker/status" | grep -qx "$line" || [ "$(id -u)" != 0 ] ||
        fail "the worker's status does not say $line: $(grep "${line%%:*}" "/proc/$worker/status")"
done
grep -qE '^Max core file size +0 +0 ' "/proc/$worker/limits" || fail "core dumps are not off"
get 1
sleep 0.3
case $(courtesy "$worker") in 19 | "") ;; *) fail "the worker takes as much of the processor as the server: $(cat "/proc/$worker/autogroup")" ;; esac
[ "$(cat "/proc/$worker/autogroup" 2>&1)" != "$(cat /proc/$$/autogroup 2>&1)" ] || [ -z "$(courtesy $$)" ] || fail "the worker shares our group"
kill -HUP $capture_pid
for i in $(seq 100); do [ "$(ls "$work/traffic" | grep -c '\.seg$')" = 1 ] && break; sleep 0.1; done
get 2
stop_capture
refusals "$work/capture.out"
grep -q '^sandbox: send a packet: EPERM' "$work/capture.out" || fail "the packet socket sends: $(cat "$work/capture.out")"
[ "$(ls "$work/traffic" | grep -c '\.seg$')" = 2 ] || fail "no segment was sealed or begun in the sandbox: $(ls "$work/traffic")"
"$REHEARSE" verify "$work/traffic" >/dev/null
[ "$("$REHEARSE" inspect "$work/traffic" --format json | wc -l)" = 2 ] || fail "not two exchanges"
grep -q '"balances": true' "$work/ledger.json" || fail "no ledger from the sandbox"
[ ! -e /tmp/rehearse-sandbox ] || fail "a file outside the folder was created"

if [ "$(id -u)" = 0 ] && id nobody >/dev/null 2>&1 && setpriv --reuid=nobody --clear-groups --inh-caps=-all -- test -x "$REHEARSE"; then
    chmod 755 "$work"; mkdir -m 700 "$work/nobody"; chown nobody "$work/nobody"
    "$REHEARSE" capture -i lo -p "$port" -o "$work/nobody/traffic" --user nobody --check-sandbox --duration 60s >"$work/out" 2>"$work/err" &
    pid=$!
    for i in $(seq 100); do grep -q 'listening on' "$work/err" && break; sleep 0.1; done
    [ "$(awk '/^Uid/ {print $2 $3 $4 $5}' "/proc/$(pgrep -P $pid)/status")" = "$(id -u nobody)$(id -u nobody)$(id -u nobody)$(id -u nobody)" ] ||
        fail "the worker is not the user"
    [ "$(awk '/^CapEff/ {print $2}' "/proc/$pid/status")" = 0000000000002000 ] || fail "the parent has other rights than CAP_NET_RAW"
    get 3
    kill -INT $pid
    wait $pid || fail "--user nobody: $(cat "$work/err")"
    refusals "$work/out"
    [ "$("$REHEARSE" inspect "$work/nobody/traffic" --format json | wc -l)" = 1 ] || fail "nothing is recorded as another user"
fi

tcpdump -q -i lo -w "$work/some.pcap" -c 8 "tcp port $port" 2>/dev/null &
dump=$!
sleep 0.5
get 4
wait $dump
check_status 0 "$REHEARSE" capture -r "$work/some.pcap" -o "$work/files" --check-sandbox
refusals "$work/out"
[ "$("$REHEARSE" inspect "$work/files" --format json | wc -l)" = 1 ] || fail "nothing is recorded from the file"
echo "what parses packets can do nothing else"
