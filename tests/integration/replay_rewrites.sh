#!/bin/bash
# Claims: what --rewrite, --set-query, --remove-header and --set-header say is what a real nginx receives, by its own log, and
# nothing else changed; the report says which rewrite touched how many requests, and one that touched none is warned of. A
# pattern that explodes on a request keeps that request from being fired, counted by reason. Values of headers and parameters
# stand nowhere in the run's folder, the report or the messages. Wrong expressions end with 2, saying where they are wrong.
source "$(dirname "$0")/lib.sh"
export PYTHONDONTWRITEBYTECODE=1
secret=tok-5f2d91c07be84a

port=$(free_port)
back=$(free_port)
mkdir -p "$work/nginx/tmp"
cat >"$work/nginx/nginx.conf" <<CONFIG
daemon off;
worker_processes 1;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 256; }
http {
    client_body_temp_path $work/nginx/tmp; proxy_temp_path $work/nginx/tmp; fastcgi_temp_path $work/nginx/tmp;
    uwsgi_temp_path $work/nginx/tmp; scgi_temp_path $work/nginx/tmp;
    log_format parts escape=none '\$request|\$http_host|\$http_authorization|\$http_x_debug|\$http_referer|\$http_accept|\$request_body';
    server { listen 127.0.0.1:$back; access_log off; location / { return 200 "fine\n"; } }
    server { listen 127.0.0.1:$port; access_log $work/nginx/access.log parts;
             client_body_in_single_buffer on; client_body_buffer_size 64k;
             location / { proxy_pass http://127.0.0.1:$back; } }
}
CONFIG
nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>"$work/nginx/start.err" &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"

python3 - "$REHEARSE_SOURCE/tests/integration" >"$work/exchanges" <<'PYTHON'
import sys
sys.path.insert(0, sys.argv[1])
from replay_server import answer_of, exchange
answer, content = answer_of(200, b"fine\n")
for number in range(30):
    path = [b"/v1/users/%d?x=%%41&q=1" % number, b"/other/v1/?q=a&q=b", b"/deep/" + b"a" * 60 + b"!"][number % 3]
    body = b'{ "id": %d, "price" : 1.50, "hook": "http://prod.example/%d" }' % (number, number)
    head = (b"POST " + path + b" HTTP/1.1\r\nHost: shop.prod.example\r\nx-DEBUG: yes\r\nReferer: http://shop.prod.example/from\r\n"
            b"Accept: a/b,c;q=0.1\r\nContent-Type: application/json\r\n")
    head += [b"Content-Length: %d\r\n\r\n" % len(body), b"Transfer-Encoding: chunked\r\n\r\n"][number % 2]
    exchange(sys.stdout.buffer, number * 1000, number % 4, 200, head, body, b"", answer, content)
PYTHON
"$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic" --unsanitized <"$work/exchanges"

replay() { # replay WANTED OPTION...: into $work/run, fresh log
    local wanted=$1
    shift
    rm -rf "$work/run"
    : >"$work/nginx/access.log"
    check_replay "$wanted" timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" "$@"
}

replay 4 --rewrite 's#^/v1/users/(\d+)#/v2/accounts/$1#' --rewrite 's#^/nowhere#/x#' --set-query 'q=n&w' \
    --set-query "key=$secret-q" --remove-header X-Debug --set-header "Authorization: Bearer $secret" --speed 5
python3 - "$work/nginx/access.log" "127.0.0.1:$port" "$secret" <<'PYTHON' || fail "nginx received something else"
import sys
want = []
for number in range(30):
    path = ["/v2/accounts/%d?x=%%41&q=n%%26w" % number, "/other/v1/?q=n%26w", "/deep/" + "a" * 60 + "!?q=n%26w"][number % 3]
    body = '{ "id": %d, "price" : 1.50, "hook": "http://prod.example/%d" }' % (number, number)
    want.append("POST %s&key=%s-q HTTP/1.1|%s|Bearer %s|-|http://%s/from|a/b,c;q=0.1|%s" % (
        path, sys.argv[3], sys.argv[2], sys.argv[3], sys.argv[2], body))
got = open(sys.argv[1]).read().replace("|-|", "|-|").splitlines()
got = [line.replace("||", "|-|") for line in got]
assert sorted(got) == sorted(want), "\n".join(sorted(set(got) ^ set(want))[:4])
PYTHON
grep -q 'this rewrite matched no request: rewrite path s#^/nowhere#/x#' "$work/err" || fail "no warning of what never matched"
grep -q 'in 10 requests: rewrite path s#^/v1/users' "$work/out" || fail "the report does not say what was rewritten"
grep -q 'in 30 requests: set header Authorization$' "$work/out" || fail "the report does not say that a header was set"
check_status 4 "$REHEARSE" report "$work/run" --format json -o "$work/report.json"
python3 - "$work/report.json" <<'PYTHON' || fail "the report's settings"
import json, sys
rewrites = [(item["rule"], item["touched"]) for item in json.load(open(sys.argv[1]))["run"]["rewrites"]]
assert rewrites == [("rewrite path s#^/v1/users/(\\d+)#/v2/accounts/$1#", 10), ("rewrite path s#^/nowhere#/x#", 0), ("set query q", 30),
                    ("set query key", 30), ("remove header X-Debug", 30), ("set header Authorization", 30)], rewrites
PYTHON
"$REHEARSE_BUILD/tests/tools/dump_raw" "$work/run" "$work/dump" >"$work/dumped" || fail "the results cannot be read"
! grep -rqF "$secret" "$work/run" "$work/out" "$work/err" "$work/report.json" "$work/dump" || fail "a value was stored or printed"

# The third path of each three sends this pattern into endless backtracking.
for how in "--threads 2 --speed 5" "--connections 2" "--speed max --concurrency 3"; do
    replay 4 --rewrite 's#^/deep/(a+)+$#/b#' $how
    [ "$(wc -l <"$work/nginx/access.log")" = 20 ] || fail "what cannot be rewritten was fired"
    grep -q '10 unreplayable (rewrite_failed 10)' "$work/out" || { cat "$work/out"; fail "not counted by reason"; }
done

REHEARSE_REWRITE='s#^/v1/#/v3/#' replay 4 --speed 5
[ "$(grep -c 'POST /v3/users/' "$work/nginx/access.log")" = 10 ] || fail "a rewrite from the environment"
printf 'replay:\n  remove-header: [Referer, X-Debug]\n' >"$work/config.yaml"
replay 4 --config "$work/config.yaml" --speed 5
[ "$(grep -c '|||||a/b\||||a/b' "$work/nginx/access.log")" = 30 ] || { head -3 "$work/nginx/access.log"; fail "rewrites from the configuration"; }

# A policy: header, host, query and JSON, framing right in both forms; a rule on the command line comes after it.
cat >"$work/policy.yaml" <<POLICY
version: 1
rewrite:
  - path: s#^/other/#/another/#
  - host: s#^shop\.prod#shop.stage#
  - header: Authorization
    set: Bearer $secret
  - query: q
    replace: s#a#$secret#
  - json: \$.hook
    replace: s#//prod\.example/(\d+)#//stage.example/\$1/$secret#
  - json: \$.price
    set: 2.750
POLICY
replay 4 --policy "$work/policy.yaml" --rewrite 's#^/another/#/third/#' --speed 5
python3 - "$work/nginx/access.log" "$port" "$secret" <<'PYTHON' || fail "nginx received something else by the policy"
import sys
want = []
for number in range(30):
    path = ["/v1/users/%d?x=%%41&q=1" % number, "/third/v1/?q=%s&q=b" % sys.argv[3], "/deep/" + "a" * 60 + "!"][number % 3]
    body = '{ "id": %d, "price" : 2.750, "hook": "http://stage.example/%d/%s" }' % (number, number, sys.argv[3])
    want.append("POST %s HTTP/1.1|shop.stage.example|Bearer %s|yes|http://shop.stage.example/from|a/b,c;q=0.1|%s" % (
        path, sys.argv[3], body))
got = open(sys.argv[1]).read().splitlines()
assert sorted(got) == sorted(want), "\n".join(sorted(set(got) ^ set(want))[:4])
PYTHON
"$REHEARSE_BUILD/tests/tools/dump_raw" "$work/run" "$work/dump" >"$work/dumped"
! grep -rqF "$secret" "$work/run" "$work/out" "$work/err" "$work/dump" || fail "a value of the policy was stored or printed"
check_status 0 "$REHEARSE" policy --check "$work/policy.yaml"
printf 'version: 1\nrewrite:\n  - header: A\n    replace: s#(#%s#\n' "$secret" >"$work/bad.yaml"
printf 'version: 1\n' >"$work/none.yaml"

refuse() { # refuse PATTERN OPTION...
    local pattern=$1
    shift
    check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/none" "$@"
    one_error_line "$pattern"
    ! grep -qF "$secret" "$work/err" || fail "the message shows a value"
}
refuse '^.*--rewrite: .*parenthesis at character 6 of the expression' --rewrite 's#a(b#c#'
refuse '--rewrite \(number 2\): unknown flag' --rewrite 's#a#b#' --rewrite 's#a#b#q'
refuse '--set-header: .*' --set-header "$secret"
refuse '--set-header: Content-Length is not to be rewritten' --set-header "Content-Length: $secret"
refuse '--set-query: ' --set-query "$secret"
refuse '--remove-header: ' --remove-header 'Host'
refuse 'bad.yaml:4: replace: missing closing parenthesis at character 4' --policy "$work/bad.yaml"
refuse 'none.yaml has no section' --policy "$work/none.yaml"
[ ! -e "$work/none" ] || fail "a run was begun"
