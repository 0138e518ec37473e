#!/usr/bin/env python3
"""Turns pcap files into inputs of packets_fuzz.c.

usage: pcap_to_packets.py FOLDER FILE.pcap...
"""
import os
import struct
import sys

LINK_TYPES = [1, 101, 0, 108, 113, 276]  # in the order of packets_fuzz.c
MAGICS = {0xA1B2C3D4: 10**6, 0xA1B23C4D: 10**9}

folder = sys.argv[1]
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        data = file.read()
    order = "<" if struct.unpack_from("<I", data)[0] in MAGICS else ">"
    magic, link_type = struct.unpack_from(order + "I", data)[0], struct.unpack_from(order + "I", data, 20)[0]
    if magic not in MAGICS or link_type not in LINK_TYPES:
        continue
    out, at, before = bytes([LINK_TYPES.index(link_type)]), 24, None
    while at + 16 <= len(data):
        seconds, part, captured, _ = struct.unpack_from(order + "IIII", data, at)
        now = (seconds * MAGICS[magic] + part) * 1000 // MAGICS[magic]
        gone = 0 if before is None else max(0, min(255, now - before))
        out += struct.pack(">HB", captured, gone) + data[at + 16:at + 16 + captured]
        at, before = at + 16 + captured, now
    with open(os.path.join(folder, os.path.splitext(os.path.basename(path))[0]), "wb") as file:
        file.write(out)
