/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes as code, registers and page tables, in each mode of the CPU:
 * whatever they do, the CPU keeps to its own.  First byte: mode; second: what
 * else is on; then a selector for each general register, then the rest.
 */
#include "unit/unit.h"

#include "unit/x86/box.h"

#define N_MODES 7u
#define INSTRUCTIONS 2000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SMEE = 1, TABLES = 2, INTERRUPT = 4, NMI = 8, STRICT = 16, TRAP = 32, DEBUG = 64, ALIGN = 128 };

static void take_registers(struct box *b, const uint8_t *how)
{
    static const uint64_t value[16] = {
        0, 1, 0xff, BOX_DATA, BOX_DATA + 0xffd, BOX_STACK3, BOX_CODE, BOX_PT, 0xb8000, 0x1ffffd,
        0xffff, 0xfffffffe, UINT64_MAX, 0x7ffffffffffd, 0x800000000000, 0xc0000080};

    for (unsigned k = 0; k < 16; k++) {
        const uint8_t v = k < 8 ? how[k / 2] >> k % 2 * 4 & 15 : how[k / 2 - 4] >> 1 & 15;

        if (k != 4 || v & 1)
            b->regs.gpr[k] = value[v];
    }
}

static void take_modes(struct box *b, uint8_t on)
{
    if (on & SMEE)
        x86_firmware_done(b->cpu, true);
    if (on & STRICT) {
        b->regs.cr0 |= 0x10000;
        b->regs.cr4 |= b->mode >= BOX_LONG0 ? 0x300680 : 0x600;
        b->regs.efer |= b->mode >= BOX_LONG0 ? 0x800 : 0;
    } else {
        b->regs.cr4 |= 0x600; /* OSFXSR, OSXMMEXCPT */
    }
    if (on & TRAP)
        b->regs.rflags |= 0x100;
    if (on & (INTERRUPT | NMI))
        b->regs.rflags |= 0x200;
    if (on & ALIGN) {
        b->regs.rflags |= 0x40000;
        b->regs.cr0 |= 0x40000;
    }
    if (on & DEBUG) {
        b->regs.dr[0] = BOX_DATA;
        b->regs.dr[1] = BOX_CODE + 8;
        b->regs.dr[7] = 0x000f040f;
    }
}

static void take_tables(struct box *b, const uint8_t *data, size_t size)
{
    const size_t n = size < 0x400 ? size : 0x400;

    for (size_t k = 0; k + 8 <= n; k += 8)
        box_put(b, BOX_PT + (uint32_t)k % 0x1000, cb_load_le64(data + k), 8);
    if (n >= 16) {
        box_put(b, BOX_PD + 8, cb_load_le64(data), 8);
        box_put(b, BOX_PDPT + 8, cb_load_le64(data + 8), 8);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct box b; /* opened once: making a CPU takes longer than running one of these */
    size_t n;

    if (size < 7)
        return 0;
    if (!b.cpu)
        box_open(&b, "milan");
    memset(b.ram, 0, BOX_RAM);
    memset(b.watched, 0, sizeof(b.watched));
    box_set_mode(&b, (enum box_mode)(data[0] % N_MODES));
    take_modes(&b, data[1]);
    take_registers(&b, data + 2);
    data += 6;
    size -= 6;
    if (data[-5] & TABLES)
        take_tables(&b, data, size);
    n = size < 0x800 ? size : 0x800;
    box_code(&b, data, n);
    b.interrupt = 0x30;
    x86_set_regs(b.cpu, &b.regs); /* the CPU has been reset: nothing to forget, as in box_run */
    box_more(&b, INSTRUCTIONS / 4);
    if (data[-5] & INTERRUPT)
        x86_set_intr(b.cpu, true);
    if (data[-5] & NMI)
        x86_nmi(b.cpu);
    box_more(&b, INSTRUCTIONS);
    x86_set_intr(b.cpu, false);
    return 0;
}
