/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests of the attacker.  He is their hypervisor: VMCB, nested tables and what a
 * guest shares are his, in memory that he reaches as host software; of the rest he
 * chooses where it lies and under which ASID it runs.
 */
#include "attack/guest.h"

#include "attack/firmware.h"
#include "wire/vmcb.h"
#include "x86/svm/svm.h"

#define GUEST_BUDGET UINT64_C(100000) /* instructions; more than any program takes between two yields */

#define MSR_EFER     0xc0000080u
#define MSR_HSAVE    0xc0010117u
#define EFER_LME     CB_BIT(8)
#define EFER_LMA     CB_BIT(10)
#define EFER_SVME    CB_BIT(12)
#define CR0_LONG     (CB_BIT(31) | CB_BIT(4) | CB_BIT(0)) /* PG, ET, PE */
#define CR4_PAE      CB_BIT(5)
#define PAT_RESET    UINT64_C(0x0007040600070406)
#define NESTED_LEAF  UINT64_C(7) /* present, writable, user: nested walks are the user's */

enum { ATTR_CODE_64 = 0xa9b, ATTR_DATA = 0xc93, ATTR_LDT = 0x82, ATTR_TSS = 0x8b };

/* One for each MiB from AT_VICTIM on. */
static unsigned asid_of(uint64_t at)
{
    return at < AT_NVDIMM ? 1 + (unsigned)((at - AT_VICTIM) >> 20) : 1;
}

void attack_guest_new(struct attack_scene *s, struct attack_victim *v, uint64_t at)
{
    *v = (struct attack_victim){
        .at = at,
        .is_guest = true,
        .sev = s->protection == ATTACK_SEV,
        .pages_shared = s->pages_exposed,
        .asid = asid_of(at),
        .vmcb = at + VICTIM_SIZE,
        .nested = at + VICTIM_SIZE + CB_PAGE_SIZE,
    };
    v->c = v->sev;
    attack_program_begin(&v->program, PAGE_CODE, true);
}

bool attack_nested_c(const struct attack_scene *s, const struct attack_victim *v)
{
    return s->smee && !v->sev && !v->pages_shared;
}

/* ---- the hypervisor's structures, all in plaintext ---- */

uint64_t attack_vmcb_get(struct attack_scene *s, const struct attack_victim *v, unsigned field)
{
    uint8_t b[8];

    attack_host_read(s, v->vmcb + field, false, b, sizeof(b));
    return cb_load_le64(b);
}

void attack_vmcb_set(struct attack_scene *s, const struct attack_victim *v, unsigned field,
                     uint64_t value)
{
    uint8_t b[8];

    cb_store_le64(b, value);
    attack_host_write(s, v->vmcb + field, false, b, sizeof(b));
}

static void set_entry(struct attack_scene *s, uint64_t table, uint64_t index, uint64_t value)
{
    uint8_t b[8];

    cb_store_le64(b, value);
    attack_host_write(s, table + 8 * index, false, b, sizeof(b));
}

void attack_nested_map(struct attack_scene *s, const struct attack_victim *v, uint64_t page,
                       uint64_t at)
{
    const uint64_t c = attack_nested_c(s, v) ? CB_BIT(s->profile->c_bit) : 0;

    set_entry(s, v->nested + 3 * CB_PAGE_SIZE, page >> CB_PAGE_SHIFT, at | c | NESTED_LEAF);
}

static void place_nested(struct attack_scene *s, const struct attack_victim *v)
{
    for (unsigned n = 0; n < 3; n++)
        set_entry(s, v->nested + n * CB_PAGE_SIZE, 0,
                  (v->nested + (n + 1) * CB_PAGE_SIZE) | NESTED_LEAF);
    for (uint64_t page = 0; page < VICTIM_SIZE; page += CB_PAGE_SIZE)
        attack_nested_map(s, v, page, attack_spa(v, page));
}

static void put_segment(uint8_t *page, unsigned at, unsigned attr)
{
    cb_store_le16(page + at + VMCB_SEG_ATTR, (uint16_t)attr);
    cb_store_le32(page + at + VMCB_SEG_LIMIT, 0xffffffff);
}

static void intercept(uint8_t *page, unsigned code)
{
    uint8_t *word = page + VMCB_INTERCEPT + 4 * (code / 32);

    cb_store_le32(word, cb_load_le32(word) | 1u << code % 32);
}

