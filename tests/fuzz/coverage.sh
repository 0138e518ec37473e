#!/bin/bash
# Which lines of its core each fuzz target's committed corpus reaches, measured alone on a build with gcov.
# Usage: tests/fuzz/coverage.sh [TARGET...]   (default: all; -v before them prints the lines that are not reached)
# Ends with 1 when the core of a target, its files taken together, is reached by less than 80 % of its lines.
set -euo pipefail
cd "$(dirname "$0")/../.."

# target: the files of its core. A pattern stands for every file that it matches.
cores() {
    cat <<'TABLE'
link            capture/net/*.c
reassembly      capture/tcp/*.c
http1           common/http1.c common/http1_*.c
segment         common/segment/format.c common/segment/block.c common/segment/segment_file.c common/segment/merge.c
exchange_codec  common/exchange_codec.c
coding          common/coding.c
json_locate     filters/locate/json_locator.c common/json_text.c
sanitize        filters/sanitize.c filters/pseudonym.c filters/links.c filters/locate/*.c
response        replay/sender/response.c
detect          filters/detect/*.c
places          replay/places.c
request         replay/request.c replay/linker.c replay/created.c
rewrite         filters/rewrite/json_rewrite.c filters/rewrite/rewrite.c filters/rewrite/substitution.c replay/json_outline.c
gates_endpoint  replay/gates.c common/endpoint.c common/histogram.c
TABLE
}
least_pct=80

verbose=
[ "${1:-}" = -v ] && verbose=1 && shift
[ $# -gt 0 ] || mapfile -t names < <(cores | cut -d' ' -f1)
[ $# -eq 0 ] || names=("$@")

cmake --preset coverage >/dev/null
cmake --build --preset coverage --target "${names[@]/%/_fuzz}" >/dev/null
build=$PWD/build/coverage
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints "lines reached" of a source file, from the counts that the run of target $1 left for it; none left: none reached.
measure() {
    local notes folder
    notes=$(find "$build" -path "*/rehearse_*.dir/*" -name "$(basename "$2").gcno" | head -1)
    folder=$scratch/$1$(dirname "$notes")
    mkdir -p "$folder"
    cp "$notes" "$folder/"
    (cd "$scratch" && gcov -p -o "$folder" "$folder/$(basename "$notes")" >/dev/null 2>&1)
    awk -F: '{ count = $1; gsub(/[ *]/, "", count) }
             count != "-" && $2 + 0 > 0 { lines++; if (count !~ /^[#=]/) reached++ }
             END { print lines + 0, reached + 0 }' "$scratch"/*"#$(basename "$2").gcov"
    [ -z "$verbose" ] || grep -h '^ *#####' "$scratch"/*"#$(basename "$2").gcov" >&2 || true
    rm -f "$scratch"/*.gcov
}

status=0
for name in "${names[@]}"; do
    core=$(cores | sed -n "s/^$name  *//p")
    [ -n "$core" ] || { echo "coverage.sh: no target $name in the table" >&2; exit 2; }
    GCOV_PREFIX=$scratch/$name "$build/tests/fuzz/${name}_fuzz" "tests/fuzz/corpus/$name" >/dev/null
    all=0 all_reached=0
    for file in $core; do
        counts=$(measure "$name" "$file")
        read -r lines reached <<<"$counts"
        printf '%-15s %-34s %5d of %5d lines  %5.1f %%\n' "$name" "$file" "$reached" "$lines" \
            "$((1000 * reached / lines))e-1"
        all=$((all + lines)) all_reached=$((all_reached + reached))
    done
    verdict=reached
    if ((100 * all_reached < least_pct * all)); then verdict="BELOW $least_pct %" status=1; fi
    printf '%-15s %-34s %5d of %5d lines  %5.1f %%  %s\n' "$name" "= its core" "$all_reached" "$all" \
        "$((1000 * all_reached / all))e-1" "$verdict"
done
exit "$status"
