#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Check mode: planted faults are reported word for word, and as docs/check-mode.md shows
# them; what is right, and Debian's kernel, give no report; --cache m1 shows stale bytes.
#   check_mode.sh planted | cloud | generic
. "$(dirname "$0")/lib.sh"
part=${1:-planted}

run() { # GUEST OPTIONS...; sets $code, $work/out and $work/err
    local guest=$1
    shift
    "$CBIT" run --memory 128M --kernel "${GUESTS:?}/$guest.elf" --seed 7 --max-insns 5000000 --timeout 120 \
        "$@" </dev/null >"$work/out" 2>"$work/err"
    code=$?
}
reports() { sed -n 's/^cbit: check: //p' "$work/err"; }

planted() {
    local cpu line name
    declare -A want=(
        [missing_flush]='missing-flush: rip=0x1100000 gva=0x4001040 spa=0x4000040 access=read view=raw last=host (no CLFLUSH or WBINVD since the last write)'
        [dma_private]='dma-private: rip=0x1100009 gva=- spa=0x4000100 access=write view=raw last=host (a device has no key)'
        [mmio_c1]='mmio-c1: rip=0x1100000 gva=0x4002030 spa=0xfee00030 access=read view=host last=device (C=1 reaches no device)'
        [fetch_view]='fetch-view: rip=0x4000000 gva=0x4000000 spa=0x4000000 access=fetch view=host last=raw (these bytes are garbage as instructions)'
        [walk_view]='walk-view: rip=0x1100000 gva=0x8000000 spa=0x4000000 access=walk view=host last=raw (this entry is garbage)'
    )
    declare -A end=([missing_flush]=1 [dma_private]=1 [mmio_c1]=1 [fetch_view]=36 [walk_view]=36)
    plan 41
    : >"$work/shown"
    for name in missing_flush dma_private mmio_c1 fetch_view walk_view; do
        for cpu in naples milan; do
            run $name --check --cpu $cpu
            is "$(reports)" "${want[$name]}" "$name on $cpu: one report"
        done
        reports >>"$work/shown"
        run $name --check --cpu rome --json
        is "$code" "${end[$name]}" "$name: the exit code is the guest's"
        is "$(tail -n 1 "$work/err" | python3 -c '
import json, sys
end = json.loads(sys.stdin.read())
row = end["check"][0]
counter = "check." + row["kind"].replace("-", "_")
print(len(end["check"]), end["stats"][counter], row["kind"], row["rip"], row["gva"], row["spa"], row["access"], row["view"], row["last"])')" \
            "$(echo "1 1 ${want[$name]}" | sed -E 's/ \(.*//; s/[a-z]+=//g; s/://; s/ - / None /')" "$name: the same in --json"
        run $name --cpu rome
        is "$(reports)" '' "$name: silent without --check"
        run $name --check --cpu milan --tsme on
        # under TSME there is one view: only what goes to a device can be wrong
        [ $name = mmio_c1 ] && line=${want[mmio_c1]} || line=
        is "$(reports)" "$line" "$name: under TSME"
    done
    diff <(sed -n 's/^cbit: check: //p' "$here/docs/check-mode.md") "$work/shown" >"$work/diff"
    ok $? "docs/check-mode.md shows these lines"
    sed 's/^/# /' "$work/diff"
    run clean --check --cpu rome
    is "$code $(reports)" '1 ' "the same things done right: silent"
    run missing_flush --check --cpu rome --trace check --log-json
    grep -q '^{"insns":[0-9]*,"room":"check","line":"missing-flush: rip=0x1100000 ' "$work/err"
    ok $? "a report is a trace line of the room check"
    run stale --cpu rome
    is "$(tr -d '\r' <"$work/out" | tr '\n' ' ')" '@own seen @coherent ' "without a cache memory is coherent"
    for cpu in naples rome; do
        run stale --cache m1 --cpu $cpu
        is "$(tr -d '\r' <"$work/out" | tr '\n' ' ')" '@own seen @stale ' "--cache m1, $cpu: the other view is stale until the flush"
    done
    run stale --cache m1 --check --cpu rome
    is "$(reports | cut -d ' ' -f 1,5-7)" 'missing-flush: access=read view=host last=raw' "and --check says why"
    run stale --cache m1 --cpu milan
    is "$code" 2 "--cache m1 on a coherent processor is a usage error"
    run clean --cache m1 --gdb "unix:$work/gdb" --cpu rome
    is "$code" 2 "and so it is with --gdb"
    run clean --cache m1 --check --cpu naples
    is "$code $(reports)" '1 ' "what is right runs on --cache m1"
    run walk_view --cache m1 --cpu rome
    is "$code" 36 "and what is wrong fails as before"
}

# The whole of a boot, an unencrypted disk and a network card included, and power-off.
linux() { # FLAVOUR
    local modules ext4=
    kernel "$1"
    modules=$("$here/tools/fetch-kernel" --modules "$1")
    [ "$1" = cloud ] || ext4="-m $modules ext4 -m $modules crc32c_generic"
    # shellcheck disable=SC2086
    initramfs -m "$modules" virtio_pci -m "$modules" virtio_blk -m "$modules" virtio_net \
        -m "$modules" virtio-rng -m "$modules" virtio_console $ext4
    plan 4
    truncate -s 16M "$work/disk"
    mke2fs -q "$work/disk" || skip_all "no mke2fs (e2fsprogs)"
    start "$1" --memory 256M --unpack-kernel --kernel "$image" --initrd "$initrd" --cpu rome \
        --check --cache m1 --stats --rng --net user --disk "$work/disk" \
        --append "console=ttyS0 quiet cryptomgr.notests=1 mem_encrypt=on swiotlb=2048"
    expect "$1" '^/ #' 900
    ok $? "$1: prompt"
    is "$(ask "$1" 1 'mdev -s; mount /dev/vda /extra && echo text >/extra/file; umount /extra; mount /dev/vda /extra; cat /extra/file; head -c 16 /dev/hwrng | wc -c; dmesg | grep -c "Features active: AMD SME"' | tr '\n' ' ')" \
        'text 16 1 ' "$1: a disk and the entropy device under SME"
    say "$1" 'umount /extra; poweroff -f'
    end "$1"
    is "$code" 0 "$1: power-off"
    is "$(grep -a '^cbit: check:' "$work/$1.err")" '' "$1: no report"
    grep -aE '^check\.' "$work/$1.err" | sed 's/^/# /'
}

case $part in
planted) planted ;;
*) linux "$part" ;;
esac
