#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decrypts a dump of the DIMM's pins with the keys that --expose-keys wrote.

    decrypt_dram.py --keys FILE [--base SPA] [--at SPA --length N] DUMP [OUT]

DUMP is raw memory (view "raw") whose first byte lies at system physical address
SPA (default 0) and is a multiple of 16 bytes long; OUT (default: standard output)
gets what the same memory holds under the SME key.  --at and --length cut out a part.

This is a second opinion on the ciphertext: it shares no code with cbit.  All it
takes from elsewhere is AES of single blocks, by python3-cryptography or else by the
openssl command; tweaks and modes are written out here from docs/memory-cipher.md.
"""
import argparse
import subprocess
import sys

BLOCK = 16
PAGE = 4096
BLOCKS = PAGE // BLOCK


def ecb_by_cryptography(key, data, encrypt):
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    cipher = Cipher(algorithms.AES(key), modes.ECB())
    run = cipher.encryptor() if encrypt else cipher.decryptor()
    return run.update(data) + run.finalize()


def ecb_by_openssl(key, data, encrypt):
    command = ["openssl", "enc", f"-aes-{8 * len(key)}-ecb", "-nopad", "-K", key.hex(),
               "-e" if encrypt else "-d"]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


def choose_ecb():
    try:
        import cryptography.hazmat.primitives.ciphers  # noqa: F401
        return ecb_by_cryptography
    except ImportError:
        return ecb_by_openssl


def add(a, b):
    """XOR of two byte strings of one length."""
    return (int.from_bytes(a, "little") ^ int.from_bytes(b, "little")).to_bytes(len(a), "little")


class Keys:
    """What the file says: cipher, key and, for xe and xex, t_4 .. t_51."""

    def __init__(self, path):
        self.tweak = {}
        with open(path, encoding="ascii") as file:
            lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
        if not lines or lines[0] != ["cbit-exposed-keys", "1"]:
            raise ValueError(f"{path}: not a file of exposed keys, version 1")
        for words in lines[1:]:
            if words[0] == "cipher":
                self.cipher = words[1]
            elif words[:2] == ["key", "host"]:
                self.key = bytes.fromhex(words[2])
            elif words[0] == "tweak":
                self.tweak[int(words[1])] = bytes.fromhex(words[2])


class Tweaks:
    """T(p), the XOR of t_i over the bits i that are set in p."""

    def __init__(self, constants):
        self.constants = constants
        self.blocks = b"".join(self.of(block * BLOCK, 4, 12) for block in range(BLOCKS))

    def of(self, address, first_bit, end_bit):
        total = bytes(BLOCK)
        for bit in range(first_bit, end_bit):
            if address >> bit & 1:
                total = add(total, self.constants[bit])
        return total

    def page(self, address):
        """T of each block of the page, one after the other; T is linear."""
        return add(self.blocks, self.of(address, 12, 52) * BLOCKS)


def double(value):
    """Times x in GF(2^128) as IEEE 1619 has it: little-endian, x^7 + x^2 + x + 1."""
    value <<= 1
    return value ^ (1 << 128 | 0x87) if value >> 128 else value


def xts_page(first):
    out = []
    value = int.from_bytes(first, "little")
    for _ in range(BLOCKS):
        out.append(value.to_bytes(BLOCK, "little"))
        value = double(value)
    return b"".join(out)


def page_tweaks(keys, ecb, pages):
    """For each page address, the tweaks of its blocks."""
    if keys.cipher in ("xe", "xex"):
        tweaks = Tweaks(keys.tweak)
        return [tweaks.page(page) for page in pages]
    if keys.cipher == "xts":
        sectors = b"".join((page >> 12).to_bytes(BLOCK, "little") for page in pages)
        firsts = ecb(keys.key[32:], sectors, True)
        return [xts_page(firsts[i:i + BLOCK]) for i in range(0, len(firsts), BLOCK)]
    raise ValueError(f"no such cipher: {keys.cipher}")


def decrypt(keys, ecb, base, data):
    if base % BLOCK or len(data) % BLOCK:
        raise ValueError("address and length must be multiples of 16")
    if not data:
        return b""
    pages = range(base // PAGE * PAGE, base + len(data), PAGE)
    tweaks = b"".join(page_tweaks(keys, ecb, pages))[base % PAGE:][:len(data)]
    if keys.cipher != "xe":
        data = add(data, tweaks)
    return add(ecb(keys.key[:32], data, False), tweaks)


def number(text):
    return int(text, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keys", required=True, metavar="FILE")
    parser.add_argument("--base", type=number, default=0, metavar="SPA")
    parser.add_argument("--at", type=number, metavar="SPA")
    parser.add_argument("--length", type=number, metavar="N")
    parser.add_argument("--aes", choices=["cryptography", "openssl"])
    parser.add_argument("dump")
    parser.add_argument("out", nargs="?")
    args = parser.parse_args()
    ecb = {"cryptography": ecb_by_cryptography, "openssl": ecb_by_openssl,
           None: choose_ecb()}[args.aes]
    at = args.base if args.at is None else args.at
    try:
        keys = Keys(args.keys)
        with open(args.dump, "rb") as file:
            file.seek(at - args.base)
            data = file.read(-1 if args.length is None else args.length)
        plain = b"".join(decrypt(keys, ecb, at + i, data[i:i + (1 << 20)])
                         for i in range(0, len(data), 1 << 20))
    except (OSError, ValueError, AttributeError) as error:
        sys.exit(f"decrypt_dram.py: {error}")
    if args.out:
        with open(args.out, "wb") as file:
            file.write(plain)
    else:
        sys.stdout.buffer.write(plain)


if __name__ == "__main__":
    main()
