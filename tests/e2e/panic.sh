#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A guest that panics: 34 where the pvpanic driver tells, 32 where it only resets.
. "$(dirname "$0")/lib.sh"
kernel cloud
modules=$("$here/tools/fetch-kernel" --modules cloud)
plan 4

story() { # NAME CODE TITLE MK-INITRAMFS-ARGUMENTS...
    local name=$1 want=$2 title=$3
    shift 3
    initramfs "$@"
    start "$name" --memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --no-reboot \
        --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on"
    expect "$name" '^/ #'
    ok $? "$title: prompt"
    say "$name" 'echo c >/proc/sysrq-trigger'
    end "$name"
    is "$code" "$want" "$title: sysrq-c ends with $want"
}
story with 34 "with pvpanic" -m "$modules" pvpanic-mmio
story without 32 "without pvpanic"
