#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian's kernels as guests of the built-in hypervisor: plain, and as SEV guests on
# the processors given.  Arguments: cloud|generic PROFILE...
. "$(dirname "$0")/lib.sh"
kernel "$1"
shift
initramfs
plan $((6 + 10 * $#))
truncate -s 8M "$work/disk"

write_disk='echo 5 words on a disk, written >/dev/vda && sync && echo 3 >/proc/sys/vm/drop_caches && head -c 27 /dev/vda'

describe() { # NAME [LINES]
    local name=$1
    shift
    printf '%s\n' "kernel $image" "initrd $initrd" "unpack-kernel" "memory 512M" "rng" \
        "disk $work/disk" "append console=ttyS0 panic=-1 cryptomgr.notests=1" "$@" >"$work/$name.txt"
}

describe plain
start plain --guest "$work/plain.txt"
expect plain '^@shell'
ok $? "a plain guest boots to its prompt"
grep -q 'Hypervisor detected: KVM' "$work/plain.out"
ok $? "it finds KVM's interface"
! grep -q 'Memory Encryption Features active' "$work/plain.out"
ok $? "no memory encryption is active in it"
is "$(ask plain disk "$write_disk" | tail -n 1)" "5 words on a disk, written" "a disk keeps what it writes"
say plain 'poweroff -f'
end plain
is $code 0 "poweroff ends it with 0"
echo 'bios /dev/null' >"$work/wrong.txt"
"$CBIT" run --guest "$work/wrong.txt" 2>&1 | grep -q "line 1: 'bios' is no option of a guest"
ok $? "an option of the platform in a guest's file is refused by line"

for profile; do
    tsme=off
    for round in first second; do
        name=$profile-$round
        describe "$name" sev
        start "$name" --cpu "$profile" --tsme $tsme --guest "$work/$name.txt"
        expect "$name" '^@shell'
        ok $? "$profile, TSME $tsme: a SEV guest boots to its prompt"
        tr -d '\r' <"$work/$name.out" | grep -q 'Memory Encryption Features active: AMD SEV$'
        ok $? "$profile, TSME $tsme: its kernel says AMD SEV"
        grep -q 'Using software bounce buffering' "$work/$name.out"
        ok $? "$profile, TSME $tsme: its devices work on bounce buffers"
        is "$(ask "$name" disk "$write_disk" | tail -n 1)" "5 words on a disk, written" \
            "$profile, TSME $tsme: a disk keeps what it writes"
        say "$name" 'poweroff -f'
        end "$name"
        is $code 0 "$profile, TSME $tsme: poweroff ends it with 0"
        tsme=on
    done
done
