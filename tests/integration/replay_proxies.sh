#!/bin/bash
# Claims: a replay goes through HTTP proxies (tinyproxy: forwarding, CONNECT, user and password; one behind TLS), through SOCKS
# 5 (microsocks: with an address and with a name, user and password) and SOCKS 4 and 4a: all requests arrive through it, once
# each, and only the proxy is connected to. What a proxy refuses, or is not there, is a failure with that reason. Guards
# look at the proxy, and at the target as far as it is known here. A client certificate is shown where the target asks
# for one, and without it, or with one that is not trusted, the failure or refusal of the target is seen.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
proxies="$REHEARSE_SOURCE/tests/integration/proxies.py"
plain=$(free_port) tls=$(free_port) mutual=$(free_port)
ca() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -out "$work/$1.pem" -days 2 "${@:2}" 2>/dev/null; }
ca server -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1
ca clients -subj /CN=clients
ca strangers -subj /CN=strangers
for who in clients strangers; do
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/of-$who.key" -out "$work/of-$who.csr" -subj /CN=replayer 2>/dev/null
    openssl x509 -req -in "$work/of-$who.csr" -CA "$work/$who.pem" -CAkey "$work/$who.key" -CAcreateserial -days 2 -out "$work/of-$who.pem" 2>/dev/null
done
cat "$work/of-clients.pem" "$work/of-clients.key" >"$work/both.pem"
mkdir "$work/nginx"
chmod 755 "$work" "$work/nginx"
cat >"$work/nginx.conf" <<CONF
daemon off; worker_processes 1; pid $work/nginx.pid; error_log $work/nginx.err;
events { worker_connections 1024; }
http {
    log_format seen '\$request_method \$request_uri \$status \$host \$http_x_number \$ssl_client_s_dn';
    access_log $work/seen.log seen;
    client_body_temp_path $work/nginx/body; proxy_temp_path $work/nginx/proxy; fastcgi_temp_path $work/nginx/fastcgi;
    uwsgi_temp_path $work/nginx/uwsgi; scgi_temp_path $work/nginx/scgi;
    ssl_certificate $work/server.pem; ssl_certificate_key $work/server.key;
    server { listen 127.0.0.1:$plain http2; listen 127.0.0.1:$tls ssl http2; location / { return 200 ok; } }
    server { listen 127.0.0.1:$mutual ssl; ssl_client_certificate $work/clients.pem; ssl_verify_client on; location / { return 200 ok; } }
}
CONF
sed -i "s/listen 127.0.0.1:$plain http2/listen 127.0.0.1:$plain/" "$work/nginx.conf"
nginx -c "$work/nginx.conf" 2>"$work/nginx.start" &
nginx=$!
on_exit "kill $nginx 2>/dev/null"
wait_for_port "$plain"
python3 - "$REHEARSE_SOURCE/tests/integration" <<'PY' | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic" --unsanitized
import sys
sys.path.insert(0, sys.argv[1])
from replay_server import answer_of, exchange
for number in range(40):
    answer, content = answer_of(200, b"ok")
    head = b"GET /a?n=%d HTTP/1.1\r\nHost: shop\r\nX-Number: %d\r\n\r\n" % (number, number)
    exchange(sys.stdout.buffer, number * 1000, number % 4, 200, head, b"", b"", answer, content, 100000)
PY

fire() { # fire STATUS OPTION...: with the report in $work/out
    local wanted=$1
    shift
    rm -rf "$work/run"
    : >"$work/seen.log"
    check_replay "$wanted" timeout 60 "$REHEARSE" replay "$work/traffic" -o "$work/run" --quiet --ca-file "$work/server.pem" --abort-if off "$@"
}
arrived() { # arrived HOST: all 40, once each, for that host
    [ "$(wc -l <"$work/seen.log")" = 40 ] || fail "$1: $(wc -l <"$work/seen.log") arrived"
    [ "$(cut -d' ' -f1-5 "$work/seen.log" | sort -u | grep -c "^GET /a?n=[0-9]* 200 $1 [0-9]*$")" = 40 ] || { head -3 "$work/seen.log" >&2; fail "$1: not what was recorded"; }
}
failed() { # failed KIND REASON: all 40 of KIND, and the reason is given
    grep -qE "^ +$1 +40 +after .* $2" "$work/out" || { grep -A6 '^Failures' "$work/out" >&2; fail "not 40 of $1, $2"; }
    [ ! -s "$work/seen.log" ] || fail "requests arrived all the same"
}
serve() { # serve PORT COMMAND...
    local port=$1
    shift
    "$@" >"$work/proxy.out" 2>&1 &
    on_exit "kill $! 2>/dev/null"
    wait_for_port "$port"
}

# tinyproxy
http=$(free_port)
printf 'Port %s\nListen 127.0.0.1\nTimeout 60\nMaxClients 100\nLogFile "%s"\nLogLevel Connect\nBasicAuth me s3cret:x\nAllow 127.0.0.1\nConnectPort %s\nDisableViaHeader Yes\n' \
    "$http" "$work/tinyproxy.log" "$tls" | sed 's/s3cret:x/s3cret/' >"$work/tinyproxy.conf"
