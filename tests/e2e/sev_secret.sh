#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What only the guest knows: 32 bytes that follow from the injected secret, kept in
# tmpfs and never sent through a device, are in the guest's own view and in no other.
# The same search finds what plain SEV leaves open: what went through a device, and the
# registers in the VMCB.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sev_lib.sh"
kernel cloud
modules=$("$here/tools/fetch-kernel" --modules cloud)
initramfs -m "$modules" virtio_pci -m "$modules" virtio_blk
plan 15

chip && session 1 mine
ok $? "a chip and a session"
head -c 32 /dev/urandom >"$work/passphrase"
truncate -s 1M "$work/disk"
guest one --dh-cert-file "$work/mine/vm_godh.b64" --session-file "$work/mine/vm_session.b64" \
    --policy 1 --sev-wait --disk "$work/disk"
measured one && accepts mine 1 && wrap mine "$work/passphrase" "$work/packet"
ok $? "the owner accepts the measurement and wraps a secret"
inject one "$work/packet" >/dev/null && qmp one cont >/dev/null && expect one '^@shell'
ok $? "the guest boots with it"

# what the guest's program computes from it (tests/guest/user/launch-secret.c)
python3 - "$work/passphrase" "$work/derived" <<'PY'
import sys
out = b''
for n in range(0, 32, 8):
    h = 0xcbf29ce484222325 ^ n
    for b in open(sys.argv[1], 'rb').read():
        h = (h ^ b) * 0x100000001b3 & (1 << 64) - 1
    out += h.to_bytes(8, 'little')
open(sys.argv[2], 'wb').write(out)
PY
is "$(ask one derive "launch-secret derive $guid /tmp/derived; sha256sum </tmp/derived | cut -c1-64")" \
    "$(sha256sum <"$work/derived" | cut -c1-64)" "the guest derives a value and keeps it in tmpfs"
value=$(od -An -tx8 -N8 /dev/urandom | tr -d ' ')
word="through-a-device-$RANDOM-$RANDOM-$RANDOM"
ask one device "mdev -s; echo $word >/dev/vda; sync; cat /dev/vda | head -c 40 | grep -c device" >/dev/null
ask one registers "probe registers $value & sleep 2" >/dev/null

has() { # FILE PATTERN-FILE
    python3 - "$1" "$2" <<'PY'
import mmap, sys
with open(sys.argv[1], 'rb') as f:
    m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
    print('yes' if m.find(open(sys.argv[2], 'rb').read()) >= 0 else 'no')
PY
}
python3 -c 'import sys; sys.stdout.buffer.write(int(sys.argv[1], 16).to_bytes(8, "little"))' "$value" >"$work/register"
printf '%s' "$word" >"$work/word"
qmp one stop >/dev/null
for view in raw host asid=1 asid=2; do
    dump one $view "$work/dump.$view"
done
qmp one dump-guest-memory "{\"paging\": false, \"protocol\": \"file:$work/dump.elf\"}" >/dev/null
end=$(python3 -c 'import os, sys; print(os.stat(sys.argv[1]).st_size - (1 << 20))' "$work/dump.raw")
qmp one pmemsave "{\"val\": 1048576, \"size\": $end, \"filename\": \"$work/dump.pmem\"}" >/dev/null
for view in raw host asid=2 elf pmem; do
    is "$(has "$work/dump.$view" "$work/derived")" no "the value is not in: $view"
done
is "$(has "$work/dump.asid=1" "$work/derived")" yes "it is in the guest's own view"
for view in raw host elf; do
    is "$(has "$work/dump.$view" "$work/passphrase")" no "nor is the secret itself in: $view"
done
is "$(has "$work/dump.host" "$work/word")" yes "control: what went through a device is in the host's view"
is "$(has "$work/dump.elf" "$work/register")" yes "control: so are the registers, in the VMCB"
stop one
