#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Host memory: a large machine that is hardly used takes little, and what cbit takes
# stays under the guest's memory in use, plus 15 %, plus 64 MiB.
. "$(dirname "$0")/lib.sh"
: "${GUESTS:?}"
kernel cloud
initramfs
plan 4
rss() { awk '/^VmRSS/ {print $2}' "/proc/${pid[$1]}/status"; } # KiB

start large --memory 16G --kernel "$GUESTS/every_second.elf"
expect large '^@ready' 60
ok $? "a machine of 16 GiB starts"
used=$(rss large)
[ "$used" -lt $((96 * 1024)) ]
ok $? "and takes less than 96 MiB while its guest uses 3"
echo "# $used KiB"
stop large

start linux --memory 2G --unpack-kernel --kernel "$image" --initrd "$initrd" \
    --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on"
expect linux '^/ #'
ok $? "Linux with 2 GiB reaches the prompt"
free=$(ask linux 1 "awk '/^MemFree/ {print \$2}' /proc/meminfo")
inuse=$((2 * 1024 * 1024 - free))
used=$(rss linux)
[ "$used" -le $((inuse * 115 / 100 + 64 * 1024)) ]
ok $? "cbit takes at most the guest's memory in use + 15 % + 64 MiB"
echo "# $used KiB for $inuse KiB in use"
stop linux
