/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest on the CPU: entering it, delivering interrupts to it, putting another
 * in its place.
 *
 * A device's interrupt raises the CPU's INTR pin, which is intercepted: the
 * guest leaves, and its interrupt is injected at the next entry, or, while the
 * guest does not take any, a virtual interrupt request is made whose intercept
 * tells when it does.  APM vol. 2, 15.13, 15.20, 15.21.
 */
#include "hv/guest.h"

#define FLAG_IF      CB_BIT(9)
#define MSR_TSC_AUX  0xc0000103u
#define STEP_OUT_MAX 100000u /* instructions until a guest has noticed the INTR pin */

/* ---- interrupts ---- */

static void set_window(struct hv_guest *guest, bool open)
{
    const uint64_t control = VMCB_V_INTR_MASKING | dev_lapic_cr8(&guest->platform->lapic) |
                             (open ? VMCB_V_IRQ | UINT64_C(15) << VMCB_V_PRIO_SHIFT | VMCB_V_IGN_TPR
                                   : 0);

    if (guest->window != open)
        hv_intercept(guest, VMEXIT_VINTR, open);
    if (guest->int_ctl != control)
        hv_set(guest, VMCB_INT_CTL, control);
    guest->window = open;
    guest->int_ctl = control;
}

static bool shadowed(struct hv_guest *guest)
{
    return hv_get(guest, VMCB_INT_STATE) & 1;
}

static bool takes_interrupts(struct hv_guest *guest)
{
    return (hv_get(guest, VMCB_RFLAGS) & FLAG_IF) && !shadowed(guest);
}

static bool inject_nmi(struct hv_guest *guest)
{
    if (!guest->nmi_pending || guest->nmi_masked || shadowed(guest))
        return false;
    guest->nmi_pending = false;
    guest->nmi_masked = true; /* until IRET */
    hv_intercept(guest, VMEXIT_IRET, true);
    hv_inject(guest, VMCB_EVENT_NMI, 2);
    return true;
}

/* In front of an entry. */
static void deliver(struct hv_guest *guest)
{
    bool busy = (hv_get(guest, VMCB_EVENTINJ) & VMCB_EVENT_VALID) != 0;

    if (!busy)
        busy = inject_nmi(guest);
    if (guest->platform->intr && !busy && takes_interrupts(guest)) {
        const int vector = board_intr_ack(guest->platform);

        if (vector >= 0)
            hv_inject(guest, VMCB_EVENT_INTR, (unsigned)vector);
    }
    set_window(guest, guest->platform->intr || guest->nmi_pending);
    x86_set_intr(guest->hv->cpu, false); /* the window tells from now on */
}

/* ---- taking turns ---- */

static void load_registers(struct hv *hv, const struct hv_guest *guest)
{
    struct x86_regs regs = hv->host;

    memcpy(regs.gpr, guest->regs.gpr, sizeof(regs.gpr));
    memcpy(regs.dr, guest->regs.dr, 4 * sizeof(regs.dr[0]));
    memcpy(regs.xmm, guest->regs.xmm, sizeof(regs.xmm));
    memcpy(regs.st, guest->regs.st, sizeof(regs.st));
    regs.fcw = guest->regs.fcw;
    regs.fsw = guest->regs.fsw;
    regs.ftw = guest->regs.ftw;
    regs.mxcsr = guest->regs.mxcsr;
    x86_set_regs(hv->cpu, &regs);
    if (!x86_wrmsr(hv->cpu, MSR_TSC_AUX, guest->tsc_aux))
        CBIT_ASSERT(guest->tsc_aux == 0); /* not offered */
}

static void step_in(struct hv_guest *guest)
{
    struct hv *hv = guest->hv;

    if (hv->current == guest)
        return;
    hv_step_out(hv);
    hv->current = guest;
    hv->fabric.platform = guest->platform; /* whose clock RDTSC reads */
    load_registers(hv, guest);
}

static enum x86_svm_end enter(struct hv_guest *guest, uint64_t budget, uint64_t *done)
{
    struct hv *hv = guest->hv;
    enum x86_svm_end end;

    guest->entered_at = x86_instructions(hv->cpu);
    guest->running = true;
    end = x86_svm_run(hv->cpu, hv_address(hv, guest->vmcb), budget, done);
    guest->running = false;
    guest->instructions += *done;
    return end;
}

static void after_exit(struct hv_guest *guest)
{
    if (guest->fresh) {
        static const uint8_t no_flush = 0;

        guest->fresh = false;
        hv_write(guest->hv, spa(guest->vmcb.v + VMCB_TLB_CONTROL), &no_flush, 1);
    }
    hv_exit(guest);
}

