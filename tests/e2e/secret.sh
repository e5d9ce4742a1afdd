#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A secret that guest user space computes, and holds in tmpfs and in a process: in the
# raw dump with encryption off, never there with SME or TSME on, always in the host view.
. "$(dirname "$0")/lib.sh"
kernel cloud
initramfs
plan 16
seed=$RANDOM

# 48 letters that follow from the seed, as tests/guest/user/probe.c makes them
secret=$(python3 -c '
import sys
s, t = int(sys.argv[1]), ""
for _ in range(48):
    s = (s * 1664525 + 1013904223) & 0xffffffff
    t += chr(97 + (s >> 24) % 26)
print(t)' "$seed")
found() { grep -caF -e "$secret" "$1"; }
found_any() { [ "$(found "$1")" -gt 0 ] && echo yes || echo no; }

story() { # NAME TITLE RAW-HAS-IT OPTIONS...
    local name=$1 title=$2 raw=$3
    shift 3
    start "$name" --memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" \
        --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on cbit.run=secret:$seed" "$@"
    expect "$name" '^@secret held'
    ok $? "$title: the guest holds the secret"
    dump "$name" raw "$work/raw" && dump "$name" host "$work/host"
    is "$(found_any "$work/raw")" "$raw" "$title: in the raw dump: $raw"
    # with encryption off nothing is stored under the host key
    [ "$raw" = yes ] && is "$(found_any "$work/host")" no "$title: not in the host view" ||
        is "$(found_any "$work/host")" yes "$title: in the host view"
    ! grep -qF -e "$secret" "$work/$name.out"
    ok $? "$title: the console never shows it"
    stop "$name"
    rm -f "$work/raw" "$work/host"
}
story off "SME off" yes --sme off
story sme "SME on" no --sme on
story tsme "TSME" no --sme off --tsme on
story both "SME and TSME" no --sme on --tsme on
