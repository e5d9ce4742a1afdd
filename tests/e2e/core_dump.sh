#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A core file of cbit holds the guest's memory, but no key and no round key, in its
# registers neither.
. "$(dirname "$0")/lib.sh"
command -v gcore >/dev/null || skip_all "no gcore (gdb)"
kernel cloud
initramfs
plan 5
# How many round keys of the host key, AES-128, occur in a file.
search() {
    python3 - "$1" "$work/keys" <<'PYTHON'
import mmap, sys
def table():
    box, p, q = [0] * 256, 1, 1
    while True:
        p ^= p << 1 & 0xff ^ (0x1b if p & 0x80 else 0)
        for shift in (1, 2, 4):
            q ^= q << shift & 0xff
        q ^= 0x09 if q & 0x80 else 0
        x = q
        for turn in (1, 2, 3, 4):
            x ^= (q << turn | q >> (8 - turn)) & 0xff
        box[p] = x ^ 0x63
        if p == 1:
            box[0] = 0x63
            return box
def round_keys(key):
    box, rcon = table(), 1
    w = [key[i:i + 4] for i in range(0, 16, 4)]
    for i in range(4, 44):
        t = w[i - 1]
        if i % 4 == 0:
            t = bytes([box[t[1]] ^ rcon, box[t[2]], box[t[3]], box[t[0]]])
            rcon = rcon << 1 ^ (0x11b if rcon & 0x80 else 0)
        w.append(bytes(a ^ b for a, b in zip(w[i - 4], t)))
    return [b''.join(w[i:i + 4]) for i in range(0, 44, 4)]
vector = round_keys(bytes.fromhex('2b7e151628aed2a6abf7158809cf4f3c')) # FIPS 197, A.1
assert vector[10].hex() == 'd014f9a8c9ee2589e13f0cc8b6630ca6'
key = next(line.split()[2] for line in open(sys.argv[2]) if line.startswith('key host'))
with open(sys.argv[1], 'rb') as f, mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ) as core:
    print(sum(core.find(k) >= 0 for k in round_keys(bytes.fromhex(key))))
PYTHON
}
start vm --memory 128M --unpack-kernel --kernel "$image" --initrd "$initrd" --cpu milan \
    --expose-keys "$work/keys" --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on"
expect vm '^/ #'
ok $? "a machine runs under SME"
# pages change their view: the key is used shortly before
"$CBIT" dram dump --control "unix:$work/vm.ctl" --view raw "$work/dimm"
gcore -o "$work/core" "${pid[vm]}" >"$work/gcore.out" 2>&1
core=$work/core.${pid[vm]}
[ -s "$core" ]
ok $? "gcore makes a core file"
grep -qa 'Linux version 6.1' "$core"
ok $? "which has the guest's memory"
is "$(search "$core")" 0 "but no round key of the memory key"
stop vm
# what the search would find
python3 - "$work/keys" "$work/planted" <<'PYTHON'
import sys
key = next(line.split()[2] for line in open(sys.argv[1]) if line.startswith('key host'))
open(sys.argv[2], 'wb').write(b'-' * 1000 + bytes.fromhex(key) + b'-' * 1000)
PYTHON
is "$(search "$work/planted")" 1 "though the search finds one that is there"
