#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds up Meson's JUnit logs, case by case, names what failed, and ends with one line.

    count-tests.py [--broken N] LOG.junit.xml...

Exit 0 if nothing failed.  --broken: trees that did not even build.  A program that
ends badly after its last case has passed (a leak, a crash at exit) is in Meson's JSON
log alone, beside the other: it counts as one more failure.
"""
import json
import sys
import xml.etree.ElementTree as xml

GOOD = ("OK", "SKIP", "EXPECTEDFAIL")


def bad_ends(path, told):
    """Names of programs that failed although none of their cases did."""
    with open(path.replace(".junit.xml", ".json"), encoding="utf-8") as log:
        for line in log:
            test = json.loads(line)
            name = test["name"]
            known = name.split(" / ")[-1] in told or any(name in suite for suite in told)
            if test["result"] not in GOOD and not known:
                yield f"{test['name']}: {test['result']}, exit status {test['returncode']}"



def main():
    args = sys.argv[1:]
    passed = failed = skipped = 0
    if args[:1] == ["--broken"]:
        failed = int(args[1])
        args = args[2:]
    for path in args:
        told = set()
        for suite in xml.parse(path).getroot().iter("testsuite"):
            for case in suite.iter("testcase"):
                if case.find("skipped") is not None:
                    skipped += 1
                    print(f"skipped: {suite.get('name')}: {case.get('name')}")
                elif case.find("failure") is not None or case.find("error") is not None:
                    failed += 1
                    told.update((suite.get("name"), case.get("name")))
                    print(f"failed: {suite.get('name')}: {case.get('name')}")
                else:
                    passed += 1
        for end in bad_ends(path, told):
            failed += 1
            print(f"failed: {end}")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
