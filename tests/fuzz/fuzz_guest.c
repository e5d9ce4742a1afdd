/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile guest under a hostile hypervisor, on a whole machine: the input
 * overwrites fields of the VMCB and is the guest's code, plain or SEV, and what
 * is not intercepted meets the machine's own ports, MSRs and devices.
 *
 * Byte 0: profile (bits 0-1), SEV (2), TSME (3), launched or not (4), GPRs (5-7).
 * Byte 1: how many patches follow (mod 32), of 10 bytes: offset, value.
 * Then code.
 */
#include <stdlib.h>

#include "attack/guest.h"
#include "wire/vmcb.h"
#include "x86/svm/svm.h"

#define MAX_RUNS  12u
#define BUDGET    300u
#define PATCH_LEN 10u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void set_up(struct attack_scene *s, uint8_t options)
{
    static const char *const profiles[] = {"naples", "rome", "milan", "genoa"};

    s->profile = x86_profile_find(profiles[options & 3]);
    s->protection = options & 8 ? ATTACK_TSME : options & 4 ? ATTACK_SEV : ATTACK_NONE;
    s->smee = true;
    if (attack_scene_open(s))
        abort();
    attack_guest_new(s, &s->victim, AT_VICTIM);
    if (options & 4) {
        s->victim.sev = s->victim.c = true;
        s->victim.unlaunched = (options & 16) != 0;
    }
    for (unsigned i = 0; i < 16; i++)
        s->victim.gpr[i] = (uint64_t)(options >> 5) << (i * 4);
}

/* Patches of the VMCB; returns how many bytes of input they took. */
static size_t patch(struct attack_scene *s, const uint8_t *data, size_t size)
{
    const unsigned n = size ? data[0] % 32 : 0;
    size_t at = 1;

    for (unsigned i = 0; i < n && at + PATCH_LEN <= size; i++, at += PATCH_LEN)
        attack_vmcb_set(s, &s->victim, cb_load_le16(data + at) % (VMCB_SIZE - 8),
                        cb_load_le64(data + at + 2));
    return at < size ? at : size;
}

/* The hypervisor goes on behind what left, and answers with bytes of the code. */
static bool go_on(struct attack_scene *s, unsigned run)
{
    const uint64_t nrip = attack_vmcb_get(s, &s->victim, VMCB_NRIP);
    const uint64_t code = attack_vmcb_get(s, &s->victim, VMCB_EXITCODE);

    if (code == VMEXIT_INVALID || code == VMEXIT_SHUTDOWN)
        return false;
    attack_vmcb_set(s, &s->victim, VMCB_RAX, cb_load_le64(s->victim.program.code + 8 * run));
    attack_vmcb_set(s, &s->victim, VMCB_RIP,
                    nrip ? nrip : attack_vmcb_get(s, &s->victim, VMCB_RIP) + 1);
    if (code == VMEXIT_NPF)
        attack_nested_map(s, &s->victim,
                          attack_vmcb_get(s, &s->victim, VMCB_EXITINFO2) & 0x1ff000, AT_INTRUDER);
    return true;
}

static void run(struct attack_scene *s)
{
    struct x86_cpu *cpu = pc_cpu(s->pc);
    uint64_t done;

    memcpy(x86_svm_gpr(cpu), s->victim.gpr, sizeof(s->victim.gpr));
    for (unsigned i = 0; i < MAX_RUNS; i++) {
        const enum x86_svm_end end = x86_svm_run(cpu, s->victim.vmcb, BUDGET, &done);

        if (end == X86_SVM_SHUTDOWN || end == X86_SVM_REFUSED)
            return;
        if (end == X86_SVM_EXIT && !go_on(s, i))
            return;
        if (end == X86_SVM_HLT)
            x86_nmi(cpu);
        x86_set_intr(cpu, i % 4 == 3);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct attack_scene *s;
    size_t used;

    if (size < 2)
        return 0;
    s = calloc(1, sizeof(*s));
    if (!s)
        abort();
    set_up(s, data[0]);
    used = 1 + (data[1] % 32u) * PATCH_LEN + 1;
    if (used < size) {
        const size_t len = size - used < CB_PAGE_SIZE ? size - used : CB_PAGE_SIZE;

        memcpy(s->victim.program.code, data + used, len);
    }
    if (attack_victim_start(s, &s->victim))
        abort();
    (void)patch(s, data + 1, size - 1);
    run(s);
    attack_scene_close(s);
    free(s);
    return 0;
}
