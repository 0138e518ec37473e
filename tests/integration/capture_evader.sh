#!/bin/bash
# Claims: of every http-evader capture (a GET, and a reply under some framing or coding trick) both directions are reassembled
# to the byte, the request is recorded with its URI, nothing is made up, and the ledger balances; the status is
# tshark's wherever that reads one, except where the status line has a defect or none but 1xx came.
. "$(dirname "$0")/lib.sh"
need_shared corpus/http-evader/http-evader.expected.tsv
mkdir "$work/pcaps"
tar -xzf "$REHEARSE_SHARED/corpus/http-evader/http-evader-pcaps.tar.gz" -C "$work/pcaps"
python3 "$(dirname "$0")/evader_oracle.py" "$REHEARSE" "$work/pcaps" \
        "$REHEARSE_SHARED/corpus/http-evader/http-evader.expected.tsv" "$work"
