/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why the guest left, and what the hypervisor does about it: one row a code.
 * APM vol. 2, 15.9 and appendix C.
 */
#include "hv/guest.h"

#define V_TPR_MASK 15u

static void skip(struct hv_guest *guest)
{
    hv_skip(guest, hv_get(guest, VMCB_NRIP));
}

static void nothing(struct hv_guest *guest)
{
    (void)guest; /* what the exit was for happens at the next entry */
}

static void exit_window(struct hv_guest *guest)
{
    hv_intercept(guest, VMEXIT_VINTR, false);
    guest->window = false;
    guest->int_ctl = 0; /* unknown: written anew */
}

static void exit_iret(struct hv_guest *guest)
{
    guest->nmi_masked = false;
    hv_intercept(guest, VMEXIT_IRET, false); /* and the guest executes it */
}

static void exit_hlt(struct hv_guest *guest)
{
    skip(guest);
    guest->halted = true;
}

/* Decode assist: the general register is in EXITINFO1. */
static void exit_cr8_write(struct hv_guest *guest)
{
    const uint64_t value = hv_reg(guest, hv_get(guest, VMCB_EXITINFO1) & 15);

    if (value >> 4) {
        hv_inject_code(guest, HV_GP, 0);
        return;
    }
    dev_lapic_set_cr8(&guest->platform->lapic, value & V_TPR_MASK);
    skip(guest);
}

static void not_offered(struct hv_guest *guest)
{
    hv_inject(guest, VMCB_EVENT_EXCEPTION, HV_UD);
}

static void forbidden(struct hv_guest *guest)
{
    hv_inject_code(guest, HV_GP, 0);
}

static void exit_shutdown(struct hv_guest *guest)
{
    guest->broken = true;
}

static void exit_unexpected(struct hv_guest *guest)
{
    const uint64_t code = hv_get(guest, VMCB_EXITCODE);

    if (code == VMEXIT_INVALID)
        hv_trace(guest->hv, "guest %u: VMRUN found the VMCB inconsistent", guest->slot);
    else
        hv_trace(guest->hv, "guest %u: exit %#llx was not asked for", guest->slot,
                 (unsigned long long)code);
    guest->broken = true;
}

static const struct exit_row {
    uint64_t code;
    enum hv_exit_kind kind;
    void (*handle)(struct hv_guest *guest);
} rows[] = {
    {VMEXIT_NPF, HV_EXIT_MMIO, hv_exit_npf}, /* counts itself */
    {VMEXIT_IOIO, HV_EXIT_IOIO, hv_exit_ioio},
    {VMEXIT_INTR, HV_EXIT_INTR, nothing},
    {VMEXIT_VINTR, HV_EXIT_VINTR, exit_window},
    {VMEXIT_HLT, HV_EXIT_HLT, exit_hlt},
    {VMEXIT_CPUID, HV_EXIT_CPUID, hv_exit_cpuid},
    {VMEXIT_MSR, HV_EXIT_MSR, hv_exit_msr},
    {VMEXIT_VMMCALL, HV_EXIT_VMMCALL, hv_exit_vmmcall},
    {VMEXIT_IRET, HV_EXIT_OTHER, exit_iret},
    {VMEXIT_CR_WRITE + 8, HV_EXIT_OTHER, exit_cr8_write},
    {VMEXIT_WBINVD, HV_EXIT_OTHER, skip}, /* the guest's caches are nobody's business */
    {VMEXIT_INVD, HV_EXIT_OTHER, skip},
    {VMEXIT_NMI, HV_EXIT_OTHER, nothing},
    {VMEXIT_SMI, HV_EXIT_OTHER, nothing},
    {VMEXIT_INIT, HV_EXIT_OTHER, nothing},
    {VMEXIT_RDPMC, HV_EXIT_OTHER, forbidden},
    {VMEXIT_SHUTDOWN, HV_EXIT_OTHER, exit_shutdown},
    {VMEXIT_INVLPGA, HV_EXIT_OTHER, not_offered},
    {VMEXIT_VMRUN, HV_EXIT_OTHER, not_offered},
    {VMEXIT_VMLOAD, HV_EXIT_OTHER, not_offered},
    {VMEXIT_VMSAVE, HV_EXIT_OTHER, not_offered},
    {VMEXIT_STGI, HV_EXIT_OTHER, not_offered},
    {VMEXIT_CLGI, HV_EXIT_OTHER, not_offered},
    {VMEXIT_SKINIT, HV_EXIT_OTHER, not_offered},
    {VMEXIT_MONITOR, HV_EXIT_OTHER, not_offered},
    {VMEXIT_MWAIT, HV_EXIT_OTHER, not_offered},
    {VMEXIT_RDPRU, HV_EXIT_OTHER, not_offered},
};

/* An event whose delivery the exit interrupted comes again; INT n, INT3 and INTO execute again. */
static void keep_event(struct hv_guest *guest)
{
    const uint64_t event = hv_get(guest, VMCB_EXITINTINFO);
    const unsigned type = event >> VMCB_EVENT_TYPE_SHIFT & 7, vector = event & 0xff;

    if (!(event & VMCB_EVENT_VALID) || type == VMCB_EVENT_SOFT)
        return;
    if (type == VMCB_EVENT_EXCEPTION && (vector == 3 || vector == 4))
        return;
    hv_set(guest, VMCB_EVENTINJ, event);
}

void hv_exit(struct hv_guest *guest)
{
    const uint64_t code = hv_get(guest, VMCB_EXITCODE);

    keep_event(guest);
    for (unsigned i = 0; i < CB_ARRAY_LEN(rows); i++) {
        if (rows[i].code == code) {
            guest->exits[rows[i].kind]++;
            rows[i].handle(guest);
            return;
        }
    }
    guest->exits[HV_EXIT_OTHER]++;
    exit_unexpected(guest);
}
