#!/bin/bash
# Claims: --bearer-file sends the token in every request, in the place of the recorded Authorization or at the end, and takes another one when the file changes while
# the replay goes on; --auth-command does so with what a command prints, and runs it again before the token ends; neither token stands in what is stored
# or printed; what cannot be a token, a command that fails, and both at once are errors that say what to do.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_auth.py"
export PYTHONDONTWRITEBYTECODE=1
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic"
port=$(free_port)

start() {
    python3 "$kit" serve "$port" "$work/log" &
    server=$!
    on_exit "kill $server 2>/dev/null"
    wait_for_port "$port"
}

replay() {
    start
    rm -rf "$work/run"
    "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" "$@" >"$work/out" 2>"$work/err" || true
    kill $server
    wait $server || true
}

check() { # check FIRST SECOND: both tokens came, the first one first, each in its place; and they stand nowhere
    local got
    got=$(cut -d' ' -f1,2 "$work/log" | uniq | tr '\n' ';')
    [ "$got" = "Bearer $1;Bearer $2;" ] || { cat "$work/out" "$work/err"; fail "tokens came as $got"; }
    [ "$(wc -l <"$work/log")" = 60 ] || fail "not all requests came"
    # Recorded ones stand in front, the others before the last line, which is the run's.
    [ "$(cut -d' ' -f3,4 "$work/log" | sort -u | tr '\n' ';')" = "0 4;2 4;" ] || fail "not in the place of the recorded line"
    ! grep -rqa -e "$1" -e "$2" "$work/run" "$work/out" "$work/err" || fail "a token was told"
    grep -q '1 new bearer tokens were taken' "$work/out" || { cat "$work/out"; fail "the new token is not counted"; }
}

echo "first-geheim" >"$work/token"
(sleep 2; echo "Bearer second-geheim" >"$work/token.new"; mv "$work/token.new" "$work/token") &
replay --bearer-file "$work/token"
check first-geheim second-geheim

cat >"$work/login" <<'COMMAND'
echo x >>"$1"
[ $(wc -l <"$1") = 1 ] && echo '{"access_token":"third-geheim","expires_in":2}' || printf 'fourth-geheim\n15m\n'
COMMAND
replay --auth-command "sh $work/login $work/times"
check third-geheim fourth-geheim

refuse() { # refuse PATTERN OPTIONS...
    local pattern=$1
    shift
    check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/refused" --quiet "$@"
    one_error_line "$pattern"
    [ ! -e "$work/refused" ] || fail "a refused replay left a folder"
}
printf 'two words' >"$work/words"
refuse '--bearer-file .*No such file' --bearer-file "$work/none"
refuse 'blanks.*in one line' --bearer-file "$work/words"
"$REHEARSE" replay "$work/traffic" --target http://127.0.0.1:1 -o "$work/hangs" --auth-command 'sleep 100' 2>"$work/err" & # and is ended
hanging=$! status=0
sleep 0.5
kill -INT $hanging
wait $hanging || status=$?
[ $status = 4 ] && one_error_line 'auth-command: interrupted' || fail "interrupted while the command hangs: status $status"
refuse 'exit status 7.*by hand' --auth-command 'exit 7'
refuse 'holds no token.*in the first line' --auth-command true
refuse 'exclude each other' --auth-command true --bearer-file x
refuse 'exclude each other' --auth-command true --set-header 'authorization: x'