void hv_step_out(struct hv *hv)
{
    struct hv_guest *guest = hv->current;
    uint64_t done;

    if (!guest)
        return;
    x86_set_intr(hv->cpu, true);
    for (unsigned i = 0; i < STEP_OUT_MAX && x86_svm_in_guest(hv->cpu); i++) {
        if (enter(guest, 1, &done) == X86_SVM_EXIT)
            after_exit(guest);
    }
    x86_set_intr(hv->cpu, false);
    guest->broken |= x86_svm_in_guest(hv->cpu);
    x86_get_regs(hv->cpu, &guest->regs);
    if (!x86_rdmsr(hv->cpu, MSR_TSC_AUX, &guest->tsc_aux))
        guest->tsc_aux = 0;
    if (x86_svm_in_guest(hv->cpu))
        hv_host_mode(hv);
    hv->fabric.platform = hv->platform;
    hv->current = NULL;
}

/* ---- the loop's step ---- */

/* Ends the HLT if there is something to end it. */
static bool wakes(struct hv_guest *guest)
{
    guest->halted = !(guest->nmi_pending && !guest->nmi_masked) &&
                    !(guest->platform->intr && takes_interrupts(guest));
    return !guest->halted;
}

static enum x86_stop halted(struct hv_guest *guest)
{
    return hv_get(guest, VMCB_RFLAGS) & FLAG_IF ? X86_STOP_HLT : X86_STOP_DEAD;
}

static bool goes_on(const struct hv_guest *guest)
{
    const struct board_run *run = &guest->run;

    return run->ended == BOARD_RUNNING && !run->paused && !(run->panicked && !run->panic_told);
}

/* An exit counts as an instruction, so that a guest that only makes exits uses its slice up. */
static enum x86_stop step(void *ctx, uint64_t budget, uint64_t *done)
{
    struct hv_guest *guest = ctx;
    struct hv *hv = guest->hv;

    step_in(guest);
    if (x86_svm_in_guest(hv->cpu) && guest->platform->intr && !guest->window)
        x86_set_intr(hv->cpu, true);
    while (*done < budget) {
        uint64_t n = 0;

        if (guest->broken)
            return X86_STOP_TRIPLE_FAULT;
        if (!goes_on(guest))
            break;
        if (!x86_svm_in_guest(hv->cpu)) {
            if (guest->halted && !wakes(guest))
                return halted(guest);
            deliver(guest);
        }
        switch (enter(guest, budget - *done, &n)) {
        case X86_SVM_EXIT:
            *done += n + 1;
            after_exit(guest);
            break;
        case X86_SVM_BUDGET:
        case X86_SVM_HLT:
            *done += n;
            return X86_STOP_BUDGET;
        case X86_SVM_BREAK:
            *done += n;
            return X86_STOP_BREAK;
        case X86_SVM_SHUTDOWN:
        case X86_SVM_REFUSED:
        default:
            hv_trace(hv, "guest %u: VMRUN is refused, or the CPU shut down", guest->slot);
            guest->broken = true;
            break;
        }
    }
    return X86_STOP_BUDGET;
}

static void kick(void *ctx)
{
    struct hv_guest *guest = ctx;

    if (guest->hv->current == guest)
        x86_kick(guest->hv->cpu);
}

static void console_bytes(void *ctx, const uint8_t *bytes, size_t len)
{
    struct hv_guest *guest = ctx;

    if (guest->config.console)
        guest->config.console(guest->config.ctx, bytes, len);
}

const struct board_run_ops hv_run_ops = {.step = step, .kick = kick, .console = console_bytes};

/* ---- the platform's ---- */

static bool dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    return hv_guest_read(ctx, bus, to, len);
}

static bool dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    return hv_guest_write(ctx, bus, from, len);
}

static void intr(void *ctx, bool level)
{
    struct hv_guest *guest = ctx;

    if (guest->hv->current == guest && !guest->window)
        x86_set_intr(guest->hv->cpu, level);
}

static void nmi(void *ctx)
{
    struct hv_guest *guest = ctx;

    guest->nmi_pending = true;
    guest->run.halted = false;
    if (guest->hv->current == guest)
        x86_set_intr(guest->hv->cpu, true);
}

static void request(void *ctx, enum dev_request what, uint32_t value)
{
    struct hv_guest *guest = ctx;

    board_run_request(&guest->run, what, value);
}

static void console_byte(void *ctx, uint8_t byte)
{
    struct hv_guest *guest = ctx;

    board_run_console(&guest->run, byte);
}

void hv_debugcon(void *ctx, uint8_t byte)
{
    struct hv_guest *guest = ctx;

    guest->config.debugcon(guest->config.ctx, &byte, 1);
}

static void trace(void *ctx, const char *line)
{
    const struct hv_guest *guest = ctx;

    if (guest->hv->config.trace)
        guest->hv->config.trace(guest->hv->config.ctx, "board", line);
}

const struct board_platform_ops hv_platform_ops = {
    .dma_read = dma_read,
    .dma_write = dma_write,
    .intr = intr,
    .nmi = nmi,
    .request = request,
    .console = console_byte,
    .trace = trace,
};
