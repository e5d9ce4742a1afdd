#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The ciphertext is not cbit's own word: with --expose-keys an independent script
# decrypts the pins' dump to what the guest wrote; without it there are no keys to be had.
. "$(dirname "$0")/lib.sh"
: "${GUESTS:?}"
plan 18

for cpu in naples rome milan genoa; do
    start $cpu --cpu $cpu --memory 128M --kernel "$GUESTS/every_second.elf" --expose-keys "$work/$cpu.keys" --json
    expect $cpu '^@ready' 60
    dump $cpu raw "$work/raw" 2>"$work/said"
    grep -q EXPOSED "$work/said"
    ok $? "$cpu: a dump says EXPOSED"
    python3 "$here/tools/decrypt_dram.py" --keys "$work/$cpu.keys" --at 0x4000000 --length 2097152 \
        "$work/raw" "$work/plain"
    python3 - "$work/plain" <<'PY'
import sys
pages = open(sys.argv[1], "rb").read()
text = b"plain text here." * 256
good = [pages[i * 4096:(i + 1) * 4096] == text for i in range(512)]
sys.exit(good != [False, True] * 256)
PY
    ok $? "$cpu: OpenSSL's AES and the published formulas decrypt exactly the pages with C"
    is "$(stat -c %a "$work/$cpu.keys")" 600 "$cpu: the key file is private"
    stop $cpu
    { grep -q EXPOSED "$work/$cpu.err" && tail -n 1 "$work/$cpu.err" | grep -q '"exposed":true'; }
    ok $? "$cpu: banner and report say EXPOSED"
done
start plain --memory 128M --kernel "$GUESTS/every_second.elf" --json
expect plain '^@ready' 60
dump plain raw "$work/raw" 2>"$work/said"
! grep -q EXPOSED "$work/said"
ok $? "without the option nothing says EXPOSED"
stop plain
tail -n 1 "$work/plain.err" | grep -q '"exposed":false'
ok $? "and the report says so"
