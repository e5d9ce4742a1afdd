#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A whole launch against a served platform: setup, export, verify, session,
# LAUNCH_START ... MEASURE, the owner's verdict on the true and on spoiled inputs,
# SECRET, FINISH; then migration to a second platform under the same test CA.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/asp_lib.sh"
plan 38

ca=$work/ca
for p in a b; do
    "$CBIT" asp setup --state "$work/$p" --ca "$ca" >/dev/null 2>&1
    ok $? "a chip is made: $p"
done
"$CBIT" asp export --state "$work/a" "$work/certs"
ok $? "its certificates are exported"
cp "$work/certs/ark.cert" "$work/root.cert"
"$CBIT" owner verify --root "$work/root.cert" "$work/certs" >/dev/null
ok $? "the owner verifies the chain under the root"
"$CBIT" owner verify "$work/certs" >/dev/null 2>&1
is $? 1 "without a root nothing is genuine"
policy=0
"$CBIT" owner session --pdh "$work/certs/pdh.cert" --policy $policy --out "$work/s"
ok $? "a session is made for its PDH"
cp "$work/s/godh.cert" "$work/certs/"
"$CBIT" owner verify --root "$work/root.cert" "$work/certs" 2>&1 | grep -q '^not judged: godh.cert'
ok $? "the owner's own certificate in the same folder is not taken for the platform's"
cp "$work/s/godh.cert" "$work/certs/other.cert"
"$CBIT" owner verify --root "$work/root.cert" "$work/certs" >/dev/null 2>&1
is $? 1 "under another name it is, and the chain is refused"
rm "$work/certs/godh.cert" "$work/certs/other.cert"

service a --state "$work/a"
ok $? "the platform is served"
"$CBIT" asp socket --state "$work/a" --ctrl "type=unixio,path=$work/second.sock" 2>"$work/busy"
is $? 2 "a second service cannot have the same state"
is "$(sev a PLATFORM_STATUS BBBIBI 0 0 0 0 0 0)" SUCCESS "PLATFORM_STATUS"
major=$(field "$work/buf" 0 B) minor=$(field "$work/buf" 1 B) build=$(field "$work/buf" 7 B)
is "$(sev a INIT IIQI 0 0 0 0)" SUCCESS "INIT"
is "$(sev a DF_FLUSH)" SUCCESS "DF_FLUSH"

# The guest's image and the owner's blobs in the service's DRAM.
image=$work/image
head -c 65536 /dev/urandom >"$image"
at=0x400000 blobs=0x100000
put a $at "$image"
put a $blobs "$work/s/godh.cert"
put a $((blobs + 0x1000)) "$work/s/launch_blob.bin"

is "$(sev a LAUNCH_START IIQIIQI 0 $policy $blobs "$(size "$work/s/godh.cert")" 0 \
    $((blobs + 0x1000)) 128)" SUCCESS "LAUNCH_START"
handle=$(field "$work/buf" 0 I)
is "$(sev a ACTIVATE II "$handle" 1)" SUCCESS "ACTIVATE"
is "$(sev a LAUNCH_UPDATE_DATA IIQI "$handle" 0 $at 65536)" SUCCESS "LAUNCH_UPDATE_DATA"
peek a $at 65536 "$work/raw" raw
cmp -s "$image" "$work/raw"
is $? 1 "what lies in DRAM is not the image any more"
peek a $at 65536 "$work/own" asid=1
cmp -s "$image" "$work/own"
ok $? "under the guest's key it is"
is "$(sev a LAUNCH_MEASURE IIQI "$handle" 0 0 0)" INVALID_LENGTH "LAUNCH_MEASURE says its length"
is "$(sev a LAUNCH_MEASURE IIQI "$handle" 0 $((blobs + 0x2000)) 48)" SUCCESS "LAUNCH_MEASURE"
get a $((blobs + 0x2000)) 48 "$work/measure.bin"
measurement=$(base64 -w0 "$work/measure.bin")

