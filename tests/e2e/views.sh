#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What lies at the pins, with small guests of our own: every second page encrypted, two
# boots, TSME as AMD's own detection sees it.
. "$(dirname "$0")/lib.sh"
: "${GUESTS:?}"
plan 27

text='plain text here.'
# which of the 512 pages at 64 MiB hold the text: "none", "all", "even"
shown() {
    python3 - "$1" <<'PY'
import sys
with open(sys.argv[1], "rb") as f:
    f.seek(0x4000000)
    pages = [f.read(4096) for _ in range(512)]
plain = [p == b"plain text here." * 256 for p in pages]
broken = [i for i, p in enumerate(pages) if not plain[i] and b"plain text" in p]
names = {(False,) * 512: "none", (True,) * 512: "all", (True, False) * 256: "even"}
print("torn" if broken else names.get(tuple(plain), "other"))
PY
}
boot() { # NAME OPTIONS...
    local name=$1
    shift
    start "$name" --memory 128M --kernel "$GUESTS/every_second.elf" "$@"
    expect "$name" '^@ready' 60
    ok $? "$name: the guest is ready"
}
for cpu in naples rome milan genoa; do
    boot "$cpu" --cpu $cpu
    dump "$cpu" raw "$work/$cpu.raw" && dump "$cpu" host "$work/$cpu.host"
    is "$(shown "$work/$cpu.raw")" even "$cpu: exactly the pages without C are plain at the pins"
    dump "$cpu" asid=1 "$work/$cpu.wrong"
    is "$(shown "$work/$cpu.wrong")" none "$cpu: another key shows nothing"
    stop "$cpu"
done
boot off --sme off --cpu milan
dump off raw "$work/off.raw"
is "$(shown "$work/off.raw")" all "SME off: all is plain"
stop off
boot tsme --tsme on
dump tsme raw "$work/tsme.raw" && dump tsme host "$work/tsme.host"
is "$(shown "$work/tsme.raw")" none "TSME: nothing is plain at the pins"
is "$(shown "$work/tsme.host")" all "TSME: the host key shows all"
stop tsme

boot again --cpu milan
dump again raw "$work/again.raw"
! cmp -s "$work/milan.raw" "$work/again.raw"
ok $? "the next boot has other ciphertext for the same text at the same address"
is "$(shown "$work/again.raw")" even "in the same pages"
stop again
for n in 1 2; do
    boot "seed$n" --cpu milan --seed 7
    dump "seed$n" raw "$work/seed$n.raw"
    stop "seed$n"
done
same() { cmp -s <(tail -c +67108865 "$1" | head -c 2097152) <(tail -c +67108865 "$2" | head -c 2097152); }
same "$work/seed1.raw" "$work/seed2.raw"
ok $? "with --seed both have the same"

for sme in on off; do
    for tsme in on off; do
        "$CBIT" run --sme $sme --tsme $tsme --memory 128M --kernel "$GUESTS/tsme.elf" --timeout 60 \
            </dev/null >"$work/out" 2>/dev/null
        grep -q "^@tsme $tsme" <(tr -d '\r' <"$work/out")
        ok $? "--sme $sme --tsme $tsme: C=1 and C=0 read the same exactly with TSME"
    done
done
