#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# cbit attack: the table as a user meets it.
. "$(dirname "$0")/lib.sh"
plan 8

timeout $((120 * slow)) "$CBIT" attack >"$work/table" 2>"$work/err"
is $? 0 "the whole table runs, and nothing in it is doubtful"
is "$(grep -c ' doubtful' "$work/table")" 0 "no control came out like its attack"
is "$(head -1 "$work/table" | tr -s ' ')" "attack under naples rome milan genoa because" \
    "a column for each generation"
is "$(grep '^block-move  *SEV' "$work/table" | tr -s ' ' | cut -d ' ' -f 3-6)" \
    "works blocked blocked blocked" "ciphertext moves on naples alone"
timeout $((60 * slow)) "$CBIT" attack --json --cpu genoa replay cold-boot >"$work/json"
is $? 0 "two attacks on one generation"
python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))
seen = {(r["attack"], r["protection"]): r["verdict"] for r in rows}
ok = len(rows) == 8 and all(r["cpu"] == "genoa" and r["reason"] for r in rows)
ok &= seen["replay", "SEV"] == "works" and seen["cold-boot", "SEV"] == "blocked"
ok &= seen["cold-boot", "none"] == "works"
sys.exit(not ok)' "$work/json"
ok $? "--json names attack, cpu, protection, verdict and reason"
timeout 10 "$CBIT" attack no-such-thing >/dev/null 2>"$work/err"
is $? 2 "an unknown attack is a usage error"
grep -q 'no-such-thing' "$work/err"
ok $? "that names it"
