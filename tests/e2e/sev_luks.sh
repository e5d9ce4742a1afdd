#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The launch secret is the passphrase of the guest's LUKS disk: with it the boot goes
# on, from one launch to the next; without it, or with another one, it stops there.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sev_lib.sh"
kernel cloud
crypt=$("$here/tools/fetch-cryptsetup" 2>/dev/null) || skip_all "no cryptsetup package"
modules=$("$here/tools/fetch-kernel" --modules cloud)
arguments="-x $crypt/bin/cryptsetup:/luks/bin/cryptsetup -x $here/tests/guest/user/unlock.sh"
for lib in "$crypt"/lib/*; do arguments="$arguments -x $lib:/luks/lib/${lib##*/}"; done
for module in virtio_pci virtio_blk ecb xts aesni-intel dm-crypt algif_skcipher; do
    arguments="$arguments -m $modules $module"
done
# shellcheck disable=SC2086
initramfs $arguments
words="$words quiet cbit.run=script:/extra/unlock.sh"
plan 13

chip && "$CBIT" owner verify --root "$work/root.cert" "$work/certs" >/dev/null && session 1 mine
ok $? "a chip, a chain that verifies, a session"
head -c 24 /dev/urandom | base64 | tr -d '\n' >"$work/passphrase"
head -c 24 /dev/urandom | base64 | tr -d '\n' >"$work/wrong"
truncate -s 32M "$work/disk"
"$crypt/lib/ld-linux-x86-64.so.2" --library-path "$crypt/lib" "$crypt/bin/cryptsetup" luksFormat -q \
    --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file "$work/passphrase" "$work/disk"
ok $? "the disk is LUKS"

story() { # NAME SECRET-FILE
    guest "$1" --dh-cert-file "$work/mine/vm_godh.b64" --session-file "$work/mine/vm_session.b64" \
        --policy 1 --sev-wait --disk "$work/disk"
    measured "$1" && accepts mine 1
    ok $? "$1: the owner accepts the measurement"
    if [ -n "${2-}" ]; then
        wrap mine "$2" "$work/packet" && inject "$1" "$work/packet" >/dev/null
    fi
    qmp "$1" cont >/dev/null
}
story first "$work/passphrase"
expect first '^@new file system'
ok $? "first: the disk opens, and is empty"
expect first '^@unlocked: written under the launch secret'
ok $? "first: a file is written"
end first
is $code 0 "first: power-off"
story second "$work/passphrase"
expect second '^@unlocked: written under the launch secret'
ok $? "second: another launch reads it"
! grep -q '^@new' "$work/second.out"
ok $? "second: from the same file system"
end second
story none
expect none '^@locked: no launch secret'
ok $? "none: without the secret the boot stops there"
stop none
story wrong "$work/wrong"
expect wrong '^@locked: the launch secret does not open the disk'
ok $? "wrong: nor does another secret open it"
stop wrong
