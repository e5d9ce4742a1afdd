#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The control socket of a machine that runs: status, stop and cont, dumps, reset.
. "$(dirname "$0")/lib.sh"
kernel cloud
initramfs
plan 22
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
view() { "$CBIT" view --control "unix:$work/vm.ctl" --once "$@"; }
seen() {
    view --json "${@:3}" |
        python3 -c 'import json,sys; print(json.load(sys.stdin)["views"][int(sys.argv[1])][sys.argv[2]])' "$1" "$2"
}
view "$page" 64 >"$work/eyes"
head -n 1 "$work/eyes" | grep -q 'CPU (host) .*pins (raw)$'
ok $? "cbit view: the CPU's eyes and the pins, side by side"
sed -n 2p "$work/eyes" | grep -Eq ' (5[0-9]|6[0-4]) of 64 bytes differ'
ok $? "which differ nearly everywhere"
sed -n 3p "$work/eyes" | grep -Eq '^[0-9a-f]{12}  54 68 69 73 20 70 61 67  This pag  .*\*'
ok $? "the CPU reads the text; the pins' bytes are marked"
is "$(seen 0 data "$page" 16)" "$(printf 'This page belong' | od -An -v -tx1 | tr -d ' \n')" \
    "--json says the same"
is "$(seen 0 who "$page" 16 --asid 1) $(seen 1 who "$page" 16 --asid 1) $(seen 2 who "$page" 16 --asid 1)" \
    "guest hypervisor pins" "with a guest's key there are three pairs of eyes"
"$CBIT" view --once --control "unix:$work/vm.ctl" 0xfffffffffff 16 >/dev/null 2>&1
is $? 2 "cbit view: an address outside DRAM is refused"
is "$(view --gpa "$page" 2>&1)" "cbit view: no guest has memory there" \
    "and a guest's address, where there is no guest, in the machine's words"
ctl stop >/dev/null
is "$(status)" paused "stop pauses"
ctl pmemsave "{\"val\": $((page)), \"size\": 4096, \"filename\": \"$work/page\"}" >/dev/null
[ "$(stat -c %s "$work/page")" = 4096 ] && ! grep -qa belongs "$work/page"
ok $? "pmemsave reads with C=0: ciphertext"
is "$(seen 1 data "$page" 64)" "$(od -An -v -tx1 -N64 "$work/page" | tr -d ' \n')" \
    "which cbit view shows as the pins' bytes"
before=$(look raw "$page" 4096)
ctl system_reset >/dev/null
is "$(look raw "$page" 4096)" "$before" "after a reset the pins hold the old ciphertext"
! look host "$page" 4096 | grep -q belongs
ok $? "which is garbage under the new key"
look raw 0xfffffffffff 16 >/dev/null 2>&1
is $? 2 "an address outside DRAM is refused"
stop vm
is "$code" 0 "quit ends with 0"
