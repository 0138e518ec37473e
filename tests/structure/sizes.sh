#!/bin/bash
# Claims: no source file is over 700 lines; no function is over 100. The list of exceptions is tests/structure/sizes.except
# (one path or path:function a line), and it starts empty.
set -eu
root=$1
cd "$root"
except=tests/structure/sizes.except
status=0
while read -r lines file; do
    [ "$file" = total ] && continue
    if [ "$lines" -gt 700 ] && ! grep -qxF "$file" "$except"; then
        echo "$file has $lines lines"
        status=1
    fi
done < <(find common filters capture replay samples tests rehearse.c -name '*.[ch]' -print0 | xargs -0 wc -l)
while read -r lines name file; do
    if [ "$lines" -gt 100 ] && ! grep -qxF "$file:$name" "$except"; then
        echo "$file: $name() has $lines lines"
        status=1
    fi
done < <(find common filters capture replay samples tests rehearse.c -name '*.c' -print0 |
         xargs -0 ctags -x --_xformat='%{end} %n %N %F' --kinds-C=f --fields=+ne | awk '{print $1 - $2 + 1, $3, $4}')
[ $status = 0 ] && echo "sizes are within bounds"
exit $status
