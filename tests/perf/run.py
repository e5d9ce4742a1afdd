#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Benchmarks beside their peers, in one run.

    tests/perf/run.py asp|cipher|boot|guest|sev|sme [--json] [--rounds N] [--classes int,fork]
                 [--kernel cloud|generic] [--cpu milan] [--cbit PROGRAM]

asp     the AMD-SP's memory commands against SHA-256 plus cipher (program bench_asp)
cipher  memory cipher against copy, XOR and OpenSSL (program bench_cipher)
boot    the cloud kernel's bzImage to the marker that init prints, against QEMU TCG
guest   guest-bench class by class after boot, against QEMU TCG
sev     guest-bench in a SEV guest against a plain guest of the same hypervisor and
        against bare metal with SME on, in triples that alternate
sme     guest-bench with SME on against off, in pairs that alternate

Runs alternate between cbit and its peer; figures are medians of CPU seconds of the
emulator's process, because a busy host stretches wall time.  A row is {"bench",
"case", "size", "unit", "value", "peer", "ratio"}; ratio is value / peer.
"""
import argparse
import glob
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
APPEND = "console=ttyS0 panic=-1"
LIMIT_S = 900
GUEST_CLASSES = ("int,chase,chase8m,stream,repmovs,sha256,matmul,indirect,syscall,pipe,fork,fault,"
                 "vmmcall,touch")


def cpu_ns(pid):
    """CPU time of all threads of a process; None once it is gone."""
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            with open(path) as f:
                total += int(f.read().split()[0])
        except (OSError, IndexError):
            pass
    return total or None


class Stamps:
    """CPU seconds between the marks that a guest prints on its console."""

    def __init__(self):
        self.seconds = {}
        self.checks = {}

    def read(self, command):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        os.set_blocking(process.stderr.fileno(), False)
        start = time.monotonic()
        begun = last = 0
        lines = []
        for raw in process.stdout:
            line = raw.decode("latin-1").strip()
            lines.append(line)
            last = cpu_ns(process.pid) or last
            if "@boot" in line:
                self.seconds["boot"] = last / 1e9
            elif "@begin " in line:
                begun = last
            elif "@end " in line:
                words = line.split("@end ")[1].split()
                self.seconds[words[0]] = (last - begun) / 1e9
                self.checks[words[0]] = words[2]
            elif "@done" in line:
                break
            if time.monotonic() - start > LIMIT_S:
                break
        process.kill()
        process.wait()
        if "@done" not in "\n".join(lines[-3:]):
            sys.stderr.write("\n".join(lines[-15:]) + "\n")
            sys.exit(f"bench: {command[0]} did not reach @done")
        return self


def cbit_command(args, initrd, words, more=()):
    return [args.cbit, "run", "--cpu", args.cpu, "--memory", "512M", "--kernel", args.image,
            "--initrd", initrd, "--append", f"{APPEND} {words}", "--no-reboot",
            "--timeout", str(LIMIT_S), *more]


def qemu_command(args, initrd, words):
    return ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-accel",
            "tcg,thread=single", "-smp", "1", "-M", "q35", "-cpu", "qemu64", "-m", "512M",
            "-display", "none", "-serial", "stdio", "-kernel", args.image, "-initrd", initrd,
            "-append", f"{APPEND} {words}"]


def versus_qemu(args, name, words):
    """Median CPU seconds a case, cbit and QEMU in turns."""
    if not shutil.which("qemu-system-x86_64"):
        sys.exit("bench: the peer is missing: tools/setup --bench")
    ours, theirs = {}, {}
    for _ in range(args.rounds):
        mine = Stamps().read(cbit_command(args, args.initrd, words))
        peer = Stamps().read(qemu_command(args, args.initrd, words))
        for case in mine.checks:
            if mine.checks[case] != peer.checks.get(case):
                sys.exit(f"bench: {case}: check value differs from QEMU's")
        for into, stamps in ((ours, mine), (theirs, peer)):
            for case, s in stamps.seconds.items():
                into.setdefault(case, []).append(s)
    return [row(name, case, statistics.median(ours[case]), "qemu-tcg-q35",
                statistics.median(ours[case]) / statistics.median(theirs[case]))
            for case in ours if name == "guest" or case == "boot"]


def row(name, case, value, peer, ratio):
    return {"bench": name, "case": case, "size": "512MiB guest", "unit": "CPU s",
            "value": round(value, 4), "peer": peer, "ratio": round(ratio, 4)}


def bench_boot(args):
    return versus_qemu(args, "boot", "cbit.run=bench:none")


def bench_guest(args):
    return versus_qemu(args, "guest", f"cbit.run=bench:{args.classes} cbit.scale={args.scale}")


def bench_sme(args):
    """The same guest with encryption on and off; the ratio is of medians of pairs."""
    words = f"cbit.run=bench:{args.classes} cbit.scale={args.scale} "
    pairs = {}
    for _ in range(max(args.rounds, 7)):
        off = Stamps().read(cbit_command(args, args.initrd, words, ("--sme", "off")))
        on = Stamps().read(cbit_command(args, args.initrd, words + " mem_encrypt=on"))
        for case in on.seconds:
            pairs.setdefault(case, []).append((on.seconds[case], off.seconds[case]))
    return [row("sme", case, statistics.median(p[0] for p in both), "sme off",
                statistics.median(p[0] / p[1] for p in both)) for case, both in pairs.items()]


def guest_command(args, words, sev):
    """A guest of the built-in hypervisor, described by a file."""
    path = os.path.join(args.folder, "sev" if sev else "plain")
    lines = ["sev"] if sev else []
    lines += [f"kernel {args.image}", f"initrd {args.initrd}", "memory 512M",
              f"append {APPEND} {words}"]
    with open(path, "w") as f:
        f.write("\n".join(lines) + "\n")
    return [args.cbit, "run", "--cpu", args.cpu, "--guest", path, "--no-reboot", "--timeout",
            str(LIMIT_S)]


def bench_sev(args):
    """One row a case and peer; the ratio is the median of the triples'."""
    words = f"cbit.run=bench:{args.classes} cbit.scale={args.scale} "
    if args.classes == "all":
        words = f"cbit.run=bench:{GUEST_CLASSES} cbit.scale={args.scale} "
    bare_words = f"cbit.run=bench:{args.classes} cbit.scale={args.scale} mem_encrypt=on"
    runs = {}
    for _ in range(max(args.rounds, 7)):
        sev = Stamps().read(guest_command(args, words, True)).seconds
        plain = Stamps().read(guest_command(args, words, False)).seconds
        bare = Stamps().read(cbit_command(args, args.initrd, bare_words)).seconds
        for case in sev:
            runs.setdefault((case, "plain guest"), []).append((sev[case], plain[case]))
            if case in bare:
                runs.setdefault((case, "bare metal, SME"), []).append((sev[case], bare[case]))
    return [row("sev", case, statistics.median(p[0] for p in pairs), peer,
                statistics.median(p[0] / p[1] for p in pairs))
            for (case, peer), pairs in runs.items()]


