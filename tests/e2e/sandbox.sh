#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The filter of system calls is in force while a guest runs, and what a client of the
# control socket may ask for works under it.
. "$(dirname "$0")/lib.sh"
kernel cloud
initramfs
"$CBIT" doctor | grep -q '^sandbox *ok' || skip_all "built without the filter"
plan 9
common=(--memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --stats
    --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on")
field() { sed -n "s/^$2:[[:space:]]*//p" "/proc/${pid[$1]}/status"; }
ctl() { "$CBIT" qmp --control "unix:$work/$1.ctl" "${@:2}"; }
"$CBIT" asp setup --state "$work/chip" >/dev/null

start vm "${common[@]}" --state "$work/chip" --gdb "unix:$work/gdb" --expose-keys "$work/keys"
expect vm '^/ #'
ok $? "a kernel boots under the filter"
is "$(field vm Seccomp)" 2 "the process is filtered"
is "$(field vm NoNewPrivs)" 1 "and gains no rights by a program"
ctl vm stop >/dev/null
ctl vm pmemsave "{\"val\": 1048576, \"size\": 4096, \"filename\": \"$work/page\"}" >/dev/null
is "$(stat -c %s "$work/page")" 4096 "memory is saved to a file that a client names"
before=$(cat "$work/keys")
ctl vm system_reset >/dev/null
[ "$before" != "$(cat "$work/keys")" ]
ok $? "a reset's new keys are written"
stop vm
is "$code" 0 "it ends as it should"
grep -q '^sandbox *on' "$work/vm.err"
ok $? "the statistics say so"

start bare "${common[@]}" --sandbox off --paused
for _ in $(seq 50); do [ -S "$work/bare.ctl" ] && break; sleep 0.1; done
is "$(field bare Seccomp)" 0 "--sandbox off does without"
stop bare
grep -q '^sandbox *off' "$work/bare.err"
ok $? "and says so"
