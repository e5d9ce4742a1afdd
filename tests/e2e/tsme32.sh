#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian's 32-bit kernel without PAE has no bit to set in its page tables.  With TSME its
# memory is ciphertext all the same; without, everything lies open on the DIMM.
. "$(dirname "$0")/lib.sh"
kernel 686
busybox=$("$here/tools/fetch-kernel" --busybox 686)
initramfs -b "$busybox"
plan 12
# what the kernel, its initrd and the command below put into memory
known="Linux version 6.1
BusyBox v1
Kernel panic - not syncing
console=ttyS0 panic=-1"

story() { # NAME TITLE KNOWN-STRINGS-AT-THE-PINS VIEW-OF-THE-CPU TSME
    local name=$1 title=$2 want=$3 view=$4 word found=0
    start "$name" --memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --tsme "$5" \
        --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1"
    expect "$name" '^/ #'
    ok $? "$title: a prompt"
    is "$(ask "$name" 1 'uname -m')" i686 "$title: of a 32-bit kernel"
    # put together in the guest: neither console nor initrd hold it in one piece
    ask "$name" 2 'i=0; while [ $i -lt 200 ]; do echo "kno""wn-$((12345 * 54321))-text"; i=$((i+1)); done >/tmp/text' >/dev/null
    dump "$name" raw "$work/$name.raw"
    dump "$name" "$view" "$work/$name.cpu"
    while read -r word; do
        grep -qaF "$word" "$work/$name.raw" && found=$((found + 1))
    done <<<"$known"
    is $found "$want" "$title: known strings at the pins"
    is "$(grep -qaF known-670592745-text "$work/$name.raw"; echo $?)" $((want == 0)) \
        "$title: and what a program wrote"
    is "$(grep -qaF known-670592745-text "$work/$name.cpu"; echo $?)" 0 \
        "$title: which the CPU reads"
    say "$name" 'poweroff -f'
    end "$name"
    is "$code" 0 "$title: poweroff is 0"
    rm -f "$work/$name".raw "$work/$name".cpu
}
story on "TSME" 0 host on
story off "no TSME" 4 raw off
