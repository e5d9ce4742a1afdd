#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the names that libcbit shows to the linker.

    check_symbols.py LIBCBIT_SO LIBCBIT_A

The shared library defines cbit_... and nothing else; in the static one every
global name starts with the prefix of the room that it comes from.
"""
import subprocess
import sys

PREFIXES = ("cbit_", "cb_", "cr_", "wire_", "dram_", "mc_", "mmu_", "x86_", "jit_", "dev_",
            "asp_", "sev_", "board_", "pc_", "hv_", "attack_", "lib_")


def names(*args):
    out = subprocess.run(["nm", "--defined-only", "--extern-only", "--format=posix", *args],
                         check=True, capture_output=True, text=True).stdout
    rows = [line.split() for line in out.splitlines()]
    return [row[0] for row in rows if len(row) > 2 and row[1] != "A"]


def main():
    shared, static = sys.argv[1:3]
    exported = names("-D", shared)
    bad = [f"{shared}: {n}" for n in exported if not n.startswith("cbit_")]
    bad += [f"{static}: {n}" for n in names(static) if not n.startswith(PREFIXES)]
    for line in bad:
        print(line)
    print(f"{len(exported)} exported, {len(bad)} strange")
    return 1 if bad or not exported else 0


if __name__ == "__main__":
    sys.exit(main())
