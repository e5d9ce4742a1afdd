#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Two runs with --deterministic, one seed and one script: same console, same counters,
# same DRAM, to the byte; another seed gives other ciphertext.
. "$(dirname "$0")/lib.sh"
kernel cloud
initramfs
plan 7
cat >"$work/script" <<'SCRIPT'
wait / #
send head -c 16 /dev/urandom | md5sum; cat /proc/interrupts | md5sum; date\n
wait UTC
at 900000000
stop
SCRIPT
run() { # NAME SEED
    start "$1" --memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --stats \
        --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on" \
        --deterministic --seed "$2" --input-script "$work/script"
    expect "$1" 'UTC'
    ok $? "$1: the script was followed"
    for _ in $(seq 600); do
        "$CBIT" qmp --control "unix:$work/$1.ctl" query-status 2>/dev/null | grep -q paused && break
        sleep 0.2
    done
    dump "$1" raw "$work/$1.raw"
    stop "$1"
}
run one 7
run two 7
cmp -s "$work/one.out" "$work/two.out"
ok $? "the consoles are equal"
cmp -s "$work/one.err" "$work/two.err" && grep -q cpu.instructions "$work/one.err"
ok $? "the counters are equal"
cmp -s "$work/one.raw" "$work/two.raw" && [ "$(stat -c %s "$work/one.raw")" = 268435456 ]
ok $? "the DRAM images are equal"
run three 8
! cmp -s "$work/one.raw" "$work/three.raw"
ok $? "another seed gives other ciphertext"
