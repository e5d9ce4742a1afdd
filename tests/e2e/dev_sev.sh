#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# One program that knows nothing of cbit meets /dev/sev three times: through the
# preload library, through seccomp, and behind Linux's own driver in the machine.
# The three answers are the same text.
. "$(dirname "$0")/lib.sh"
kernel generic
modules=$("$here/tools/fetch-kernel" --modules generic)
${CC:-cc} -O1 -o "$work/devsev" "$here/tests/asp/devsev.c" &&
    ${CC:-cc} -O1 -static -o "$work/devsev-static" "$here/tests/asp/devsev.c" ||
    skip_all "no C compiler or static C library"
initramfs -m "$modules" ccp -x "$work/devsev-static:bin/devsev"
export XDG_STATE_HOME=$work/none
plan 17

timeout 60 "$CBIT" exec -- "$work/devsev" >"$work/preload"
ok $? "preload: every command answers as Linux's driver does"
timeout 60 "$CBIT" exec -- "$work/devsev-static" >"$work/seccomp"
code=$?
if [ $code = 2 ]; then
    ok 0 "seccomp: # SKIP this host offers no user notification"
    ok 0 "the same text # SKIP"
else
    ok $code "seccomp: every command answers for a static program"
    cmp -s "$work/preload" "$work/seccomp"
    ok $? "the same text"
fi
timeout 60 "$CBIT" exec --via preload -- "$work/devsev-static" 2>"$work/why"
is $? 2 "a static program is refused where only a preload was asked for"
grep -q 'statically linked' "$work/why"
ok $? "and the message says why"
timeout 60 "$CBIT" exec -- sh -c 'test -c /dev/sev && exit 7'
is $? 7 "the program's exit code is the verb's"
timeout 60 "$CBIT" exec -- "$work/no-such-program" 2>/dev/null
is $? 127 "a program that is not there: 127"
timeout 60 "$CBIT" exec -- sh -c 'kill -TERM $$'
is $? 143 "a program that a signal ended: 128 and its number"
timeout 60 "$CBIT" exec -- bash -c "for i in 1 2 3 4 5 6 7 8; do $work/devsev time 500 >/dev/null & done
    for i in 1 2 3 4 5 6 7 8; do wait -n || exit 1; done; exit 0"
ok $? "eight processes at once"

# one chip, seen from outside and from inside
"$CBIT" asp setup --state "$work/chip" --profile naples >/dev/null 2>&1
ok $? "a chip is made"
run='exec 3<>/dev/sev; sleep 1'
timeout 60 "$CBIT" exec --state "$work/chip" -- sh -c "$run" &
sleep 0.5
"$CBIT" exec --state "$work/chip" -- true 2>"$work/busy"
is $? 2 "a chip in use is refused to others"
wait $!
"$CBIT" asp status --state "$work/chip" --json >"$work/status"
start guest --kernel "$image" --unpack-kernel --initrd "$initrd" --state "$work/chip" \
    --append "console=ttyS0 quiet mem_encrypt=on cryptomgr.notests=1"
expect guest '@shell' 120
ok $? "the kernel's own ccp driver is loaded"
ask guest dmesg "dmesg | grep 'SEV API'" >"$work/dmesg"
grep -q 'SEV API:0\.' "$work/dmesg"
ok $? "it prints the SEV API version"
ask guest walk "devsev" | tr -d '\r' | grep -v '^$' >"$work/inside"
# another generation has another build: all but that line is compared
strip() { grep -v '  api ' "$1"; }
diff <(strip "$work/preload") <(strip "$work/inside") >"$work/diff"
ok $? "the program says the same inside the machine"
sed 's/^/# /' "$work/diff"
ask guest tsme "cat /sys/bus/pci/drivers/ccp/*/tsme_status" | tr -d '\r\n ' >"$work/tsme"
is "$(cat "$work/tsme")" 0 "tsme_status is 0"
stop guest
grep -q '"profile": "naples"' "$work/status"
ok $? "the chip is the naples that was made"
start tsme --kernel "$image" --unpack-kernel --initrd "$initrd" --tsme on \
    --append "console=ttyS0 quiet cryptomgr.notests=1"
expect tsme '@shell' 120
ask tsme tsme "cat /sys/bus/pci/drivers/ccp/*/tsme_status" | tr -d '\r\n ' >"$work/tsme"
is "$(cat "$work/tsme")" 1 "with --tsme on it is 1"
stop tsme
