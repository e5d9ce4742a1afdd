#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Debian's gdb attaches before the first instruction, breaks at start_kernel (its address
# from the kernel's own kallsyms), steps, and reads a variable that is ciphertext on the DIMM.
. "$(dirname "$0")/lib.sh"
command -v gdb >/dev/null || skip_all "no gdb"
kernel cloud
initramfs
plan 13
words="console=ttyS0 panic=-1 quiet nokaslr cryptomgr.notests=1 mem_encrypt=on"
common=(--memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --append "$words")

start first "${common[@]}"
expect first '^/ #'
ok $? "a first boot tells the addresses"
symbol() { ask first "$1" "grep ' $1\$' /proc/kallsyms | cut -d ' ' -f 1"; }
start_kernel=$(symbol start_kernel)
banner=$(symbol linux_banner)
jiffies=$(symbol jiffies)
stop first

start vm "${common[@]}" --paused --gdb "unix:$work/gdb"
for _ in $(seq 100); do [ -S "$work/gdb" ] && break; sleep 0.1; done
cat >"$work/commands" <<GDB
set confirm off
set pagination off
set architecture i386:x86-64
target remote $work/gdb
printf "at %#lx\n", \$rip
break *0x$start_kernel
continue
printf "stopped %#lx\n", \$rip
stepi
printf "stepped %#lx\n", \$rip
break *(0x$start_kernel+5)
continue
printf "then %#lx\n", \$rip
printf "banner %s\n", (char *)0x$banner
printf "stack %d\n", (\$rsp > 0xffffffff80000000)
set var \$rax = 0x1234
printf "rax %#lx\n", \$rax
printf "long mode %d\n", (\$efer >> 10) & 1
set var \$fctrl = 0x27f
set var \$cr2 = 0x5678
printf "set %#lx %#lx\n", \$fctrl, \$cr2
delete
set var \$before = *(unsigned long *)0x$jiffies
watch *(unsigned long *)0x$jiffies
continue
printf "jiffies moved by %ld\n", *(unsigned long *)0x$jiffies - \$before
delete
detach
quit
GDB
timeout $((200 * slow)) gdb -q -nx -batch -x "$work/commands" >"$work/gdb.out" 2>&1
sed 's/^/# /' "$work/gdb.out" | tail -n 24
grep -q "^at 0x1000000" "$work/gdb.out"
ok $? "attached in front of the first instruction"
grep -q "^stopped 0x$start_kernel" "$work/gdb.out"
ok $? "stopped at start_kernel"
# its first instruction is the call of five bytes that function tracing hooks
grep -q '^stepped' "$work/gdb.out" && ! grep -q "^stepped 0x$start_kernel" "$work/gdb.out"
ok $? "a step enters what the first instruction calls"
grep -q "^then 0x$(printf %x $((0x$start_kernel + 5)))" "$work/gdb.out"
ok $? "and comes back behind it"
grep -q "^banner Linux version 6.1" "$work/gdb.out"
ok $? "reads a variable"
grep -q "^stack 1" "$work/gdb.out"
ok $? "reads registers"
grep -q "^rax 0x1234" "$work/gdb.out"
ok $? "writes registers"
grep -q '^long mode 1' "$work/gdb.out" && grep -q '^set 0x27f 0x5678' "$work/gdb.out"
ok $? "x87 and control registers"
grep -q '^Hardware watchpoint' "$work/gdb.out" && grep -q '^jiffies moved by 1' "$work/gdb.out"
ok $? "a watchpoint stops at the first tick"
expect vm '^/ #'
ok $? "after detaching the kernel boots on"
# nokaslr: kernel addresses are physical ones plus a constant
at=$((0x$banner - 0xffffffff80000000))
"$CBIT" dram read --control "unix:$work/vm.ctl" --view host $at 16 | grep -q 'Linux version' &&
    ! "$CBIT" dram read --control "unix:$work/vm.ctl" --view raw $at 16 | grep -q 'Linux'
ok $? "which is ciphertext at the pins"
# the core file: gdb finds registers and, by physical address, what the CPU would read
"$CBIT" qmp --control "unix:$work/vm.ctl" stop >/dev/null
"$CBIT" qmp --control "unix:$work/vm.ctl" dump-guest-memory \
    "{\"paging\": false, \"protocol\": \"file:$work/core\"}" >/dev/null
gdb -q -nx -batch -ex 'set architecture i386:x86-64' -ex "core-file $work/core" \
    -ex "x/s $at" -ex 'printf "rip %d\n", $rip != 0' >"$work/core.out" 2>&1
grep -q 'Linux version 6.1' "$work/core.out" && grep -q '^rip 1' "$work/core.out"
ok $? "the ELF core opens in gdb and holds what the CPU reads"
stop vm
