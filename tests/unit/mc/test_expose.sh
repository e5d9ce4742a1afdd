#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The ciphertext is not cbit's own word: tools/decrypt_dram.py, which shares no code
# with it, decrypts the pins with the exposed keys.    test_expose.sh DUMPER SCRIPT
set -u
dumper=$1 script=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
base=0x3fffffc0000
n=0

tell() { # RESULT NAME
    n=$((n + 1))
    if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

echo 1..18
for cipher in xe xex xts; do
    "$dumper" $cipher "$dir"
    tell $? "$cipher: dump and keys are written"
    ! cmp -s "$dir/pins" "$dir/plain"
    tell $? "$cipher: the pins show something else than was written"
    for aes in cryptography openssl; do
        if [ $aes = cryptography ] && ! python3 -c 'import cryptography' 2>/dev/null; then
            n=$((n + 1))
            echo "ok $n - $cipher: by $aes # SKIP python3-cryptography is not installed"
            continue
        fi
        python3 "$script" --aes $aes --keys "$dir/keys" --base $base "$dir/pins" "$dir/got" &&
            cmp "$dir/got" "$dir/plain"
        tell $? "$cipher: AES by $aes decrypts the pins to what was written"
    done
    python3 "$script" --keys "$dir/keys" --base $base --at 0x3fffffc1230 --length 64 "$dir/pins" \
        >"$dir/got" && dd if="$dir/plain" bs=16 skip=291 count=4 2>/dev/null | cmp - "$dir/got"
    tell $? "$cipher: a part of the dump is enough"
    sed 's/^key host ../key host 99/' "$dir/keys" >"$dir/wrong"
    python3 "$script" --keys "$dir/wrong" --base $base "$dir/pins" "$dir/got" &&
        ! cmp -s "$dir/got" "$dir/plain"
    tell $? "$cipher: a key that differs in one byte does not"
done
