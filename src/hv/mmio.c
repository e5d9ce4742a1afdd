/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nested page faults: guest RAM that is not mapped yet, or a device's register.
 * For the latter the hypervisor knows the instruction from the bytes that the
 * processor left in the VMCB and from nothing else: a SEV guest's code is noise
 * to it.  APM vol. 2, 15.25.6, 15.8.4.
 */
#include "hv/guest.h"

#include "x86/mmio.h"

#define EFER_LMA   CB_BIT(10)
#define ATTR_L     0x200u
#define ATTR_DB    0x400u
#define NPF_FETCH  CB_BIT(4)
#define NPF_TABLE  CB_BIT(33)

static enum x86_mmio_mode mode_of(struct hv_guest *guest)
{
    const unsigned attr = (unsigned)(hv_get(guest, VMCB_CS) >> 16 & 0xffff);

    if ((hv_get(guest, VMCB_EFER) & EFER_LMA) && (attr & ATTR_L))
        return X86_MMIO_64;
    return attr & ATTR_DB ? X86_MMIO_32 : X86_MMIO_16;
}

static bool decode(struct hv_guest *guest, struct x86_mmio *out)
{
    uint8_t record[16]; /* count, then bytes */

    hv_read(guest->hv, spa(guest->vmcb.v + VMCB_N_BYTES), record, sizeof(record));
    return record[0] <= 15 && x86_mmio_decode(mode_of(guest), record + 1, record[0], out);
}

static uint64_t extend(const struct x86_mmio *m, uint64_t value)
{
    const unsigned bits = 8u * m->size;

    if (!m->sign || bits == 64 || !(value >> (bits - 1) & 1))
        return value;
    return value | ~CB_MASK(bits);
}

static void set_destination(struct hv_guest *guest, const struct x86_mmio *m, uint64_t value)
{
    const uint64_t old = hv_reg(guest, m->reg);
    const unsigned shift = m->high_byte ? 8 : 0;
    const uint64_t mask = CB_MASK(8u * m->width) << shift;

    if (m->width == 4)
        hv_set_reg(guest, m->reg, (uint32_t)value);
    else
        hv_set_reg(guest, m->reg, (old & ~mask) | (value << shift & mask));
}

static void load(struct hv_guest *guest, const struct x86_mmio *m, uint64_t gpa)
{
    uint8_t bytes[8] = {0};

    if (!board_mmio_read(guest->platform, gpa, bytes, m->size, true))
        memset(bytes, 0xff, m->size);
    set_destination(guest, m, extend(m, cb_load_le64(bytes)));
}

static void store(struct hv_guest *guest, const struct x86_mmio *m, uint64_t gpa)
{
    const uint64_t value = m->immediate   ? m->imm
                           : m->high_byte ? hv_reg(guest, m->reg) >> 8
                                          : hv_reg(guest, m->reg);
    uint8_t bytes[8];

    cb_store_le64(bytes, value);
    if (!board_mmio_write(guest->platform, gpa, bytes, m->size, true))
        hv_trace(guest->hv, "guest %u: write to nowhere, address %#llx", guest->slot,
                 (unsigned long long)gpa);
}

/* Code or tables in a device's registers, or an instruction that no driver uses for them. */
static void give_up(struct hv_guest *guest, uint64_t gpa)
{
    hv_trace(guest->hv, "guest %u: an access to %#llx cannot be emulated", guest->slot,
             (unsigned long long)gpa);
    guest->broken = true;
}

static void emulate(struct hv_guest *guest, uint64_t gpa)
{
    struct x86_mmio m;

    if (hv_get(guest, VMCB_EXITINFO1) & (NPF_FETCH | NPF_TABLE) || !decode(guest, &m)) {
        give_up(guest, gpa);
        return;
    }
    if (m.kind == X86_MMIO_LOAD)
        load(guest, &m, gpa);
    else
        store(guest, &m, gpa);
    hv_skip(guest, hv_get(guest, VMCB_RIP) + m.len);
}

void hv_exit_npf(struct hv_guest *guest)
{
    const uint64_t gpa = hv_get(guest, VMCB_EXITINFO2);

    if (hv_guest_fill(guest, gpa)) {
        guest->exits[HV_EXIT_MMIO]--; /* it was counted as one */
        guest->exits[HV_EXIT_NPF_FILL]++;
        return;
    }
    emulate(guest, gpa);
}
