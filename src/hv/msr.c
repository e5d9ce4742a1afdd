/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MSRs of a guest.  What VMRUN and VMLOAD exchange is the guest's own and
 * passes through the permission map; the rest is a table.  A register that is
 * not in it is #GP, with a trace line.  APM vol. 2, 15.11.
 */
#include "hv/guest.h"

enum flags {
    THROUGH_READ = 1, /* not intercepted */
    THROUGH_WRITE = 2,
    THROUGH = 3,
    STORE = 4,        /* written values are kept; else they are dropped */
    HOST = 8,         /* begins as the host's value, else as 0 */
    KVM = 16,         /* there if KVM's interface is offered */
};

struct msr_row {
    uint32_t first, last;
    unsigned flags;
    bool (*read)(struct hv_guest *guest, uint64_t *value);
    bool (*write)(struct hv_guest *guest, uint64_t value);
};

#define EFER_SCE  CB_BIT(0)
#define EFER_LME  CB_BIT(8)
#define EFER_LMA  CB_BIT(10)
#define EFER_NXE  CB_BIT(11)
#define EFER_SVME CB_BIT(12)
#define CR0_PG    CB_BIT(31)

/* The guest's EFER: hardware wants SVME in it, which no guest is offered. */
static bool read_efer(struct hv_guest *guest, uint64_t *value)
{
    *value = hv_get(guest, VMCB_EFER) & ~EFER_SVME;
    return true;
}

static bool write_efer(struct hv_guest *guest, uint64_t value)
{
    const uint64_t old = hv_get(guest, VMCB_EFER);

    if (value & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE))
        return false;
    if ((hv_get(guest, VMCB_CR0) & CR0_PG) && (value ^ old) & EFER_LME)
        return false;
    hv_set(guest, VMCB_EFER, (value & ~EFER_LMA) | (old & EFER_LMA) | EFER_SVME);
    return true;
}

static bool read_apic_base(struct hv_guest *guest, uint64_t *value)
{
    *value = guest->platform->lapic.base;
    return true;
}

static bool write_apic_base(struct hv_guest *guest, uint64_t value)
{
    return dev_lapic_base_write(&guest->platform->lapic, value);
}

static const struct msr_row rows[] = {
    {0x10, 0x10, THROUGH_READ, NULL, NULL},               /* TSC */
    {0x1b, 0x1b, 0, read_apic_base, write_apic_base},
    {0x8b, 0x8b, HOST, NULL, NULL},                       /* PATCH_LEVEL */
    {0xfe, 0xfe, HOST, NULL, NULL},                       /* MTRRcap */
    {0x174, 0x176, THROUGH, NULL, NULL},                  /* SYSENTER */
    {0x1d9, 0x1d9, STORE, NULL, NULL},                    /* DebugCtl */
    {0x200, 0x20f, STORE | HOST, NULL, NULL},             /* MTRRs */
    {0x250, 0x250, STORE | HOST, NULL, NULL},
    {0x258, 0x259, STORE | HOST, NULL, NULL},
    {0x268, 0x26f, STORE | HOST, NULL, NULL},
    {0x277, 0x277, THROUGH, NULL, NULL},                  /* PAT */
    {0x2ff, 0x2ff, STORE | HOST, NULL, NULL},
    {0x4b564d08, 0x4b564d08, STORE | KVM, NULL, NULL},    /* migration control */
    {0xc0000080, 0xc0000080, 0, read_efer, write_efer},
    {0xc0000081, 0xc0000084, THROUGH, NULL, NULL},        /* STAR LSTAR CSTAR SFMASK */
    {0xc0000100, 0xc0000102, THROUGH, NULL, NULL},        /* FS, GS, kernel GS base */
    {0xc0000103, 0xc0000103, THROUGH, NULL, NULL},        /* TSC_AUX */
    {0xc0010000, 0xc0010007, 0, NULL, NULL},              /* performance counters: none */
    {0xc0010010, 0xc0010010, 0, NULL, NULL},              /* SYSCFG: encryption is not the guest's */
    {0xc0010015, 0xc0010015, STORE, NULL, NULL},          /* HWCR */
    {0xc001001f, 0xc001001f, STORE, NULL, NULL},          /* NB_CFG */
    {0xc0010055, 0xc0010055, 0, NULL, NULL},
    {0xc0010058, 0xc0010058, 0, NULL, NULL},
    {0xc0010112, 0xc0010114, 0, NULL, NULL},
    {0xc0011020, 0xc0011023, STORE, NULL, NULL},          /* LS_CFG, IC_CFG, DC_CFG, BU_CFG */
    {0xc0011028, 0xc0011029, STORE, NULL, NULL},          /* FP_CFG, DE_CFG */
    {0xc001102d, 0xc001102d, STORE, NULL, NULL},
};

