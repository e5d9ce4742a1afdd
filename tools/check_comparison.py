#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that docs/comparison.md names tests, and that they exist.

    check_comparison.py [SOURCE_ROOT]      exit 0: clean; 1: prints what is wrong

Each cell of the table bears numbers in brackets; each number has a line with a
file and a text (a case's name) that stands in that file.
"""
import pathlib
import re
import sys

CITED = re.compile(r"\[(\d+)\]")
TEST = re.compile(r"^(\d+)\. `([^`]+)`: `([^`]+)`$")


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    lines = (root / "docs/comparison.md").read_text().splitlines()
    tests, cited, bad, cells = {}, set(), [], 0
    for line in lines:
        if match := TEST.match(line):
            tests[match[1]] = (match[2], match[3])
    for line in [one for one in lines if one.startswith("|")][2:]:
        for cell in line.strip("|").split("|")[1:]:
            cells += 1
            numbers = CITED.findall(cell)
            cited.update(numbers)
            if not numbers:
                bad.append(f"no test: {cell.strip()}")
    bad += [f"[{n}] has no line" for n in sorted(cited - tests.keys())]
    bad += [f"[{n}] is never used" for n in sorted(tests.keys() - cited)]
    for number, (path, text) in tests.items():
        if not (root / path).is_file():
            bad.append(f"{number}: {path} does not exist")
        elif text not in (root / path).read_text():
            bad.append(f"{number}: {path} has no '{text}'")
    for one in bad:
        print(one)
    print(f"{cells} cells, {len(tests)} tests, {len(bad)} faults")
    return 1 if bad or not cells else 0


if __name__ == "__main__":
    sys.exit(main())
