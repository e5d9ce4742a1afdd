#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each room of src/ includes only what the house allows.

    check_rooms.py [SOURCE_ROOT]      exit 0: clean; 1: prints each breach

MAY says which rooms a room may enter by their front door (<room>/<room>.h);
every room may use base.  DOORS lists the further headers that a room shows to
others, and to whom where that is restricted.  OPENSSL and HEADERS pin libraries
to the one room that wraps them.
"""
import pathlib
import re
import sys

MAY = {
    "base": [],
    "crypto": [],
    "wire": [],
    "sev": ["crypto", "wire"],
    "dram": [],
    "mc": ["crypto", "dram"],
    "mmu": ["mc"],
    "x86": ["wire", "mmu", "mc"],
    "jit": ["x86", "mmu", "mc"],
    "dev": ["wire"],
    "asp": ["sev", "crypto", "wire", "mc"],
    "board": ["x86", "jit", "dev", "asp", "mc", "mmu", "wire"],
    "pc": ["board", "x86", "jit", "dev", "asp", "mc", "mmu", "wire"],
    "hv": ["board", "x86", "jit", "dev", "asp", "mc", "mmu", "wire"],
    "attack": ["hv", "pc", "board", "x86", "jit", "dev", "asp", "mc", "mmu", "wire"],
    "lib": ["pc", "hv", "board", "asp", "attack", "mc"],
    "owner": ["sev", "crypto", "wire"],
    "host": ["wire"],
    "monitor": ["lib", "host"],
    "cli": ["lib", "owner", "host", "monitor"],
}

# Headers besides the front door that other rooms may include; None: every room
# that may enter at all.
DOORS = {
    "mc/access.h": None,
    "mc/keys.h": ["asp"],
    "mc/check.h": ["board", "pc", "hv", "lib"],
    "mc/cache.h": ["board"],
    "mc/probe.h": ["attack", "lib", "pc", "hv"],
    "mc/expose.h": ["asp"],
    "board/check.h": None,
    "x86/svm/svm.h": None,
    "x86/mmio.h": None,
    "hv/launch.h": ["lib", "attack"],
    "wire/boot_params.h": None,
    "wire/vmcb.h": None,
    "wire/sev.h": None,
    "wire/sev_cmd.h": None,
    "wire/sev_cert.h": None,
    "wire/devsev.h": None,
    "host/devsev.h": None,
    "host/exec.h": None,
    "host/ctrl.h": None,
    "host/cuse.h": None,
    "host/sandbox.h": None,
    "wire/ctrl.h": None,
}

# Rooms of which some may see one header only.
ONLY = {
    ("mmu", "mc"): ["mc/access.h"],
    ("x86", "mc"): ["mc/access.h"],
    ("jit", "mc"): ["mc/access.h"],
}

# Library headers that belong to one room (or a few).
LIBRARY = {
    "openssl/": ["crypto"],
    "Zydis/": ["x86", "jit"],
    "jansson.h": ["monitor", "cli", "owner", "host"],
    "microhttpd.h": ["cli", "host"],
    "png.h": ["cli", "host"],
    "libslirp.h": ["host"],
    "seccomp.h": ["host", "cli"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def owner_of(path, src):
    return path.relative_to(src).parts[0]


def problem(room, bracket, name, src):
    for prefix, rooms in LIBRARY.items():
        if name.startswith(prefix) and room not in rooms:
            return f"{name} belongs to {', '.join(rooms)}"
    if bracket == "<":
        return None
    parts = name.split("/")
    if parts[0] == "cbit" or name == "cbit.h":
        return None if room in ("lib", "monitor", "cli", "host") else "include/cbit is for lib and above"
    if len(parts) < 2 or not (src / parts[0]).is_dir():
        return f'"{name}" is not written as "room/unit.h"'
    other = parts[0]
    if not (src / name).is_file():
        return f"{name} does not exist"
    if other in (room, "base"):
        return None
    if other not in MAY[room]:
        return f"{room} may not enter {other}"
    if name in ONLY.get((room, other), [name]) and (
            name == f"{other}/{other}.h" or name in DOORS):
        allowed = DOORS.get(name)
        if allowed is None or room in allowed:
            return None
        return f"{name} is for {', '.join(allowed)} alone"
    return f"{name} is not a door of {other} for {room}"


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    src = root / "src"
    bad = files = 0
    for path in sorted(src.rglob("*.[ch]")):
        files += 1
        room = owner_of(path, src)
        if room not in MAY:
            print(f"{path.relative_to(root)}: no such room in the house: {room}")
            bad += 1
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            why = problem(room, match.group(1), match.group(2), src)
            if why:
                print(f"{path.relative_to(root)}:{number}: {why}")
                bad += 1
    if files == 0:
        print(f"{src}: no source files found")
        return 1
    print(f"{files} files, {bad} breaches")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
