/* SPDX-License-Identifier: Apache-2.0 */
/*
 * General registers by operand size, for handlers: numbers, or byte offsets
 * for 8-bit ones (struct x86_insn).  Writing 32 bits clears the upper half.
 */
#ifndef X86_REGS_H
#define X86_REGS_H

#include "x86/insn.h"

static inline uint8_t x86_get8(const struct x86_cpu *cpu, unsigned offset)
{
    return ((const uint8_t *)cpu->r)[offset];
}

static inline uint16_t x86_get16(const struct x86_cpu *cpu, unsigned n)
{
    return (uint16_t)cpu->r[n];
}

static inline uint32_t x86_get32(const struct x86_cpu *cpu, unsigned n)
{
    return (uint32_t)cpu->r[n];
}

static inline uint64_t x86_get64(const struct x86_cpu *cpu, unsigned n)
{
    return cpu->r[n];
}

static inline void x86_set8(struct x86_cpu *cpu, unsigned offset, uint8_t v)
{
    ((uint8_t *)cpu->r)[offset] = v;
}

static inline void x86_set16(struct x86_cpu *cpu, unsigned n, uint16_t v)
{
    memcpy(&cpu->r[n], &v, sizeof(v));
}

static inline void x86_set32(struct x86_cpu *cpu, unsigned n, uint32_t v)
{
    cpu->r[n] = v;
}

static inline void x86_set64(struct x86_cpu *cpu, unsigned n, uint64_t v)
{
    cpu->r[n] = v;
}

/* Operands in host memory. */
#define X86_HOST_ACCESS(bits)                                      \
    static inline uint##bits##_t x86_at##bits(const uint8_t *p)    \
    {                                                              \
        uint##bits##_t v;                                          \
                                                                   \
        memcpy(&v, p, sizeof(v));                                  \
        return v;                                                  \
    }                                                              \
    static inline void x86_put##bits(uint8_t *p, uint##bits##_t v) \
    {                                                              \
        memcpy(p, &v, sizeof(v));                                  \
    }

X86_HOST_ACCESS(8)
X86_HOST_ACCESS(16)
X86_HOST_ACCESS(32)
X86_HOST_ACCESS(64)

/* The same for a width in bytes that is not known when compiling. */
static inline uint64_t x86_get(const struct x86_cpu *cpu, unsigned n, unsigned width)
{
    return width == 8 ? cpu->r[n] : cpu->r[n] & CB_MASK(width * 8);
}

static inline void x86_set(struct x86_cpu *cpu, unsigned n, unsigned width, uint64_t v)
{
    if (width == 8)
        cpu->r[n] = v;
    else if (width == 4)
        cpu->r[n] = (uint32_t)v;
    else if (width == 2)
        x86_set16(cpu, n, (uint16_t)v);
    else
        x86_set8(cpu, n * 8, (uint8_t)v);
}

/* The rare half of a handler. */
#define X86_COLD __attribute__((noinline, cold))

/* Names of a row's four handlers: name8_suffix .. name64_suffix; without the 8-bit one. */
#define X86_BY4(name, suffix)                                                           \
    {                                                                                   \
        name##8_##suffix, name##16_##suffix, name##32_##suffix, name##64_##suffix       \
    }
#define X86_BY3(name, suffix)                                        \
    {                                                                \
        NULL, name##16_##suffix, name##32_##suffix, name##64_##suffix \
    }
#define X86_NOT_THIS {NULL, NULL, NULL, NULL}

#endif
