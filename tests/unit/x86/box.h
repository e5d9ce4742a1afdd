/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A CPU in a box: 4 MiB of RAM, descriptor tables, page tables and a handler (a
 * HLT) for every vector, for tests that execute a few instructions and look at
 * what became of them.  Accesses with C=1 see memory inverted: enough to tell
 * one view from the other.
 */
#ifndef TESTS_X86_BOX_H
#define TESTS_X86_BOX_H

#include "base/base.h"
#include "x86/x86.h"

#define BOX_RAM 0x400000u

/* Where things lie. */
enum {
    BOX_GDT = 0x1000, BOX_IDT = 0x2000, BOX_TSS = 0x3000, BOX_HANDLERS = 0x4000, BOX_CODE = 0x6000,
    BOX_DATA = 0x8000, BOX_STACK3 = 0xb000, BOX_STACK0 = 0xc000, BOX_IST = 0xd000,
    BOX_LDT = 0xe000, BOX_TSS2 = 0xf000,
    BOX_PML4 = 0x10000, BOX_PDPT = 0x11000, BOX_PD = 0x12000, BOX_PT = 0x13000
};

/* Selectors (RPL to be added). */
enum {
    SEL_CODE64 = 0x08, SEL_DATA = 0x10, SEL_CODE32 = 0x18, SEL_CODE32_3 = 0x20, SEL_DATA_3 = 0x28,
    SEL_CODE64_3 = 0x30, /* in SYSRET's order */
    SEL_CODE16 = 0x38, SEL_TSS = 0x40, SEL_LDT = 0x50, SEL_CONFORMING = 0x60, SEL_ABSENT = 0x68,
    SEL_READ_ONLY = 0x70, SEL_EXEC_ONLY = 0x78, SEL_TSS2 = 0x80, SEL_GATE = 0x90, SEL_SMALL = 0xa0,
    SEL_CONFORMING64 = 0xa8, SEL_CODE_ABSENT = 0xb0, SEL_DATA_DOWN = 0xb8, SEL_DATA_1 = 0xc0,
    SEL_BEYOND = 0x200
};

enum box_mode { BOX_REAL, BOX_PROT0, BOX_PROT3, BOX_V86, BOX_LONG0, BOX_LONG3, BOX_COMPAT3 };

struct box {
    struct x86_cpu *cpu;
    struct x86_regs regs;  /* box_mode fills it, a test adjusts it, box_run starts from it */
    uint8_t *ram;
    bool watched[BOX_RAM / CB_PAGE_SIZE];
    bool turning;          /* keep a frame as it was accessed last, as the memory controller does */
    bool inverted[BOX_RAM / CB_PAGE_SIZE];
    uint64_t tsc, apic_base, random;
    bool no_random;
    uint8_t cr8;
    int interrupt;         /* what INTR's acknowledge says; -1 none */
    unsigned smee_changes;
    unsigned cache_ops[3];
    spa_t flushed;         /* line of the last CLFLUSH */
    char trace[160];
    enum box_mode mode;
};

/* What became of it. */
struct box_end {
    enum x86_stop stop;
    int vector;            /* whose handler was entered; -1 none */
    uint32_t code;         /* its error code, if the vector has one */
    struct x86_regs regs;
};

void box_open(struct box *b, const char *profile);
void box_close(struct box *b);
/* Fresh tables and registers for the mode; RIP = BOX_CODE. */
void box_set_mode(struct box *b, enum box_mode mode);
void box_code(struct box *b, const void *code, size_t len);
/* Executes n instructions from b->regs. */
struct box_end box_run(struct box *b, unsigned n);
/* Goes on from where the CPU is. */
struct box_end box_more(struct box *b, unsigned n);

uint64_t box_get(const struct box *b, uint32_t at, unsigned len);
void box_put(struct box *b, uint32_t at, uint64_t value, unsigned len);
/* Segment descriptor; attr as in struct x86_seg. */
void box_descriptor(struct box *b, unsigned selector, uint32_t base, uint32_t limit, unsigned attr);
/* Gate: type_attr is the byte with P, DPL and type. */
void box_gate(struct box *b, uint32_t at, uint16_t selector, uint64_t offset, unsigned type_attr,
              unsigned low5);
/* Where the IDT's gate of a vector lies. */
uint32_t box_idt(const struct box *b, unsigned vector);
struct x86_seg box_segment(unsigned selector, uint64_t base, uint32_t limit, unsigned attr);

/* BOX_DO(b, n, bytes...): those bytes as code, n instructions. */
#define BOX_DO(b, n, ...)                                                           \
    (box_code((b), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})), \
     box_run((b), (n)))

#endif
