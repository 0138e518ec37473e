#!/bin/bash
# Claims: a capture that has both sides of a real nginx proxy warns once, at the end, with the share and the two servers; one of
# two servers that are asked the same popular request over and over does not, nor does one of the proxy's front alone.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/capture_kit.sh"
need_capture
back=$(free_port)
start_nginx "$back"
front=$(free_port)
mkdir -p "$work/proxy/tmp"
cat >"$work/proxy/nginx.conf" <<CONFIG
daemon off;
worker_processes 1;
pid $work/proxy/pid;
error_log $work/proxy/error.log;
user root;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $work/proxy/tmp/a; proxy_temp_path $work/proxy/tmp/b; fastcgi_temp_path $work/proxy/tmp/c;
    uwsgi_temp_path $work/proxy/tmp/d; scgi_temp_path $work/proxy/tmp/e;
    server { listen 127.0.0.1:$front; location / { proxy_pass http://127.0.0.1:$back; } }
}
CONFIG
nginx -p "$work/proxy" -c "$work/proxy/nginx.conf" 2>"$work/proxy/start.err" &
proxy_pid=$!
on_exit "kill $proxy_pid 2>/dev/null; wait $proxy_pid 2>/dev/null"
wait_for_port "$front"
"$REHEARSE" capture -i lo -p 1 -o "$work/x" --new-key-file "$work/key" --duration 1ms >/dev/null 2>&1

# ask PATH ADDRESS:PORT...: four clients an address, 100 requests each; N in the path becomes a number.
ask() {
    python3 - "$@" <<'PYTHON'
import http.client, sys, threading
def client(address, first):
    connection = http.client.HTTPConnection(address, timeout=20)
    for number in range(first, first + 100):
        connection.request("GET", sys.argv[1].replace("N", str(number)))
        connection.getresponse().read()
threads = [threading.Thread(target=client, args=(address, 1000 * i + 10000 * k))
           for k, address in enumerate(sys.argv[2:]) for i in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
PYTHON
}

start_capture "$work/both" -i lo -p "$front,$back"
ask "/file?n=N" "127.0.0.1:$front"
stop_capture
grep -cE "warning: (9[0-9]|100)% of the requests to 127.0.0.1:$front were seen again to 127.0.0.1:$back within them" \
    "$work/capture.err" | grep -qx 1 || { cat "$work/capture.err"; fail "two hops are not warned of, or not once"; }

start_capture "$work/plain" -i lo -p "$back"
ask "/file" "127.0.0.1:$back" "127.0.0.2:$back"
stop_capture
if grep -q "seen again" "$work/capture.err"; then fail "popular requests to two servers are warned of"; fi

start_capture "$work/front" -i lo -p "$front,$back" --server "127.0.0.1:$front"
ask "/file?n=N" "127.0.0.1:$front"
stop_capture
if grep -q "seen again" "$work/capture.err"; then fail "one hop is warned of"; fi
[ "$("$REHEARSE" inspect "$work/front" --format json | wc -l)" = 400 ] || fail "not the 400 of the front"
