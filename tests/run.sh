#!/bin/bash
# Installs what is missing, builds with ASan and UBSan, runs every test. Arguments go to ctest (for example -R unit).
set -euo pipefail
cd "$(dirname "$0")/.."
tests/install.sh
cmake --preset dev >/dev/null
cmake --build --preset dev
exec ctest --preset dev -j "$(nproc)" "$@"
