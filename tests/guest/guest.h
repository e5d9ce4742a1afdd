/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bare-metal guests: an ELF64 file that cbit run --kernel enters in 64-bit mode with
 * the loader's identity map.  A guest defines guest_main, prints TAP or marks on the
 * first serial port and ends by the exit port, or spins so that others may look.
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <stdbool.h>
#include <stdint.h>

void guest_main(void);

__asm__(".globl _start\n"
        "_start: lea guest_stack_top(%rip), %rsp\n"
        "xor %ebp, %ebp\n"
        "call guest_main\n"
        "1: pause\n"
        "jmp 1b\n"
        ".bss\n"
        ".balign 16\n"
        ".skip 16384\n"
        "guest_stack_top:\n"
        ".text\n");

static inline void guest_out8(uint16_t port, uint8_t v)
{
    __asm__ volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}

static inline void guest_print(const char *text)
{
    while (*text)
        guest_out8(0x3f8, (uint8_t)*text++);
}

/* Ends the machine; cbit run exits with value * 2 + 1. */
static inline void guest_exit(uint8_t value)
{
    guest_out8(0xf4, value);
}

static inline uint64_t guest_rdmsr(uint32_t index)
{
    uint32_t lo, hi;

    __asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(index));
    return (uint64_t)hi << 32 | lo;
}

static inline void guest_wrmsr(uint32_t index, uint64_t v)
{
    __asm__ volatile("wrmsr" : : "c"(index), "a"((uint32_t)v), "d"((uint32_t)(v >> 32)));
}

static inline uint64_t guest_c_bit(void)
{
    uint32_t a = 0x8000001f, b, c = 0, d;

    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return UINT64_C(1) << (b & 63);
}

static inline void guest_wbinvd(void)
{
    __asm__ volatile("wbinvd" : : : "memory");
}

static inline void guest_cr3(const void *pml4)
{
    __asm__ volatile("mov %0, %%cr3" : : "r"(pml4) : "memory");
}

#define GUEST_SYSCFG 0xc0010010u
#define GUEST_SMEE (UINT64_C(1) << 23)
#define GUEST_P 1u
#define GUEST_W 2u
#define GUEST_PS 0x80u

/* Identity map of the first GiB; the 2 MiB at window are mapped by 4 KiB pages. */
struct guest_tables {
    uint64_t pml4[512], pdpt[512], pd[512], pt[512];
} __attribute__((aligned(4096)));

static inline void guest_map(struct guest_tables *t, uint64_t window)
{
    t->pml4[0] = (uint64_t)(uintptr_t)t->pdpt | GUEST_P | GUEST_W;
    t->pdpt[0] = (uint64_t)(uintptr_t)t->pd | GUEST_P | GUEST_W;
    for (uint64_t i = 0; i < 512; i++) {
        t->pd[i] = i << 21 | GUEST_P | GUEST_W | GUEST_PS;
        t->pt[i] = window | i << 12 | GUEST_P | GUEST_W;
    }
    t->pd[window >> 21] = (uint64_t)(uintptr_t)t->pt | GUEST_P | GUEST_W;
}

#endif
