#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Whole boots on the interpreter and on the translator in lockstep, to power-off:
# all registers agree after slices of random length, DRAM at the end.
#   lockstep.sh quick          one boot with SME on
#   lockstep.sh full           both kernels; nothing, SME, TSME; other profiles; as bzImage
# CBIT_LOCKSTEP_EVERY: average length of a slice in instructions.
. "$(dirname "$0")/lib.sh"
: "${LOCKSTEP:?}"
every=${CBIT_LOCKSTEP_EVERY:-3000}
seed=$RANDOM
both() { # KERNEL TEXT OPTIONS...
    local text="$1, $2" image
    image=$("$here/tools/fetch-kernel" "$1") || { ok 1 "$text: no kernel"; return; }
    shift 2
    "$LOCKSTEP" --kernel "$image" --initrd "$initrd" --every "$every" --seed $seed \
        --append "console=ttyS0 quiet $append cbit.run=bench:none cbit.end=poweroff" "$@" >"$work/said" 2>&1
    ok $? "$text (seed $seed)"
    sed 's/^/# /' "$work/said"
    grep -q 'agree (powered off)$' "$work/said"
    ok $? "$text: to power-off"
}
kernel cloud
initramfs
append='mem_encrypt=on cryptomgr.notests=1'
if [ "$1" = quick ]; then
    plan 2
    both cloud 'SME on' --unpack
    exit 0
fi
plan 14
both cloud 'SME on' --unpack
both cloud 'SME on, naples' --unpack --cpu naples
both generic 'SME on' --unpack
both generic 'TSME on, SME off' --unpack --sme off --tsme on --cpu rome
append=cryptomgr.notests=1
both cloud 'nothing encrypted' --unpack --sme off
append=mem_encrypt=on
both cloud 'bzImage with its self-tests' --cpu genoa
both generic 'bzImage with its self-tests'
