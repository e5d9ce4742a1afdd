# SPDX-License-Identifier: Apache-2.0
# Run by the initramfs of a guest whose disk is LUKS: its passphrase is the launch
# secret, and without one the boot stops here.  tests/e2e/sev_luks.sh, docs/sev-walkthrough.md.
guid=736869e5-84f0-4973-92ec-06879ce3da0b
export DM_DISABLE_UDEV=1 # nobody answers for it
cryptsetup() { /luks/lib/ld-linux-x86-64.so.2 --library-path /luks/lib /luks/bin/cryptsetup "$@"; }
stop_here() {
    echo "@locked: $1"
    while :; do sleep 60; done
}
mkdir -p /run /disk
mdev -s
if [ -e /extra/key ]; then cp /extra/key /tmp/key; else
launch-secret "$guid" >/tmp/key || stop_here "no launch secret"
fi
cryptsetup open --key-file /tmp/key /dev/vda disk || stop_here "the launch secret does not open the disk"
rm /tmp/key
if ! mount /dev/mapper/disk /disk 2>/dev/null; then
    mke2fs -b 4096 /dev/mapper/disk >/dev/null && mount /dev/mapper/disk /disk || stop_here "no file system"
    echo "written under the launch secret" >/disk/letter
    echo "@new file system"
fi
echo "@unlocked: $(cat /disk/letter)"
umount /disk
