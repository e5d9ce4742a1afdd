#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The control socket of a machine that runs: status, stop and cont, dumps, reset.
. "$(dirname "$0")/lib.sh"
kernel cloud
initramfs
plan 14
ctl() { "$CBIT" qmp --control "unix:$work/vm.ctl" "$@"; }
status() { ctl query-status | sed -n 's/.*"status": "\(.*\)",*/\1/p'; }
look() { "$CBIT" dram read --control "unix:$work/vm.ctl" --view "$1" "$2" "$3"; }

start vm --memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --paused \
    --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on cbit.run=page"
for _ in $(seq 50); do [ -S "$work/vm.ctl" ] && break; sleep 0.1; done
is "$(status)" prelaunch "--paused waits before the first instruction"
ctl cont >/dev/null
expect vm '^@page 0x'
ok $? "cont starts it"
is "$(status)" running "then it runs"
page=$(tr -d '\r' <"$work/vm.out" | sed -n 's/^@page //p' | head -n 1)
look host "$page" 64 | grep -q 'This page belong'
ok $? "the host view of the page shows the text"
! look raw "$page" 4096 | grep -q 'page'
ok $? "the pins do not"
! look asid=1 "$page" 4096 | grep -q 'page'
ok $? "another key does not either"
is "$(look raw "$page" 40 | wc -l)" 3 "a hexdump has 16 bytes a line"
is "$(look host "$page" 64)" "$(look host "$page" 64)" "looking changes nothing"
ctl stop >/dev/null
is "$(status)" paused "stop pauses"
ctl pmemsave "{\"val\": $((page)), \"size\": 4096, \"filename\": \"$work/page\"}" >/dev/null
[ "$(stat -c %s "$work/page")" = 4096 ] && ! grep -qa belongs "$work/page"
ok $? "pmemsave reads with C=0: ciphertext"
before=$(look raw "$page" 4096)
ctl system_reset >/dev/null
is "$(look raw "$page" 4096)" "$before" "after a reset the pins hold the old ciphertext"
! look host "$page" 4096 | grep -q belongs
ok $? "which is garbage under the new key"
look raw 0xfffffffffff 16 >/dev/null 2>&1
is $? 2 "an address outside DRAM is refused"
stop vm
is "$code" 0 "quit ends with 0"
