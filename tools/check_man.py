#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that each verb has a man page that names all its options.

    check_man.py SOURCE_ROOT FOLDER_OF_PAGES CBIT      exit 0: clean; 1: prints what is wrong

The verbs are the rows of src/cli/verbs.c, so a row without a page is a fault, and so
is a page whose verb has gone.
"""
import pathlib
import re
import subprocess
import sys

VERB = re.compile(r'^    \{"([a-z]+)", "', re.M)
OPTION = re.compile(r"^  (--[a-z-]+)", re.M)


def plain(path):
    return path.read_text().replace("\\-", "-").replace("\\e", "\\")


def main():
    root, folder, cbit = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    verbs = VERB.findall((root / "src/cli/verbs.c").read_text())
    pages = {path.stem[len("cbit-"):] for path in folder.glob("cbit-*.1")}
    overview, bad = plain(root / "man/cbit.1"), []
    bad += [f"cbit {verb} has no page" for verb in verbs if verb not in pages]
    bad += [f"cbit-{verb}.1 describes no verb" for verb in sorted(pages - set(verbs))]
    for verb in [one for one in verbs if one in pages]:
        page = plain(folder / f"cbit-{verb}.1")
        told = subprocess.run([cbit, verb, "--help"], capture_output=True, text=True, timeout=60).stdout
        bad += [f"cbit-{verb}.1 lacks {one}" for one in OPTION.findall(told) if one not in page]
        if f"cbit-{verb}" not in overview:
            bad.append(f"cbit.1 does not refer to cbit-{verb}(1)")
    for one in bad:
        print(one)
    print(f"{len(verbs)} verbs, {len(bad)} faults")
    return 1 if bad or not verbs else 0


if __name__ == "__main__":
    sys.exit(main())
