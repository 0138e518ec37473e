#!/bin/bash
# Claims: each verb has --help and a manual page; each option that --help lists stands in the page; each folder has a README.
set -eu
root=$1
program=$2
status=0
[ -e "$root/man/rehearse.1" ] || { echo "no manual page for the program"; status=1; }
for verb in $("$program" --help | awk '/^Verbs:/ {on=1; next} on && /^  / {print $1}'); do
    page=$root/man/rehearse-$verb.1
    if [ ! -e "$page" ]; then
        echo "no manual page for $verb"
        status=1
        continue
    fi
    for option in $("$program" "$verb" --help | sed -n '/^Options:/,/^Each option/p' | grep -oE '^ +(-[a-z], )?--[a-z0-9-]+' | grep -oE '\-\-[a-z0-9-]+'); do
        if ! sed 's/\\-/-/g' "$page" | grep -qF -e "$option"; then
            echo "rehearse-$verb.1 does not explain $option"
            status=1
        fi
    done
done
for folder in common filters capture replay tests samples man; do
    [ -e "$root/$folder/README.md" ] || { echo "$folder/ has no README.md"; status=1; }
done
[ $status = 0 ] && echo "manuals are complete"
exit $status
