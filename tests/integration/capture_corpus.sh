#!/bin/bash
# Claims: every capture of the corpus gives the exchanges that its ground truth lists (method, host, path, status, in order on
# one connection, first bytes within 1 us, 1 ns for nanosecond files), as many requests and final responses as judged, none
# made up, and a ledger that balances; what later work must decode is named in tests/data/corpus-exceptions.tsv and counted as
# such. Every stream has the bytes that tcpflow found in it.
. "$(dirname "$0")/lib.sh"
need_shared corpus/pcap/judged.tsv
here=$(dirname "$0")
python3 "$here/digests_oracle.py" "$REHEARSE" "$REHEARSE_SHARED/corpus/pcap"
python3 "$here/corpus_oracle.py" "$REHEARSE" "$REHEARSE_SHARED/corpus/pcap" \
        "$REHEARSE_SOURCE/tests/data/corpus-exceptions.tsv" "$work"
