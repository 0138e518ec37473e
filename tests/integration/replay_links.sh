#!/bin/bash
# Claims: with `credentials:` of --links all users log in with the one account that the target knows, and those who had logged in before the capture began show the
# cookie that is given for them, or are logged in first; with `links:` a form's hidden token, new each time, comes back where the recorded one stood. Without the file those users are counted, and
# their refusals are set apart and shown first, in no gate, also where they are sent to a login page. Signed requests, Digest and one-time codes are counted by name, and their refusals set apart. Neither
# password nor token is stored or printed. A mistake in the file is told with its line, a pseudonym of other traffic is refused, --links and --no-links exclude each other.
source "$(dirname "$0")/lib.sh"
kit="$REHEARSE_SOURCE/tests/integration/replay_links.py"
export PYTHONDONTWRITEBYTECODE=1
umask 077
"$REHEARSE" key --new "$work/key" >/dev/null
python3 "$kit" generate | "$REHEARSE_BUILD/tests/tools/make_recorded" "$work/traffic" "$work/key"
port=$(free_port)
python3 "$kit" serve "$port" &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"

replay() {
    rm -rf "$work/run"
    timeout 60 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/run" "$@" >"$work/out" 2>"$work/err" || true
    "$REHEARSE" report "$work/run" --format json >"$work/report.json" || true
}
holds() { # holds EXPRESSION: of the report r, the requests set apart by endpoint u, and the notes n
    python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
u, n = {one["endpoint"]: one["affected"] for one in r["credentials_unknown"]}, r["run"]["notes"]
sys.exit(not eval(sys.argv[2]))' "$work/report.json" "$1" || { cat "$work/out" "$work/err"; fail "not so: $1"; }
}

cat >"$work/links.yaml" <<'YAML'
links:
- extract: {from: 'GET /form/{number}', body: 'name="authenticity_token" value="([^"]*)"'}
  inject: {into: POST /submit, form: authenticity_token}
credentials:
- name: tester
  password: test-pass
  tokens: {sid: standing}
YAML
replay --links "$work/links.yaml"
holds 'r["totals"]["answered"] == 12 * 4 + 9 * 3 + 5 and r["totals"]["status_changed"] == 0'
holds 'set(u.values()) == {1} and len(u) == 5 and all("/signed/" in name for name in u)'
holds 'any(note.startswith("9 users had logged in before the capture began") for note in n)'
for name in "AWS SigV4 signatures" "HMAC and other signatures" "DPoP proofs" "Digest authentication" "one-time codes"; do
    holds "any(note.startswith('1 requests carried $name') for note in n)"
done
holds 'any("masked CSRF" in note for note in n)'
! grep -rqa -e test-pass -e standing "$work/run" "$work/out" "$work/err" || fail "a secret was told"

# Without a token, but with a password, those who had logged in before are logged in by the replayer itself, as a login of the recording is made.
sed '/tokens:/d' "$work/links.yaml" >"$work/logins.yaml"
for how in "" "--speed max --concurrency 3" "--threads 2 --connections 2" "--rate 300"; do
    replay --links "$work/logins.yaml" $how
    holds 'r["totals"]["answered"] == 12 * 4 + 9 * 3 + 5 and r["totals"]["status_changed"] == 0'
    holds 'set(u.values()) == {1} and len(u) == 5 and all("/signed/" in name for name in u)'
    holds '"9 of them were logged in with an account of `credentials:`" in n and not any("refused" in note for note in n)'
done
sed 's/test-pass/wrong/' "$work/logins.yaml" >"$work/refused.yaml"
replay --links "$work/refused.yaml"
holds '"9 of these logins were refused" in n and u["GET /home"] == 12 + 9 * 3'

# Who logs in is refused by this target, so the form, too, is out of reach; those who had logged in before are set apart.
replay
holds 'u["GET /home"] == 12 + 9 * 3 and u["GET /form/{id}"] == 12 and u["POST /submit"] == 12'
holds 'all(gate["verdict"] != "fail" for gate in r["gates"])' # 401 of a login is set apart, too
line() { grep -nE "$1" "$work/out" | head -1 | cut -d: -f1; }
[ "$(line 'Credentials unknown')" -lt "$(line '^(Findings|No findings)')" ] || fail "what is set apart is not shown first"

# A user of its own: by the pseudonym of the name.
{
    echo credentials:
    echo user3 | "$REHEARSE" pseudonym --key-file "$work/key" 2>/dev/null | sed 's/.*/- {user: "&", name: tester, password: test-pass}/'
} >"$work/one.yaml"
replay --links "$work/one.yaml"
holds 'u["GET /form/{id}"] == 11 and u["GET /home"] == 11 + 9 * 3'

# An application that sends to its login page instead of refusing.
port=$(free_port)
python3 "$kit" serve "$port" redirects &
on_exit "kill $! 2>/dev/null"
wait_for_port "$port"
replay
holds 'u["GET /home"] == 12 + 9 * 3 and r["totals"]["redirected"] == 12 + 9 * 3'
holds 'all(gate["verdict"] != "fail" for gate in r["gates"])'
replay --links "$work/logins.yaml"
holds 'r["totals"]["redirected"] == 0 and "GET /home" not in u'

refuse() { # refuse PATTERN OPTIONS...
    local pattern=$1
    shift
    check_status 2 "$REHEARSE" replay "$work/traffic" --target "http://127.0.0.1:$port" -o "$work/refused" --quiet "$@"
    one_error_line "$pattern"
    [ ! -e "$work/refused" ] || fail "a refused replay left a folder"
}
refuse 'links.yaml.*No such file' --links "$work/none/links.yaml"
printf 'links: []\ncredential:\n- name: x\n' >"$work/wrong.yaml"
refuse 'wrong.yaml:2: .*credentials' --links "$work/wrong.yaml"
printf 'credentials:\n- name: x\n  user: rhxaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n' >"$work/wrong.yaml"
refuse 'wrong.yaml:3: user: not a pseudonym of this traffic' --links "$work/wrong.yaml"
refuse 'exclude each other' --links "$work/links.yaml" --no-links