serve "$http" tinyproxy -d -c "$work/tinyproxy.conf"
fire 0 --target "http://127.0.0.1:$plain" --proxy "http://me:s3cret@127.0.0.1:$http"
arrived 127.0.0.1
grep -q "sender: libcurl .*through http://127.0.0.1:$http" "$work/out" || fail "the report does not name the proxy"
# A request that meets a connection which the proxy has just closed is sent again, and counts again.
grep -qE 'in (4[0-9]|[5-7][0-9]|80) requests: the target was sent in absolute form' "$work/out" || fail "the absolute form is not listed"
! grep -rq s3cret "$work/out" "$work/run/run.json" || fail "the password stands in the run"
grep -c 'Request.*GET http' "$work/tinyproxy.log" | grep -qx 40 || fail "tinyproxy did not forward 40"
fire 0 --target "https://localhost:$tls" --proxy "me:s3cret@127.0.0.1:$http"
arrived localhost
grep -q "CONNECT localhost:$tls" "$work/tinyproxy.log" || fail "no tunnel"
fire 0 --target "https://localhost:$tls" --proxy "http://me:s3cret@127.0.0.1:$http" --http2 --connections 3 --speed max
arrived localhost
fire 5 --target "https://localhost:$tls" --proxy "http://me:wrong@127.0.0.1:$http"
failed connect_failed 'the proxy wants a user and password'
fire 5 --target "https://localhost:$mutual" --proxy "http://me:s3cret@127.0.0.1:$http" # no such ConnectPort
failed connect_failed 'the proxy forbids the target'

# microsocks
socks=$(free_port)
serve "$socks" microsocks -i 127.0.0.1 -p "$socks" -u me -P s3cret
for kind in socks5 socks5h; do
    fire 0 --target "http://localhost:$plain" --proxy "$kind://me:s3cret@127.0.0.1:$socks"
    arrived localhost
done
fire 0 --target "https://localhost:$tls" --proxy "socks5h://me:s3cret@127.0.0.1:$socks" --http2
arrived localhost
fire 5 --target "http://localhost:$plain" --proxy "socks5://me:wrong@127.0.0.1:$socks"
failed connect_failed 'the proxy wants another user and password'
fire 5 --target "http://127.0.0.1:$(free_port)" --proxy "socks5://me:s3cret@127.0.0.1:$socks"
failed connect_refused 'refused, says the proxy'

# SOCKS 4 and 4a; a proxy behind TLS; proxies that fail
socks4=$(free_port) https=$(free_port) refusing=$(free_port)
serve "$socks4" python3 "$proxies" socks4 "$socks4" "$work/ways"
fire 0 --target "http://127.0.0.1:$plain" --proxy "socks4://127.0.0.1:$socks4"
arrived 127.0.0.1
sort -u "$work/ways" | grep -qx "socks4 127.0.0.1:$plain" || fail "socks4 was told $(cat "$work/ways")"
fire 0 --target "http://shop.invalid:$plain" --proxy "socks4a://127.0.0.1:$socks4"
arrived shop.invalid
sort -u "$work/ways" | grep -qx "socks4a shop.invalid:$plain" || fail "socks4a was told $(cat "$work/ways")"
check_status 0 "$REHEARSE" replay "$work/traffic" --dry-run --target "http://shop.invalid:$plain" --proxy "socks4a://127.0.0.1:$socks4"
grep -q 'shop.invalid.*the proxy is to, and nothing compares' "$work/err" || fail "no warning of a target that is not known"
serve "$https" python3 "$proxies" https "$https" "$work/ways" "$work/server.pem" "$work/server.key"
fire 0 --target "https://localhost:$tls" --proxy "https://localhost:$https"
arrived localhost
serve "$refusing" python3 "$proxies" refuse "$refusing" "$work/ways" 502
fire 5 --target "https://localhost:$tls" --proxy "http://127.0.0.1:$refusing"
failed connect_failed 'the proxy could not reach the target \(502\)'
fire 5 --target "http://127.0.0.1:$plain" --proxy "http://127.0.0.1:$(free_port)"
grep -qE '^ +connect_refused +40' "$work/out" || fail "a proxy that is not there"

# guards
check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$plain" --proxy 127.0.0.2:9 --production 127.0.0.2 -o "$work/guard"
one_error_line '--proxy: the target is production'
check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://shop.invalid" --proxy socks5h://127.0.0.2:9 --production shop.invalid -o "$work/guard"
check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$plain" --proxy 127.0.0.2:9 --production 127.0.0.1 -o "$work/guard"
one_error_line 'the target is production'

# client certificates
fire 0 --target "https://localhost:$mutual" --cert "$work/of-clients.pem" --key "$work/of-clients.key"
arrived localhost
[ "$(grep -c 'CN=replayer$' "$work/seen.log")" = 40 ] || fail "the target did not see the certificate"
grep -q 'with a client certificate' "$work/out" || fail "the report does not say that a certificate was shown"
fire 0 --target "https://localhost:$mutual" --cert "$work/both.pem" --threads 2
arrived localhost
for shown in "--sender curl" "--cert $work/of-strangers.pem --key $work/of-strangers.key"; do
    fire 1 --target "https://localhost:$mutual" $shown
    grep -qE '^200 +400 +40 +worse' "$work/out" || fail "$shown: nginx let it in"
done
fire 2 --target "https://localhost:$mutual" --cert "$work/of-clients.pem" --key "$work/of-strangers.key"
one_error_line 'of-strangers.key: no private key .* belongs to .*of-clients.pem'
fire 2 --target "https://localhost:$mutual" --cert "$work/of-clients.key"
one_error_line 'of-clients.key: no certificate in PEM'
