#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A stock Debian 12 on a virtio disk boots with systemd to its login, under SME and under
# TSME, and is used: apt, python3, openssl, a C compiler, the network.
#
#   debian.sh KERNEL     cloud or generic: Debian's package, with the initrd it made
. "$(dirname "$0")/lib.sh"
flavour=${1:-cloud}
system=$("$here/tools/mk-debian-root" "$flavour" 2>"$work/why") ||
    skip_all "no Debian system: $(tail -n 1 "$work/why")"
plan 22

story() { # NAME TITLE FLAG-IN-CPUINFO OPTIONS...
    local name=$1 title=$2 flag=$3 began=$SECONDS
    shift 3
    start "$name" --memory 1G --kernel "$system/vmlinuz" --initrd "$system/initrd.img" \
        --disk "$system/root.img,snapshot" --net user --rng \
        --append "root=/dev/vda ro console=ttyS0 mem_encrypt=on" "$@"
    expect "$name" 'cbit login: $' 380
    ok $? "$title: a login"
    echo "# $title: login after $((SECONDS - began)) s"
    say "$name" root
    expect "$name" '^Password:' 60
    say "$name" cbit
    expect "$name" 'root@cbit:~#' 60
    ok $? "$title: root logs in"
    say "$name" "export TERM=dumb DEBIAN_FRONTEND=noninteractive; bind 'set enable-bracketed-paste off'; PS1="
    is "$(ask "$name" 1 'systemctl is-system-running --wait; systemctl --failed --no-legend | wc -l')" \
        "$(printf 'running\n0')" "$title: systemd is content, no unit failed"
    is "$(ask "$name" 2 'grep -cw sme /proc/cpuinfo')" "$flag" "$title: SME as it should be"
    # but of performance counters, which are not built
    is "$(ask "$name" 3 'dmesg -l emerg,alert,crit,err | grep -v "Failed to access perfctr msr"')" '' \
        "$title: the kernel complains of nothing"
    is "$(ask "$name" 4 'echo "deb [trusted=yes] file:/srv/repository ./" >/etc/apt/sources.list; apt-get -qq update >/dev/null && apt-get -qq install hello >/dev/null && hello')" \
        'Hello, world!' "$title: apt installs"
    is "$(ask "$name" 5 'python3 -c "import hashlib, math; print(math.factorial(40) % 1000003, hashlib.sha256(bytes(10**6)).hexdigest()[:16])"')" \
        "$(python3 -c "import hashlib, math; print(math.factorial(40) % 1000003, hashlib.sha256(bytes(10**6)).hexdigest()[:16])")" \
        "$title: python3 counts"
    ask "$name" 6 'openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=cbit -keyout k -out c 2>/dev/null; openssl verify -CAfile c c; openssl speed -seconds 1 -evp aes-128-gcm 2>/dev/null | grep -c ^AES-128-GCM' >"$work/$name.ssl"
    is "$(cat "$work/$name.ssl")" "$(printf 'c: OK\n1')" "$title: openssl makes, signs, verifies, measures"
    is "$(ask "$name" 7 'printf "#include <math.h>\n#include <stdio.h>\nint main(void){printf(\"%%.12f\\\\n\", exp(1));}\n" >a.c; gcc -O2 -o a a.c -lm && ./a')" \
        2.718281828459 "$title: a C program compiles and runs"
    is "$(ask "$name" 8 'ping -c 2 10.0.2.2 | grep -c "bytes from"')" 2 "$title: the network answers"
    say "$name" 'systemctl poweroff'
    end "$name"
    is "$code" 0 "$title: poweroff is 0"
    echo "# $title: $((SECONDS - began)) s"
}
story sme SME 1 --sme on
story tsme TSME 0 --sme off --tsme on
