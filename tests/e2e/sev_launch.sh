#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A SEV guest from its owner's point of view: chain, session, launch, measurement,
# secret, and the guest that reads it; and everything that makes the owner, or the
# AMD-SP, say no.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/sev_lib.sh"
kernel "${1:-cloud}"
initramfs
plan 29

chip "${2:-milan}"
ok $? "a chip is made and its certificates exported"
"$CBIT" owner verify --root "$work/root.cert" "$work/certs" >/dev/null
ok $? "the owner verifies the chain under the root that he trusts"
cp -r "$work/certs" "$work/forged"
python3 - "$work/forged/pdh.cert" <<'PY'
import sys
b = bytearray(open(sys.argv[1], 'rb').read())
b[0x20] ^= 1
open(sys.argv[1], 'wb').write(b)
PY
"$CBIT" owner verify --root "$work/root.cert" "$work/forged" >/dev/null 2>&1
is $? 1 "a forged PDH is refused"
session 1 mine && session 1 other && session 0 debug
ok $? "sessions are made for the platform"

# What the AMD-SP refuses ends the run with 2.
refused() { # PATTERN TITLE OPTIONS...
    local pattern=$1 title=$2
    shift 2
    "$CBIT" run --sev --state "$work/state" --memory "$memory" --unpack-kernel --kernel "$image" \
        --initrd "$initrd" --timeout 60 "$@" </dev/null >/dev/null 2>"$work/refusal"
    is $? 2 "$title: exit code 2"
    grep -q "$pattern" "$work/refusal"
    ok $? "$title: the text names $pattern"
}
files="--dh-cert-file $work/mine/vm_godh.b64 --session-file $work/mine/vm_session.b64"
# shellcheck disable=SC2086
refused 'LAUNCH_START: BAD_MEASUREMENT' "a session of another policy" $files --policy 0
refused 'LAUNCH_START: BAD_MEASUREMENT' "another platform's session" --policy 1 \
    --dh-cert-file "$work/other/vm_godh.b64" --session-file "$work/mine/vm_session.b64"
session 0xff000001 newer
refused 'LAUNCH_START: POLICY_FAILURE' "a policy that wants a newer API" --policy 0xff000001 \
    --dh-cert-file "$work/newer/vm_godh.b64" --session-file "$work/newer/vm_session.b64"

# shellcheck disable=SC2086
guest one $files --policy 1 --sev-wait
measured one
ok $? "the guest waits in launch-secret, measured"
is "$(field "$(qmp one query-status)" status)" prelaunch "not an instruction of it has run"
accepts mine 1
ok $? "the owner computes the same measurement from the files alone"
printf 'another word' >"$work/word"
refuses() { # TITLE ACCEPTS-ARGUMENTS...
    local title=$1
    shift
    accepts "$@"
    is $? 1 "the owner refuses $title"
}
refuses "another command line" mine 1 --append "$words init=/bin/sh"
refuses "another initrd" mine 1 --initrd "$work/word"
refuses "another memory size" mine 1 --memory 1G
refuses "another policy" mine 0
refuses "another session's keys" other 1
true_api=$api
api="${api/--api-minor 24/--api-minor 23}"
refuses "another API version" mine 1
api=$true_api
true_measurement=$measurement
measurement=$(python3 -c '
import base64, sys
b = bytearray(base64.b64decode(sys.argv[1])); b[3] ^= 1
print(base64.b64encode(b).decode())' "$measurement")
refuses "a changed measurement" mine 1
head -c 24 /dev/urandom | base64 >"$work/passphrase"
wrap mine "$work/passphrase" "$work/wrong"
inject one "$work/wrong" | grep -q 'LAUNCH_SECRET: BAD_MEASUREMENT'
ok $? "a secret wrapped for that changed measurement does not open"
measurement=$true_measurement
wrap other "$work/passphrase" "$work/wrong"
inject one "$work/wrong" | grep -q 'LAUNCH_SECRET: BAD_MEASUREMENT'
ok $? "nor one wrapped with another session's keys"
wrap mine "$work/passphrase" "$work/packet"
inject one "$work/packet" >/dev/null
ok $? "the owner's secret is taken"
qmp one cont >/dev/null
expect one '^@shell'
ok $? "the guest boots when it is told to go on"
is "$(field "$(qmp one query-sev)" state)" running "its state is running"
inject one "$work/packet" | grep -q INVALID_GUEST_STATE
ok $? "a running guest takes no secret"
tr -d '\r' <"$work/one.out" | grep -q 'Memory Encryption Features active: AMD SEV$'
ok $? "its own kernel says: AMD SEV"
is "$(ask one list launch-secret)" "$guid $(stat -c %s "$work/passphrase")" \
    "a program in the guest finds the secret's entry"
is "$(ask one read "launch-secret $guid | sha256sum | cut -c1-64")" \
    "$(sha256sum <"$work/passphrase" | cut -c1-64)" "and reads what the owner sent"
stop one