/* Row and slot in guest->msr of a register; NULL: none. */
static const struct msr_row *find(uint32_t index, unsigned *slot)
{
    *slot = 0;
    for (unsigned i = 0; i < CB_ARRAY_LEN(rows); i++) {
        const struct msr_row *row = &rows[i];

        if (index >= row->first && index <= row->last) {
            *slot += index - row->first;
            return row;
        }
        if (row->flags & (STORE | HOST))
            *slot += row->last - row->first + 1;
    }
    return NULL;
}

void hv_msrs_reset(struct hv_guest *guest)
{
    unsigned slot = 0;

    memset(guest->msr, 0, sizeof(guest->msr));
    for (unsigned i = 0; i < CB_ARRAY_LEN(rows); i++) {
        if (!(rows[i].flags & (STORE | HOST)))
            continue;
        for (uint32_t index = rows[i].first; index <= rows[i].last; index++, slot++) {
            CBIT_ASSERT(slot < HV_MAX_MSRS);
            if ((rows[i].flags & HOST) && !x86_rdmsr(guest->hv->cpu, index, &guest->msr[slot]))
                guest->msr[slot] = 0;
        }
    }
}

static bool is_there(const struct hv_guest *guest, const struct msr_row *row)
{
    return row && !((row->flags & KVM) && guest->config.no_hypercalls);
}

static bool read_msr(struct hv_guest *guest, uint32_t index, uint64_t *value)
{
    unsigned slot;
    const struct msr_row *row = find(index, &slot);

    if (!is_there(guest, row))
        return false;
    if (row->read)
        return row->read(guest, value);
    *value = row->flags & (STORE | HOST) ? guest->msr[slot] : 0;
    return true;
}

static bool write_msr(struct hv_guest *guest, uint32_t index, uint64_t value)
{
    unsigned slot;
    const struct msr_row *row = find(index, &slot);

    if (!is_there(guest, row))
        return false;
    if (row->write)
        return row->write(guest, value);
    if (row->flags & STORE)
        guest->msr[slot] = value;
    return true;
}

static bool perform(struct hv_guest *guest, uint32_t index, bool write)
{
    uint64_t value = (uint32_t)hv_reg(guest, 0) | hv_reg(guest, 2) << 32;

    if (write)
        return write_msr(guest, index, value);
    if (!read_msr(guest, index, &value))
        return false;
    hv_set_reg(guest, 0, (uint32_t)value);
    hv_set_reg(guest, 2, value >> 32);
    return true;
}

void hv_exit_msr(struct hv_guest *guest)
{
    const uint32_t index = (uint32_t)hv_reg(guest, 1);
    const bool write = hv_get(guest, VMCB_EXITINFO1) & 1;

    if (perform(guest, index, write)) {
        hv_skip(guest, hv_get(guest, VMCB_NRIP));
    } else {
        hv_trace(guest->hv, "guest %u: %s of MSR %#x: #GP", guest->slot,
                 write ? "write" : "read", index);
        hv_inject_code(guest, HV_GP, 0);
    }
}

/* Two bits a register, in three vectors of 2 KiB. */
static bool map_position(uint32_t index, uint32_t *bit)
{
    static const uint32_t bases[] = {0, 0xc0000000, 0xc0010000};

    for (uint32_t i = 0; i < CB_ARRAY_LEN(bases); i++) {
        if (index - bases[i] < 0x2000) {
            *bit = i * 0x800 * 8 + 2 * (index - bases[i]);
            return true;
        }
    }
    return false;
}

void hv_msr_permissions(struct hv *hv)
{
    uint8_t map[0x2000];
    uint32_t bit;

    memset(map, 0xff, sizeof(map));
    for (unsigned i = 0; i < CB_ARRAY_LEN(rows); i++) {
        for (uint32_t index = rows[i].first; index <= rows[i].last; index++) {
            if (map_position(index, &bit))
                map[bit / 8] &= (uint8_t)~((rows[i].flags & THROUGH) << bit % 8);
        }
    }
    hv_write(hv, hv->msrpm, map, sizeof(map));
}