def program(args, name):
    command = [os.path.join(args.tree, "tests", "perf", name), "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def bench_cipher(args):
    return program(args, "bench_cipher")


def bench_asp(args):
    return program(args, "bench_asp")


BENCHES = {"asp": bench_asp, "cipher": bench_cipher, "boot": bench_boot, "guest": bench_guest, "sev": bench_sev,
           "sme": bench_sme}


def show(rows):
    print(f"{'bench':8} {'case':14} {'size':14} {'value':>10} {'unit':6} {'ratio':>8}  peer")
    for r in rows:
        print(f"{r['bench']:8} {r['case']:14} {r['size']:14} {r['value']:10.3f} {r['unit']:6} "
              f"{r['ratio']:8.3f}  {r['peer']}")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", choices=sorted(BENCHES))
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--classes", default="all")
    parser.add_argument("--scale", default="1")
    parser.add_argument("--kernel", choices=("cloud", "generic"), default="cloud")
    parser.add_argument("--cpu", default="milan")
    parser.add_argument("--tree", default=os.path.join(ROOT, "build-release"))
    parser.add_argument("--cbit")
    args = parser.parse_args()
    args.cbit = args.cbit or os.path.join(args.tree, "src", "cli", "cbit")
    with tempfile.TemporaryDirectory() as folder:
        if args.bench not in ("asp", "cipher"):
            args.image = subprocess.run([os.path.join(ROOT, "tools", "fetch-kernel"), args.kernel],
                                        check=True, capture_output=True, text=True).stdout.strip()
            args.folder = folder
            args.initrd = os.path.join(folder, "initrd")
            subprocess.run([os.path.join(ROOT, "tools", "mk-initramfs"), "-o", args.initrd],
                           check=True)
        rows = BENCHES[args.bench](args)
    if args.json:
        print(json.dumps(rows, indent=1))
    else:
        show(rows)


if __name__ == "__main__":
    main()
