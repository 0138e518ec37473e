#!/bin/bash
# Installs the Debian packages that building (and, unless called with --build-only, testing) needs and that are missing.
set -euo pipefail
packages=(gcc libc6-dev cmake ninja-build pkg-config libpcap-dev libseccomp-dev libcap-ng-dev node-llhttp libzstd-dev libevent-dev libssl-dev zlib1g-dev
          libbrotli-dev libsodium-dev libyaml-dev libjansson-dev libpcre2-dev libcurl4-openssl-dev libcmocka-dev)
if [ "${1:-}" != --build-only ]; then
    packages+=(nginx-light curl openssl tinyproxy-bin microsocks python3 tcpdump iproute2 nftables universal-ctags zstd)
fi
missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} = 0 ] && exit 0
if [ "$(id -u)" != 0 ]; then
    echo "missing packages: ${missing[*]}; run as root, or install them first" >&2
    exit 1
fi
echo "installing ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends -o Dpkg::Options::=--force-unsafe-io "${missing[@]}" >/dev/null
