/* SPDX-License-Identifier: Apache-2.0 */
/* The initial VMSA, as data; see vmsa.h. */
#include "owner/vmsa.h"

struct segment_row {
    uint16_t off, selector, attrib;
    uint32_t limit;
};

static const struct segment_row segments[] = {
    {0x000, 0, 0x93, 0xffff},      /* ES */
    {0x010, 0xf000, 0x9b, 0xffff}, /* CS; the base depends on the processor */
    {0x020, 0, 0x93, 0xffff},      /* SS */
    {0x030, 0, 0x93, 0xffff},      /* DS */
    {0x040, 0, 0x93, 0xffff},      /* FS */
    {0x050, 0, 0x93, 0xffff},      /* GS */
    {0x060, 0, 0, 0xffff},         /* GDTR */
    {0x070, 0, 0x82, 0xffff},      /* LDTR */
    {0x080, 0, 0, 0xffff},         /* IDTR */
    {0x090, 0, 0x8b, 0xffff},      /* TR */
};

static const struct {
    uint16_t off;
    uint64_t value;
} registers[] = {
    {0x0d0, 0x1000},                       /* EFER: SVME */
    {0x148, 0x40},                         /* CR4: MCE */
    {0x158, 0x10},                         /* CR0: ET */
    {0x160, 0x400},                        /* DR7 */
    {0x168, 0xffff0ff0},                   /* DR6 */
    {0x170, 0x2},                          /* RFLAGS */
    {0x268, UINT64_C(0x0007040600070406)}, /* G_PAT */
    {0x3e8, 0x1},                          /* XCR0 */
    {0x408, 0x1f80},                       /* MXCSR */
    {0x410, 0x37f},                        /* x87 control word */
};

static const struct {
    const char *model;
    uint32_t signature;
} models[] = {
    {"EPYC", 0x800f12},        {"EPYC-v1", 0x800f12},       {"EPYC-v2", 0x800f12},
    {"EPYC-IBPB", 0x800f12},   {"EPYC-v3", 0x800f12},       {"EPYC-v4", 0x800f12},
    {"EPYC-Rome", 0x830f10},   {"EPYC-Rome-v1", 0x830f10},  {"EPYC-Rome-v2", 0x830f10},
    {"EPYC-Rome-v3", 0x830f10}, {"EPYC-Milan", 0xa00f11},   {"EPYC-Milan-v1", 0xa00f11},
    {"EPYC-Milan-v2", 0xa00f11}, {"EPYC-Genoa", 0xa10f10},  {"EPYC-Genoa-v1", 0xa10f10},
    {"EPYC-Turin", 0xb00f00},  {"EPYC-Turin-v1", 0xb00f00},
};

void own_vmsa_build(const struct own_vmsa *vmsa, uint8_t page[OWN_VMSA_SIZE])
{
    const uint32_t reset = vmsa->ap_reset ? vmsa->ap_reset : 0xfffffff0;

    memset(page, 0, OWN_VMSA_SIZE);
    for (size_t n = 0; n < CB_ARRAY_LEN(segments); n++) {
        uint8_t *at = page + segments[n].off;

        cb_store_le16(at, segments[n].selector);
        cb_store_le16(at + 2, segments[n].attrib);
        cb_store_le32(at + 4, segments[n].limit);
    }
    cb_store_le64(page + 0x018, reset & 0xffff0000); /* CS base */
    for (size_t n = 0; n < CB_ARRAY_LEN(registers); n++)
        cb_store_le64(page + registers[n].off, registers[n].value);
    cb_store_le64(page + 0x178, reset & 0xffff); /* RIP */
    cb_store_le64(page + 0x310, vmsa->cpu_signature);
    cb_store_le64(page + 0x3b0, vmsa->sev_features);
}

bool own_vmsa_signature(const char *model, uint32_t *out)
{
    for (size_t n = 0; n < CB_ARRAY_LEN(models); n++) {
        if (strcmp(model, models[n].model) == 0) {
            *out = models[n].signature;
            return true;
        }
    }
    return false;
}