/* 64-bit mode, interrupts off; what leaves: HLT, and whatever else the guest cannot survive. */
static void place_vmcb(struct attack_scene *s, const struct attack_victim *v)
{
    const uint64_t c = v->sev ? CB_BIT(s->profile->c_bit) : 0;
    uint8_t page[VMCB_SIZE] = {0};

    intercept(page, VMEXIT_HLT);
    intercept(page, VMEXIT_SHUTDOWN);
    intercept(page, VMEXIT_VMRUN);
    cb_store_le32(page + VMCB_ASID, v->asid);
    page[VMCB_TLB_CONTROL] = 1;
    cb_store_le64(page + VMCB_NP_CTL, VMCB_NP_ENABLE | (v->sev ? VMCB_SEV_ENABLE : 0));
    cb_store_le64(page + VMCB_NCR3, v->nested);
    for (unsigned at = VMCB_ES; at <= VMCB_GS; at += VMCB_CS - VMCB_ES)
        put_segment(page, at, at == VMCB_CS ? ATTR_CODE_64 : ATTR_DATA);
    put_segment(page, VMCB_LDTR, ATTR_LDT);
    put_segment(page, VMCB_TR, ATTR_TSS);
    cb_store_le64(page + VMCB_EFER, EFER_LME | EFER_LMA | EFER_SVME);
    cb_store_le64(page + VMCB_CR0, CR0_LONG);
    cb_store_le64(page + VMCB_CR4, CR4_PAE);
    cb_store_le64(page + VMCB_CR3, PAGE_TABLES | c);
    cb_store_le64(page + VMCB_DR6, 0xffff0ff0);
    cb_store_le64(page + VMCB_DR7, 0x400);
    cb_store_le64(page + VMCB_RFLAGS, 2);
    cb_store_le64(page + VMCB_RIP, v->program_page);
    cb_store_le64(page + VMCB_G_PAT, PAT_RESET);
    attack_host_write(s, v->vmcb, false, page, sizeof(page));
}

static bool enable_svm(struct attack_scene *s)
{
    uint64_t efer;

    return x86_rdmsr(pc_cpu(s->pc), MSR_EFER, &efer) &&
           x86_wrmsr(pc_cpu(s->pc), MSR_EFER, efer | EFER_SVME) &&
           x86_wrmsr(pc_cpu(s->pc), MSR_HSAVE, AT_HSAVE);
}

enum cbit_status attack_guest_start(struct attack_scene *s, struct attack_victim *v)
{
    if (!enable_svm(s))
        return CBIT_UNIMPLEMENTED;
    place_nested(s, v);
    place_vmcb(s, v);
    return v->sev && !v->unlaunched ? attack_launch(s, v) : CBIT_OK;
}

/* ---- running ---- */

static bool left_by_yield(struct attack_scene *s, const struct attack_victim *v)
{
    const uint64_t rip = attack_vmcb_get(s, v, VMCB_RIP) - v->program_page;

    return attack_vmcb_get(s, v, VMCB_EXITCODE) == VMEXIT_HLT &&
           attack_program_yields(&v->program, rip);
}

bool attack_guest_run(struct attack_scene *s, struct attack_victim *v)
{
    struct x86_cpu *cpu = pc_cpu(s->pc);
    uint64_t done;

    memcpy(x86_svm_gpr(cpu), v->gpr, sizeof(v->gpr));
    if (x86_svm_run(cpu, v->vmcb, GUEST_BUDGET, &done) != X86_SVM_EXIT)
        return false;
    memcpy(v->gpr, x86_svm_gpr(cpu), sizeof(v->gpr));
    attack_host_write(s, v->vmcb + VMCB_TLB_CONTROL, false, (const uint8_t[1]){0}, 1);
    if (!left_by_yield(s, v))
        return false;
    attack_vmcb_set(s, v, VMCB_RIP, attack_vmcb_get(s, v, VMCB_NRIP));
    return true;
}

/* ---- what is the hypervisor's by design ---- */

void attack_shared_read(struct attack_scene *s, const struct attack_victim *v, void *block)
{
    attack_host_read(s, attack_spa(v, PAGE_SHARED), attack_nested_c(s, v), block, ATTACK_BLOCK);
}

void attack_shared_write(struct attack_scene *s, const struct attack_victim *v, const void *block)
{
    attack_host_write(s, attack_spa(v, PAGE_SHARED), attack_nested_c(s, v), block, ATTACK_BLOCK);
}

void attack_registers(struct attack_scene *s, const struct attack_victim *v,
                      uint8_t block[ATTACK_BLOCK])
{
    cb_store_le64(block, attack_vmcb_get(s, v, VMCB_RAX));
    cb_store_le64(block + 8, v->gpr[2]);
}

void attack_set_registers(struct attack_scene *s, struct attack_victim *v,
                          const uint8_t block[ATTACK_BLOCK])
{
    attack_vmcb_set(s, v, VMCB_RAX, cb_load_le64(block));
    v->gpr[2] = cb_load_le64(block + 8);
}
