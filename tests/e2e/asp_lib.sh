# SPDX-License-Identifier: Apache-2.0
# For stories with the secure processor alone: command buffers and services.
# Sourced after lib.sh; sets nothing but functions.

# service NAME OPTIONS...: a platform on a socket, $work/NAME.sock
service() {
    local name=$1
    shift
    "$CBIT" asp socket --ctrl "type=unixio,path=$work/$name.sock" --pid "file=$work/$name.pid" \
        "$@" 2>"$work/$name.log" &
    pid[$name]=$!
    for _ in $(seq 100); do
        [ -s "$work/$name.pid" ] && return 0
        sleep 0.05
    done
    return 1
}

# pack FILE FORMAT VALUE...: numbers by python's struct, little-endian and packed
pack() {
    python3 -c 'import struct,sys; open(sys.argv[1],"wb").write(struct.pack("<"+sys.argv[2],*[int(v,0) for v in sys.argv[3:]]))' "$@"
}
# field FILE OFFSET FORMAT: one number
field() {
    python3 -c 'import struct,sys; print(struct.unpack_from("<"+sys.argv[3],open(sys.argv[1],"rb").read(),int(sys.argv[2],0))[0])' "$@"
}
# flip FILE OFFSET: one bit of one byte
flip() {
    python3 -c 'import sys; b=bytearray(open(sys.argv[1],"rb").read()); b[int(sys.argv[2],0)]^=1; open(sys.argv[1],"wb").write(b)' "$@"
}
size() { stat -c %s "$1"; }

# sev NAME COMMAND FORMAT VALUE...: the status' name; the buffer afterwards is $work/buf
sev() {
    local name=$1 command=$2
    shift 2
    if [ $# -gt 0 ]; then
        pack "$work/in" "$@"
        "$CBIT" asp cmd --ctrl "$work/$name.sock" "$command" --in "$work/in" --out "$work/buf" |
            awk '{print $3}'
    else
        "$CBIT" asp cmd --ctrl "$work/$name.sock" "$command" | awk '{print $3}'
    fi
}
put() { "$CBIT" asp mem --ctrl "$work/$1.sock" write "$2" --in "$3"; }          # NAME ADDR FILE
get() { "$CBIT" asp mem --ctrl "$work/$1.sock" read "$2" "$3" --out "$4"; }     # NAME ADDR LEN FILE
peek() { "$CBIT" asp mem --ctrl "$work/$1.sock" peek --view "$5" "$2" "$3" --out "$4"; }
