#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/sev-walkthrough.md does what it says: its commands, run as they stand there.
. "$(dirname "$0")/lib.sh"
kernel cloud
plan 4
page=$here/docs/sev-walkthrough.md
is "$(grep -c '^cbit ' "$page" | awk '{print ($1 >= 8)}')" 1 "the page has commands"
mkdir "$work/folder"
(cd "$work/folder" && timeout $((600 * slow)) "$here/tools/walkthrough" "$CBIT" >"$work/log" 2>&1)
code=$?
[ $code = 0 ] || tail -n 20 "$work/log" | sed 's/^/# /'
is $code 0 "they end well"
grep -q 'Memory Encryption Features active: AMD SEV' "$work/log"
ok $? "and show what the page says"
mkdir "$work/tools" "$work/docs" "$work/other"
cp "$here/tools/walkthrough" "$work/tools"
printf '## A lie\n\n```sh\n! true\n```\n' >"$work/docs/sev-walkthrough.md"
(cd "$work/other" && ! "$work/tools/walkthrough" "$CBIT" >/dev/null 2>&1)
ok $? "a page that is wrong fails"
