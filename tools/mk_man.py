#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the man page of one verb from cbit.1 and from what the verb says of itself.

    mk_man.py CBIT MAN/CBIT.1 VERB PAGE

The description is the section "CBIT VERB" of cbit.1; synopsis and options are those
of `cbit VERB --help`, and of each verb below it.  Exit 1: cbit.1 has no such section.
"""
import re
import subprocess
import sys

ROW = re.compile(r"^  (\S+)\s{2,}(\S.*)$")       # "  name     what it is"
OPTION = re.compile(r"^  (--\S+(?: \S+)*)\s{2,}(\S.*)$")
USAGE = re.compile(r"^(?:usage:|      ) (.*)$")


def escape(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in ".'" else text


def ask(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.splitlines()


def section(source, title):
    """The lines of a section of cbit.1, without its heading."""
    found, inside = [], False
    for line in source:
        if line.startswith(".SH"):
            inside = line.split(None, 1)[1].strip('"') == title
        elif inside:
            found.append(line)
    return found


def synopsis(help_lines, verb):
    usage = [found[1].rstrip() for line in help_lines if (found := USAGE.match(line))]
    lines = usage if usage and verb not in ("help", "version") else [f"cbit {verb}"]
    return [".nf"] + [escape(line.strip()) for line in lines] + [".fi"]


def options(help_lines):
    page = []
    for line in help_lines:
        if found := OPTION.match(line):
            page += [".TP", f".B {escape(found[1])}", escape(found[2])]
    return page


def verbs_below(cbit, verb, help_lines):
    """The page's part on `cbit asp setup` and its like."""
    rows = [ROW.match(line) for line in help_lines]
    page = []
    for row in rows:
        if verb in ("help", "version") or not row or row[1].startswith("--"):
            continue
        lines = ask(cbit, verb, row[1], "--help")
        page += [f".SS {row[1]}", escape(row[2][0].upper() + row[2][1:]) + ".", ".PP"]
        page += synopsis(lines, f"{verb} {row[1]}") + options(lines)
    return page


def main():
    cbit, source, verb, page_path = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        lines = file.read().splitlines()
    heading = next(line for line in lines if line.startswith(".TH")).split(None, 2)[2]
    summary = next(row[2] for line in ask(cbit, "help") if (row := ROW.match(line)) and row[1] == verb)
    text = section(lines, f"CBIT {verb.upper()}")
    if not text:
        sys.exit(f'{source} has no section "CBIT {verb.upper()}"')
    help_lines = ask(cbit, verb, "--help")
    page = ["'\\\" t", f".TH CBIT\\-{verb.upper()} {heading}",
            ".SH NAME", f"cbit\\-{verb} \\- {escape(summary)}",
            ".SH SYNOPSIS"] + synopsis(help_lines, verb)
    page += [".SH DESCRIPTION"] + text
    if below := verbs_below(cbit, verb, help_lines):
        page += [".SH VERBS"] + below
    if listed := options(help_lines):
        page += [".SH OPTIONS"] + listed
    page += [".SH EXIT STATUS"] + section(lines, "EXIT STATUS")
    page += [".SH SEE ALSO", ".BR cbit (1)"]
    with open(page_path, "w", encoding="utf-8") as file:
        file.write("\n".join(page) + "\n")


if __name__ == "__main__":
    main()
