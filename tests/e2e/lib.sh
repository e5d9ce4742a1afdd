# SPDX-License-Identifier: Apache-2.0
# For the stories: boots machines, talks to their consoles, speaks TAP.  Sourced by
# bash.  Environment: CBIT (the program).
#
#   plan N                    first of all
#   kernel cloud|generic      sets $image, or skips the whole story
#   start NAME OPTIONS...     a machine in the background; console in $work/NAME.out
#   expect NAME PATTERN [S]   waits for an extended regular expression on the console
#   say NAME TEXT             types a line
#   ask NAME MARK COMMAND     runs a shell command in the guest, prints what it printed
#   end NAME                  waits for the end, sets $code
#   stop NAME                 quits it through the control socket
#   ok CONDITION-STATUS TEXT  one TAP line
set -u
: "${CBIT:?}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d /tmp/cbit-e2e.XXXXXX)
chmod 700 "$work"
declare -A pid input
number=0
slow=${CBIT_SLOW:-1} # a sanitized program takes several times as long
cleanup() {
    local name
    for name in "${!pid[@]}"; do
        kill -KILL "${pid[$name]}" 2>/dev/null
        wait "${pid[$name]}" 2>/dev/null
    done
    rm -rf "$work"
}
trap cleanup EXIT

plan() { echo "1..$1"; }
ok() {
    number=$((number + 1))
    if [ "$1" = 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
    fi
}
is() { # GOT WANTED TEXT
    local same=1
    [ "$1" = "$2" ] && same=0
    ok $same "$3"
    [ $same = 0 ] || echo "# got: $1, wanted: $2"
}
skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

kernel() {
    image=$("$here/tools/fetch-kernel" "$1" 2>/dev/null) || skip_all "no Debian kernel package ($1)"
}
initramfs() { # ARGUMENTS of mk-initramfs; sets $initrd
    initrd=$work/initrd
    "$here/tools/mk-initramfs" -o "$initrd" "$@" || skip_all "no initramfs (busybox-static, libc6-dev)"
}

start() {
    local name=$1
    shift
    mkfifo "$work/$name.in"
    : >"$work/$name.out"
    "$CBIT" run --timeout $((400 * slow)) --control "unix:$work/$name.ctl" "$@" \
        <"$work/$name.in" >"$work/$name.out" 2>"$work/$name.err" &
    pid[$name]=$!
    exec {fd}>"$work/$name.in"
    input[$name]=$fd
}
say() {
    printf '%s\n' "$2" >&"${input[$1]}"
}
alive() { kill -0 "${pid[$1]}" 2>/dev/null; }
expect() {
    local end=$((SECONDS + ${3:-240} * slow))
    while ! tr -d '\r' <"$work/$1.out" | grep -qE -e "$2"; do
        if [ $SECONDS -ge $end ] || ! alive "$1"; then
            tr -d '\r' <"$work/$1.out" | grep -qE -e "$2" && return 0
            echo "# $1: no '$2' on the console; its last lines:"
            { tail -n 8 "$work/$1.out"; tail -n 4 "$work/$1.err"; } | tr -d '\r' | sed 's/^/# /'
            return 1
        fi
        sleep 0.2
    done
}
ask() { # what stands between two marks that the echo of the command does not hold
    say "$1" "echo @be''gin-$2; $3; echo @e''nd-$2"
    expect "$1" "^@end-$2" 60 >&2 || return 1
    tr -d '\r' <"$work/$1.out" | sed -n "/^@begin-$2/,/^@end-$2/p" | sed '1d;$d'
}
end() {
    wait "${pid[$1]}"
    code=$?
    unset "pid[$1]"
}
stop() {
    "$CBIT" qmp --control "unix:$work/$1.ctl" quit >/dev/null
    end "$1"
}
dump() { # NAME VIEW FILE
    "$CBIT" dram dump --control "unix:$work/$1.ctl" --view "$2" "$3"
}
