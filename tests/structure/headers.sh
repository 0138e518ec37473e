#!/bin/bash
# Claim: each header compiles alone, and carries an include guard.
set -eu
root=$1
compiler=$3
status=0
count=0
while read -r header; do
    count=$((count + 1))
    if ! "$compiler" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -I"$root" -I/usr/share/include/llhttp -fsyntax-only -x c "$header"; then
        echo "does not compile alone: $header"
        status=1
    fi
    if ! grep -qE '^#ifndef [A-Z0-9_]+_H$' "$header"; then
        echo "has no include guard: $header"
        status=1
    fi
done < <(find "$root"/common "$root"/filters "$root"/capture "$root"/replay "$root"/tests "$root"/samples -name '*.h' | sort)
echo "$count headers"
exit $status
