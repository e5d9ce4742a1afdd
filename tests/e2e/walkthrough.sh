#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/sev-walkthrough.md does what it says: its commands, run as they stand there.
. "$(dirname "$0")/lib.sh"
kernel cloud
plan 3
page=$here/docs/sev-walkthrough.md
{
    echo 'set -eu -o pipefail'
    echo 'trap '\''[ -z "${host-}" ] || kill "$host" 2>/dev/null || true'\'' EXIT'
    # "! command" never ends a script; here it must
    sed -n '/^```sh$/,/^```$/p' "$page" | sed '/^```/d'
} | python3 -c '
import sys
lines, out = sys.stdin.read().replace("\\\n", "").split("\n"), []
for line in lines:
    out.append("if " + line[2:] + "; then echo \"expected to fail: $BASH_COMMAND\"; exit 1; fi"
               if line.startswith("! ") else line)
print("\n".join(out))' >"$work/commands"
is "$(grep -c '^cbit ' "$work/commands" | awk '{print ($1 >= 8)}')" 1 "the page has commands"
mkdir "$work/bin" "$work/folder"
ln -s "$CBIT" "$work/bin/cbit"
(cd "$work/folder" && PATH=$work/bin:$here/tools:$PATH timeout $((600 * slow)) bash "$work/commands" \
    >"$work/log" 2>&1)
code=$?
[ $code = 0 ] || tail -n 20 "$work/log" | sed 's/^/# /'
is $code 0 "they end well"
grep -q 'Memory Encryption Features active: AMD SEV' "$work/log"
ok $? "and show what the page says"
