#!/bin/bash
# Claims about the sample service and its driver, which other tests and the quickstart stand on: every endpoint answers as
# documented; cart and orders need the token or the cookie of a login; tokens, cookies and order ids differ at every
# start; the access log has a line for each request; the driver's requests are as planned, the same for the same seed; the
# three regressions are what planted.json says, stay the same for a seed, and without a seed there are none; SIGTERM ends
# it with status 0.
source "$(dirname "$0")/lib.sh"
shop=$REHEARSE_BUILD/samples/shop
drive=$REHEARSE_BUILD/samples/shop-drive
port=$(free_port)
url=http://127.0.0.1:$port
pid=
on_exit 'if [ -n "$pid" ]; then kill "$pid" 2>/dev/null; fi'

start() { # start OPTIONS...
    "$shop" --port "$port" --users "$work/users" --access-log "$work/access.log" "$@" 2>"$work/shop.err" &
    pid=$!
    wait_for_port "$port"
}

stop() {
    local status=0
    kill -TERM "$pid"
    wait "$pid" || status=$?
    pid=
    [ $status = 0 ] || { cat "$work/shop.err" >&2; fail "the shop ended with $status"; }
}

expect() { # expect STATUS CURL-ARGUMENTS...
    local wanted=$1 got
    shift
    got=$(curl -s -m 10 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@")
    [ "$got" = "$wanted" ] || { cat "$work/body" >&2; fail "$got instead of $wanted: $*"; }
}

login() {
    expect 200 -d '{"user":"ada","password":"engine"}' "$url/login"
    token=$(sed -n 's/.*"token":"\([0-9a-f]*\)".*/\1/p' "$work/body")
    cookie=$(sed -n 's/^Set-Cookie: sid=\([0-9a-f]*\);.*/\1/p' "$work/head")
    [ ${#token} = 32 ] && [ ${#cookie} = 32 ] && [ "$token" != "$cookie" ] || fail "login issued no token or cookie"
}

order() {
    expect 201 -H "Authorization: Bearer $token" -d '{"item":7,"quantity":2}' "$url/cart/items"
    expect 201 -H "Authorization: Bearer $token" -d '{}' "$url/orders"
    id=$(tr -d '\r' <"$work/head" | sed -n 's/^Location: \/orders\///p')
    grep -q "\"id\":\"$id\"" "$work/body" || fail "the order's id is not its location"
}

printf 'ada:engine\nalan:bombe\n' >"$work/users"
start --planted "$work/planted.json"
[ "$(tr -d ' \n' <"$work/planted.json")" = '[]' ] || fail "planted.json names something without a seed"
expect 200 "$url/items?page=10"
expect 404 "$url/items?page=11"
expect 200 "$url/items/200"
expect 404 "$url/items/201"
expect 200 "$url/search?q=tall+lamp"
grep -q '"name":"tall lamp"' "$work/body" || fail "the search did not find the tall lamp"
expect 400 "$url/search"
expect 404 "$url/nowhere"
expect 405 -X DELETE "$url/items/1"
expect 401 -d '{"user":"ada","password":"wrong"}' "$url/login"
expect 400 -d '{"user"' "$url/login"
expect 401 "$url/cart"
expect 401 -H 'Authorization: Bearer 0123' "$url/cart"
login
expect 409 -H "Cookie: sid=$cookie" -d '{}' "$url/orders"
expect 200 -H "Cookie: theme=dark; sid=$cookie" "$url/cart"
order
first="$token $cookie $id"
expect 200 -H "Cookie: sid=$cookie" "$url/orders/$id"
expect 401 "$url/orders/$id"
expect 204 -X DELETE -H "Authorization: Bearer $token" "$url/orders/$id"
expect 404 -H "Cookie: sid=$cookie" "$url/orders/$id"
stop
[ "$(wc -l <"$work/access.log")" = 21 ] || { cat "$work/access.log" >&2; fail "the access log does not have a line for each request"; }
grep -qx 'DELETE /orders/.* 204' "$work/access.log" || fail "the access log misses the deletion"

start
login
order
for value in $token $cookie $id; do
    case " $first " in *" $value "*) fail "$value was issued at both starts" ;; esac
done
check_status 0 "$drive" --port "$port" --users "$work/users" --requests 300 --rate 600 --think 5 --seed 3
grep -q '^300 requests .* 0 unexpected, 0 failed, 0 not sent' "$work/out" || fail "the driver did not send what was asked"
head -n -1 "$work/out" >"$work/first"
stop
[ "$(wc -l <"$work/access.log")" = 303 ] || fail "the access log does not count the driver's requests"

start
check_status 0 "$drive" --port "$port" --users "$work/users" --requests 300 --rate 600 --think 5 --seed 3
head -n -1 "$work/out" >"$work/second"
cmp "$work/first" "$work/second" || fail "the same seed asked for other things"
stop

slow=()
for seed in 1 2 3 4 5 6; do
    start --regressions $seed --planted "$work/planted.json"
    [ "$(grep -c '"endpoint"' "$work/planted.json")" = 3 ] || fail "not three regressions with seed $seed"
    slow+=("$(grep -B1 latency "$work/planted.json" | head -1)")
    check_status 1 "$drive" --port "$port" --users "$work/users" --requests 300 --rate 600 --think 5
    items=$(grep -c 'GET /items/[0-9]* 500' "$work/access.log") || fail "no item answered 500 with seed $seed"
    searches=$(grep -c 'GET /search.* 404' "$work/access.log") || fail "no search answered 404 with seed $seed"
    grep -q "; $((items + searches)) unexpected, 0 failed" "$work/out" ||
        fail "something else than items and searches went wrong with seed $seed"
    stop
done
[ "$(printf '%s\n' "${slow[@]}" | sort -u | wc -l)" -ge 2 ] || fail "every seed slows the same endpoint"

check_status 2 "$shop" --port "$port" --users "$work/users" --regressions x
check_status 2 "$shop" --port "$port" --users "$work/none"
check_status 2 "$drive" --port "$port"
