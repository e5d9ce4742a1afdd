# SPDX-License-Identifier: Apache-2.0
# For stories of SEV guests: the guest owner's side, and questions to a guest's control
# socket.  Sourced after lib.sh.
#
#   chip [PROFILE]            a chip in $work/state, its certificates in $work/certs
#   session POLICY NAME       a session in $work/NAME
#   guest NAME OPTIONS...     a SEV guest of that chip: kernel, initrd and command line
#   qmp NAME COMMAND [ARGS]   an answer's JSON
#   field JSON MEMBER         one member of it
#   measured NAME             waits for launch-secret; sets $measurement, $api (options)
#   accepts SESSION POLICY [OPTIONS...]   does the owner accept $measurement? 0, 1
#   wrap SESSION FILE DIR     packs FILE as the secret $guid for $measurement
#   inject NAME DIR           sev-inject-launch-secret of what wrap made
guid=736869e5-84f0-4973-92ec-06879ce3da0b # a disk's passphrase, as Linux's efi_secret example has it
memory=512M
words='console=ttyS0 panic=-1 cryptomgr.notests=1'

chip() {
    "$CBIT" asp setup --state "$work/state" --ca "$work/ca" --profile "${1:-milan}" >/dev/null 2>&1 &&
        "$CBIT" asp export --state "$work/state" "$work/certs" >/dev/null &&
        cp "$work/certs/ark.cert" "$work/root.cert"
}
session() {
    "$CBIT" owner session --pdh "$work/certs/pdh.cert" --policy "$1" --out "$work/$2" >/dev/null
}
guest() {
    local name=$1
    shift
    start "$name" --sev --state "$work/state" --memory "$memory" --unpack-kernel --kernel "$image" \
        --initrd "$initrd" --append "$words" "$@"
}
qmp() {
    local name=$1
    shift
    "$CBIT" qmp --control "unix:$work/$name.ctl" "$@"
}
field() { python3 -c 'import json, sys; print(json.loads(sys.argv[1])[sys.argv[2]])' "$1" "$2"; }
measured() {
    local end=$((SECONDS + 120 * slow)) sev
    until sev=$(qmp "$1" query-sev 2>/dev/null) && [ "$(field "$sev" state)" = launch-secret ]; do
        if [ $SECONDS -ge $end ] || ! alive "$1"; then
            sed 's/^/# /' "$work/$1.err"
            return 1
        fi
        sleep 0.1
    done
    api="--api-major $(field "$sev" api-major) --api-minor $(field "$sev" api-minor) --build-id $(field "$sev" build-id)"
    measurement=$(field "$(qmp "$1" query-sev-launch-measure)" data)
}
accepts() { # later options win
    local session=$1 policy=$2
    shift 2
    # shellcheck disable=SC2086
    "$CBIT" owner measure --direct --tik "$work/$session/vm_tik.bin" --policy "$policy" $api \
        --memory "$memory" --unpack-kernel --kernel "$image" --initrd "$initrd" --append "$words" \
        --measurement "$measurement" "$@" >"$work/verdict" 2>&1
}
wrap() {
    "$CBIT" owner secret --tik "$work/$1/vm_tik.bin" --tek "$work/$1/vm_tek.bin" \
        --measurement "$measurement" --secret "$guid:$2" --out "$3" >/dev/null
}
inject() {
    qmp "$1" sev-inject-launch-secret "{\"packet-header\": \"$(cat "$2/packaged_secret_header.b64")\", \
\"secret\": \"$(cat "$2/packaged_secret.b64")\"}" 2>&1
}
