#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian's kernels reach a prompt that answers; /proc/cpuinfo has "sme" exactly when
# SMEE is set and the command line says mem_encrypt=on.
#
#   boot.sh KERNEL MODE [PROFILE...]   KERNEL: cloud generic; MODE: quick bzimage full
#
# quick: unpacked kernel, no crypto self-tests, SME on and off; bzimage: one boot as
# hardware would; full: bzImage with every profile, SME and TSME.
. "$(dirname "$0")/lib.sh"
flavour=$1 mode=$2
shift 2
profiles=${*:-milan}
kernel "$flavour"
initramfs

one() { # PROFILE SME TSME EXTRA-WORDS OPTIONS...
    local profile=$1 sme=$2 tsme=$3 words=$4 name=$1_$2_$3 title flags want
    shift 4
    title="$flavour on $profile, SME $sme, TSME $tsme"
    start "$name" --cpu "$profile" --sme "$sme" --tsme "$tsme" --memory 256M --kernel "$image" \
        --initrd "$initrd" --append "console=ttyS0 panic=-1 mem_encrypt=on $words" "$@"
    expect "$name" '^@shell' && expect "$name" '^/ #'
    ok $? "$title: reaches the prompt"
    is "$(ask "$name" 1 'echo $((6*7))')" 42 "$title: the prompt answers"
    flags=$(ask "$name" 2 "grep -cw sme /proc/cpuinfo")
    want=0
    [ "$sme" = on ] && want=1
    is "$flags" $want "$title: cpuinfo says sme as often as it is active"
    grep -q 'Memory Encryption Features active: AMD SME' "$work/$name.out"
    is $((1 - $?)) $want "$title: the kernel's own line about SME"
    stop "$name"
    is "$code" 0 "$title: quit ends with 0"
}

case $mode in
quick)
    set -- $profiles
    plan $(($# * 10))
    for p; do
        one "$p" on off cryptomgr.notests=1 --unpack-kernel
        one "$p" off off cryptomgr.notests=1 --unpack-kernel
    done
    ;;
bzimage)
    plan 5
    one milan on off ''
    ;;
full)
    set -- $profiles
    plan $(($# * 20))
    for p; do
        for sme in on off; do
            for tsme in on off; do
                one "$p" $sme $tsme ''
            done
        done
    done
    ;;
esac
