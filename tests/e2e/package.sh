#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Debian packages: built by dpkg-buildpackage, installed with what they depend on into
# a clean system made by debootstrap, and used there: the program, its pages, completion,
# the preload library, and a program that is compiled against libcbit.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip_all 'needs root (debootstrap, chroot)'
unshare -m true 2>/dev/null || skip_all 'mount namespaces are forbidden here'
for tool in debootstrap dpkg-buildpackage dh; do
    command -v $tool >/dev/null || skip_all "no $tool (packages debootstrap, dpkg-dev, debhelper)"
done
root=$work/root
mirror=${CBIT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
chmod 755 "$work"
debootstrap --variant=minbase --include=man-db,bash-completion,gcc,libc6-dev,pkg-config \
    bookworm "$root" "$mirror" >"$work/log" 2>&1 ||
    skip_all "no Debian system: $(tail -n 1 "$work/log")"
plan 12

mkdir "$work/cbit"
(cd "$here" && { git ls-files -co --exclude-standard 2>/dev/null || find . -path './build*' -prune -o -type f -print; } |
    tar cf - -T -) | tar xf - -C "$work/cbit"
(cd "$work/cbit" && DEB_BUILD_OPTIONS=nocheck dpkg-buildpackage -us -uc -b) >"$work/build.log" 2>&1
ok $? 'dpkg-buildpackage -us -uc -b'
mv "$work"/cbit_*.deb "$work"/libcbit*.deb "$root/" 2>/dev/null || tail -n 20 "$work/build.log" | sed 's/^/# /'
rm -f "$root"/*dbgsym*

within() { # with /proc, which bash's <() and cbit exec need, mounted for this command alone
    unshare -m sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" \
        /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root MANWIDTH=80 "$@"' "$root" "$@"
}
DEBIAN_FRONTEND=noninteractive chroot "$root" sh -c \
    'apt-get install -y -qq --no-install-recommends ./cbit_*.deb ./libcbit0_*.deb ./libcbit-dev_*.deb' \
    >"$work/install.log" 2>&1
ok $? 'they install in a clean system' || tail -n 20 "$work/install.log" | sed 's/^/# /'
is "$(within cbit --version)" "$("$CBIT" --version)" 'cbit --version'
within cbit doctor | grep -q '^x86-64 host  *ok'
ok $? 'cbit doctor'
within man cbit 2>/dev/null | grep -q "^NAME"
ok $? 'man cbit'
pages=0
for verb in $(within cbit help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'); do
    within man "cbit-$verb" 2>/dev/null | grep -q "^ *cbit-$verb  *- " || echo "# no page of $verb"
    pages=$((pages + 1))
done >"$work/pages"
is "$(cat "$work/pages")" '' 'man cbit-VERB, for each verb'
complete() { # WORDS...: what bash offers for the last one
    within bash -c '. /usr/share/bash-completion/bash_completion; _completion_loader cbit
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _cbit; echo ${COMPREPLY[*]}' - "$@"
}
is "$(complete cbit do)" doctor 'completion of a verb'
is "$(complete cbit run --unp)" --unpack-kernel 'completion of an option'
is "$(complete cbit run --tsme o)" 'on off' "completion of an option's value"
is "$(within cbit exec sh -c 'echo $LD_PRELOAD | grep -c /cbit/libcbit-preload.so')" 1 \
    'cbit exec finds its preload library'
cat >"$root/a.c" <<'C'
#include <cbit/cbit.h>
#include <stdio.h>
int main(void) { printf("%s\n", cbit_version()); }
C
is "$(within sh -c 'gcc -o a a.c $(pkg-config --cflags --libs cbit) && ./a')" \
    "$("$CBIT" --version | sed 's/cbit //')" 'a program is compiled against libcbit'
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get purge -y -qq cbit libcbit0 libcbit-dev >"$work/purge.log" 2>&1
is "$(find "$root/usr" -name '*cbit*')" '' 'purged, nothing is left'
