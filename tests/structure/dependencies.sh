#!/bin/bash
# Claims: a folder includes only itself and the folders below it (capture | replay > filters > common); only filters/ and
# replay/ include the segment writer, and capture reaches the disk by filters/traffic_writer.h alone; includes are written
# from the root.
set -eu
root=$1
status=0

refuse() { # refuse WHERE PATTERN WHY
    local hits
    hits=$(grep -rnE "$2" "$root"/$1 --include='*.c' --include='*.h' || true)
    if [ -n "$hits" ]; then
        printf '%s:\n%s\n' "$3" "$hits"
        status=1
    fi
}

refuse common '#include "(filters|capture|replay|tests|samples)/' "common/ includes a folder above it"
refuse filters '#include "(capture|replay|tests|samples)/' "filters/ includes a folder above it"
refuse capture '#include "(replay|tests|samples)/' "capture/ includes a folder beside or above it"
refuse replay '#include "(capture|tests|samples)/' "replay/ includes a folder beside or above it"
refuse capture '#include "common/segment/writer.h"|segment_writer_(open|append)' "capture/ writes past the sanitizer"
for folder in common filters capture replay; do
    refuse $folder '#include "[^/"]+"' "an include that is not written from the root"
    refuse $folder '#include "\.\.' "an include that climbs"
done
[ $status = 0 ] && echo "the dependency rule holds"
exit $status
