#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian's own KVM on the emulated processor: kvm_amd loads with SEV, a small program
# on /dev/kvm runs a plain guest, and walks the whole life of SEV guests, with memory
# encryption of the host off and on.  What it prints is compared as text.
. "$(dirname "$0")/lib.sh"
kernel generic
modules=$("$here/tools/fetch-kernel" --modules generic)
${CC:-cc} -O1 -static -o "$work/kvm-host" "$here/tests/guest/user/kvm-host.c" ||
    skip_all "no C compiler or static C library"
initramfs -m "$modules" ccp -m "$modules" kvm-amd -x "$work/kvm-host:bin/kvm-host"
plan 12

run='port 3f8: out 68
port 3f8: out 69
port 3f8: out 21
device 28000: write 1234 of 2 bytes
device 28004: read of 2 bytes
port 3f8: out abcd
port 3f8: out 6f6c
halted at 102e
done'
launch='INIT: 0, firmware 0
before the launch the host sees the program
LAUNCH_START: 0, firmware 0
LAUNCH_UPDATE_DATA: 0, firmware 0
GUEST_STATUS: 0, firmware 0
state 1, policy 1
LAUNCH_MEASURE'"'"'s length: -1, firmware 4
LAUNCH_MEASURE: 0, firmware 0
measurement of 48 bytes, not zero
GUEST_STATUS: 0, firmware 0
state 2, policy 1
LAUNCH_FINISH: 0, firmware 0
GUEST_STATUS: 0, firmware 0
state 3, policy 1
after it the host sees ciphertext'
printf 'api 12\n%s\n' "$run" >"$work/plain.want"
printf 'api 12\n%s\n%s\n' "$launch" "$run" >"$work/sev.want"

same() { # MACHINE GUEST TEXT
    ask "$1" "$2" "kvm-host ${2%%-*}" | tr -d '\r' | grep -v '^$' >"$work/$2.out"
    diff "$work/${2%%-*}.want" "$work/$2.out" >"$work/diff"
    ok $? "$3"
    sed 's/^/# /' "$work/diff"
}

for sme in off on; do
    start $sme --kernel "$image" --unpack-kernel --initrd "$initrd" \
        --append "console=ttyS0 quiet mem_encrypt=$sme cryptomgr.notests=1"
    expect $sme '@shell' 120
    ok $? "mem_encrypt=$sme: the host boots with kvm_amd"
    ask $sme log "dmesg | grep -E 'SEV enabled|Nested Paging enabled'" | tr -d '\r' >"$work/log"
    grep -q 'Nested Paging enabled' "$work/log"
    ok $? "dmesg says Nested Paging enabled"
    grep -q 'SEV enabled (ASIDs 1 - 509)' "$work/log"
    ok $? "dmesg says SEV enabled"
    same $sme plain "a plain guest's output, device accesses and exits"
    same $sme sev "an SEV guest from INIT to its end"
    same $sme sev-again "and another one after it"
    stop $sme
done
