#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Exit codes of cbit run: 0, 2, 32, 36, 124 and the exit port's odd ones.
. "$(dirname "$0")/lib.sh"
kernel cloud
initramfs
plan 10
quick="console=ttyS0 panic=-1 quiet cryptomgr.notests=1"

run() { # WORDS OPTIONS...
    local words=$1
    shift
    timeout $((300 * slow)) "$CBIT" run --memory 256M --unpack-kernel --kernel "$image" \
        --initrd "$initrd" --append "$quick $words" "$@" </dev/null >"$work/out" 2>"$work/err"
}

run 'cbit.run=bench:none cbit.end=reboot' --no-reboot
is $? 32 "a reset under --no-reboot is 32"
run 'cbit.run=bench:none cbit.end=exit:21'
is $? 43 "the exit port's value times two plus one"
run 'cbit.run=bench:none cbit.end=exit:0'
is $? 1 "the exit port's zero is 1"
run '' --timeout 0.5
is $? 124 "--timeout is 124"
run '' --max-insns 1000000 --json
is $? 124 "--max-insns is 124"
python3 -c '
import json, sys
last = json.loads(open(sys.argv[1]).read().splitlines()[-1])
ok = last["exit"] == 124 and last["instructions"] == 1000000 and last["exposed"] is False
sys.exit(not ok)' "$work/err"
ok $? "--json reports exactly that many instructions"
printf '\x0f\x0b' >"$work/ud2"
python3 - "$work/triple" <<'PY'
# an ELF whose code loads an empty IDT and raises #UD: nothing can be delivered
import struct, sys
code = bytes.fromhex("0f011d02000000") + bytes.fromhex("0f0b") + bytes(10)
base = 0x1000000
head = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + 120, 64, 0,
                                                 0, 64, 56, 1, 0, 0, 0)
size = 120 + len(code)
head += struct.pack("<IIQQQQQQ", 1, 7, 0, base, base, size, size, 4096)
open(sys.argv[1], "wb").write(head + code)
PY
"$CBIT" run --memory 64M --kernel "$work/triple" --no-reboot --timeout 20 </dev/null >/dev/null 2>"$work/err"
is $? 36 "a triple fault is 36"
"$CBIT" run --kernel "$image" --nonsense </dev/null >/dev/null 2>"$work/err"
is $? 2 "an unknown option is 2"
"$CBIT" run --kernel /nonexistent </dev/null >/dev/null 2>"$work/err"
is $? 2 "a missing file is 2"
"$CBIT" run --memory 64M --kernel "$work/ud2" </dev/null >/dev/null 2>"$work/err"
is $? 2 "a file that is no kernel is 2"
