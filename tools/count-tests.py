#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up Meson's JUnit logs, case by case, names what failed, and ends with one line.

    count-tests.py [--broken N] LOG.junit.xml...

Exit 0 if nothing failed.  --broken: trees that did not even build.
"""
import sys
import xml.etree.ElementTree as xml


def main():
    args = sys.argv[1:]
    passed = failed = skipped = 0
    if args[:1] == ["--broken"]:
        failed = int(args[1])
        args = args[2:]
    for path in args:
        for suite in xml.parse(path).getroot().iter("testsuite"):
            for case in suite.iter("testcase"):
                if case.find("skipped") is not None:
                    skipped += 1
                    print(f"skipped: {suite.get('name')}: {case.get('name')}")
                elif case.find("failure") is not None or case.find("error") is not None:
                    failed += 1
                    print(f"failed: {suite.get('name')}: {case.get('name')}")
                else:
                    passed += 1
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