accept() { # IMAGE POLICY MAJOR MINOR BUILD TIK MEASUREMENT
    "$CBIT" owner measure --firmware "$1" --policy "$2" --api-major "$3" --api-minor "$4" \
        --build-id "$5" --tik "$6" --measurement "$7" >/dev/null 2>&1
}
tik=$work/s/vm_tik.bin tek=$work/s/vm_tek.bin
accept "$image" $policy "$major" "$minor" "$build" "$tik" "$measurement"
ok $? "the owner accepts the measurement"
cp "$image" "$work/spoiled" && flip "$work/spoiled" 40000
accept "$work/spoiled" $policy "$major" "$minor" "$build" "$tik" "$measurement"
is $? 1 "refused: one flipped bit of the image"
accept "$image" 1 "$major" "$minor" "$build" "$tik" "$measurement"
is $? 1 "refused: another policy"
accept "$image" $policy "$major" $((minor - 1)) "$build" "$tik" "$measurement"
is $? 1 "refused: another API version"
accept "$image" $policy "$major" "$minor" $((build + 1)) "$tik" "$measurement"
is $? 1 "refused: another build"
cp "$tik" "$work/othertik" && flip "$work/othertik" 3
accept "$image" $policy "$major" "$minor" "$build" "$work/othertik" "$measurement"
is $? 1 "refused: another session"

printf 'correct horse battery staple' >"$work/secret"
"$CBIT" owner secret --tik "$tik" --tek "$tek" --measurement "$measurement" \
    --secret "736869e5-84f0-4973-92ec-06879ce3da0b:$work/secret" --out "$work/p"
ok $? "the owner wraps a secret"
len=$(size "$work/p/packaged_secret.bin")
put a $((blobs + 0x3000)) "$work/p/packaged_secret_header.bin"
put a $((blobs + 0x4000)) "$work/p/packaged_secret.bin"
is "$(sev a LAUNCH_SECRET IIQIIQIIQI "$handle" 0 $((blobs + 0x3000)) 52 0 $((at + 0x8000)) "$len" \
    0 $((blobs + 0x4000)) "$len")" SUCCESS "LAUNCH_SECRET"
peek a $((at + 0x8000)) "$len" "$work/injected" asid=1
grep -q 'correct horse battery staple' "$work/injected"
ok $? "the guest's memory holds the secret"
peek a $((at + 0x8000)) "$len" "$work/injected.raw" raw
grep -q 'correct horse' "$work/injected.raw"
is $? 1 "DRAM does not"
is "$(sev a LAUNCH_FINISH I "$handle")" SUCCESS "LAUNCH_FINISH"

# Migration: b's PDH and chain to a, a page over, and b's guest reads the same.
"$CBIT" asp export --state "$work/b" "$work/certsb"
cat "$work/certsb/pek.cert" "$work/certsb/oca.cert" "$work/certsb/cek.cert" >"$work/platb"
put a 0x200000 "$work/certsb/pdh.cert"
put a 0x201000 "$work/platb"
put a 0x204000 "$work/certsb/ask_ark.cert"
is "$(sev a SEND_START IIQIIQIIQIIQI "$handle" 0 0x200000 2084 0 0x201000 6252 0 0x204000 3200 0 \
    0x206000 128)" SUCCESS "SEND_START to the other platform"
send_policy=$(field "$work/buf" 4 I)
is "$(sev a SEND_UPDATE_DATA IIQIIQIIQI "$handle" 0 0x207000 52 0 $at 4096 0 0x208000 4096)" \
    SUCCESS "SEND_UPDATE_DATA"
get a 0x206000 128 "$work/session"
get a 0x207000 52 "$work/header"
get a 0x208000 4096 "$work/trans"
service b --state "$work/b"
sev b INIT IIQI 0 0 0 0 >/dev/null
sev b DF_FLUSH >/dev/null
"$CBIT" asp export --state "$work/a" "$work/none" 2>/dev/null
put b 0x200000 "$work/certs/pdh.cert"
put b 0x206000 "$work/session"
put b 0x207000 "$work/header"
put b 0x208000 "$work/trans"
is "$(sev b RECEIVE_START IIQIIQI 0 "$send_policy" 0x200000 2084 0 0x206000 128)" SUCCESS \
    "RECEIVE_START"
other=$(field "$work/buf" 0 I)
is "$(sev b ACTIVATE II "$other" 2)" SUCCESS "ACTIVATE on the target"
is "$(sev b RECEIVE_UPDATE_DATA IIQIIQIIQI "$other" 0 0x207000 52 0 0x600000 4096 0 0x208000 4096)" \
    SUCCESS "RECEIVE_UPDATE_DATA"
is "$(sev b RECEIVE_FINISH I "$other")" SUCCESS "RECEIVE_FINISH"
peek b 0x600000 4096 "$work/moved" asid=2
head -c 4096 "$image" | cmp -s - "$work/moved"
ok $? "the target's guest reads what the source's guest had"
