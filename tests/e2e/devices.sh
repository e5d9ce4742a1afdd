#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A virtio disk is partitioned, formatted, mounted, written and read back; frames reach
# the world: with SME on, off, and TSME.  poweroff ends with 0 (ACPI).
. "$(dirname "$0")/lib.sh"
flavour=${1:-cloud}
kernel "$flavour"
modules=$("$here/tools/fetch-kernel" --modules "$flavour")
ext4="-m $modules ext4 -m $modules crc32c_generic"
[ "$flavour" = cloud ] && ext4= # built in
# shellcheck disable=SC2086
initramfs -m "$modules" virtio_pci -m "$modules" virtio_blk -m "$modules" virtio_net \
    -m "$modules" virtio-rng -m "$modules" virtio_console $ext4
plan 27

# what the guest fetches over TCP
head -c 3000000 /dev/urandom >"$work/served"
python3 - "$work/served" "$work/port" <<'PY' &
import http.server, sys
class One(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        data = open(sys.argv[1], "rb").read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), One)
open(sys.argv[2], "w").write(str(server.server_port))
server.serve_forever()
PY
web=$!
disown $web
trap 'kill $web; cleanup' EXIT
while [ ! -s "$work/port" ]; do sleep 0.1; done
port=$(cat "$work/port")

story() { # NAME TITLE OPTIONS...
    local name=$1 title=$2 sum
    shift 2
    truncate -s 64M "$work/$name.disk"
    start "$name" --memory 512M --unpack-kernel --kernel "$image" --initrd "$initrd" --rng \
        --net user --disk "$work/$name.disk" \
        --append "console=ttyS0 panic=-1 quiet cryptomgr.notests=1 mem_encrypt=on" "$@"
    expect "$name" '^/ #'
    ok $? "$title: prompt"
    ask "$name" 1 "printf 'n\np\n1\n\n\nw\n' | fdisk /dev/vda" >/dev/null
    is "$(ask "$name" 2 'mdev -s; mke2fs /dev/vda1 >/dev/null && mount /dev/vda1 /extra && echo mounted')" \
        mounted "$title: partitioned, formatted, mounted"
    sum=$(ask "$name" 3 "head -c 9000000 /dev/urandom >/extra/file; sync; md5sum </extra/file")
    is "$(ask "$name" 4 'umount /extra; echo 3 >/proc/sys/vm/drop_caches; mount /dev/vda1 /extra; md5sum </extra/file')" \
        "$sum" "$title: written and read back"
    is "$(ask "$name" 5 'ip link set eth0 up; udhcpc -q -n -i eth0 -s /bin/true >/dev/null 2>&1; ip addr add 10.0.2.15/24 dev eth0; ip route add default via 10.0.2.2; ping -c 2 10.0.2.2 | grep -c "bytes from"')" \
        2 "$title: ping"
    is "$(ask "$name" 6 "wget -q -O - http://10.0.2.2:$port/ | md5sum")" "$(md5sum <"$work/served")" \
        "$title: three megabytes over TCP"
    is "$(ask "$name" 7 'head -c 4096 /dev/hwrng | wc -c')" 4096 "$title: the entropy device delivers"
    is "$(ask "$name" 8 'echo th""rough hvc0 >/dev/hvc0')" "through hvc0" "$title: hvc0 reaches the console"
    ask "$name" 9 'umount /extra; sync' >/dev/null
    say "$name" 'poweroff -f'
    end "$name"
    is "$code" 0 "$title: poweroff is 0"
    # the disk holds what was written, readable by another system: ext2's magic number
    is "$(python3 -c '
import sys
d = open(sys.argv[1], "rb")
d.seek(446 + 8)
start = int.from_bytes(d.read(4), "little")
d.seek(start * 512 + 1024 + 56)
print(d.read(2).hex())' "$work/$name.disk")" 53ef "$title: the image holds a file system"
}
story sme "SME on" --sme on
story off "SME off" --sme off
story tsme "TSME" --sme on --tsme on
