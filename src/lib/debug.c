/* SPDX-License-Identifier: Apache-2.0 */
/* What a debugger needs: registers, virtual memory, breakpoints. */
#include "lib/machine.h"

#define STATUS_FLAGS UINT64_C(0x8d5) /* OF SF ZF AF PF CF */

void cbit_machine_regs(const struct cbit_machine *machine, struct cbit_regs *out)
{
    struct x86_regs regs;

    x86_get_regs(lib_cpu(machine), &regs);
    *out = (struct cbit_regs){.rip = regs.rip,
                              .rflags = regs.rflags,
                              .fs_base = regs.seg[X86_FS].base,
                              .gs_base = regs.seg[X86_GS].base,
                              .cr0 = regs.cr0,
                              .cr2 = regs.cr2,
                              .cr3 = regs.cr3,
                              .cr4 = regs.cr4,
                              .efer = regs.efer,
                              .mxcsr = regs.mxcsr};
    memcpy(out->gpr, regs.gpr, sizeof out->gpr);
    memcpy(out->xmm, regs.xmm, sizeof out->xmm);
    for (unsigned i = 0; i < 6; i++)
        out->segment[i] = regs.seg[X86_ES + i].selector;
}

void cbit_machine_set_regs(struct cbit_machine *machine, const struct cbit_regs *in)
{
    struct x86_regs regs;

    x86_get_regs(lib_cpu(machine), &regs);
    memcpy(regs.gpr, in->gpr, sizeof regs.gpr);
    regs.rip = in->rip;
    regs.rflags = (regs.rflags & ~STATUS_FLAGS) | (in->rflags & STATUS_FLAGS);
    x86_set_regs(lib_cpu(machine), &regs);
}

/* The piece of [address, address + len) that lies in one page. */
static size_t within_page(uint64_t address, size_t len)
{
    const size_t room = CB_PAGE_SIZE - (size_t)(address % CB_PAGE_SIZE);

    return len < room ? len : room;
}

static bool place(struct cbit_machine *machine, uint64_t address, size_t len, spa_t *at,
                  struct mc_access *access)
{
    return x86_debug_translate(lib_cpu(machine), gva(address), at, access) &&
           mc_covers(lib_mc(machine), *at, len);
}

enum cbit_error cbit_machine_read_virtual(struct cbit_machine *machine, uint64_t address, void *to,
                                          size_t len)
{
    struct mc *mc = lib_mc(machine);
    uint8_t *bytes = to;

    while (len > 0) {
        const size_t part = within_page(address, len);
        struct mc_access access;
        spa_t at;

        if (!place(machine, address, part, &at, &access))
            return CBIT_E_RANGE;
        const enum cbit_status status =
            mc_peek(mc, at, mc_decide(mc_policy(mc), access), bytes, part);

        if (status)
            return lib_error(status);
        address += part;
        bytes += part;
        len -= part;
    }
    return CBIT_E_OK;
}

enum cbit_error cbit_machine_write_virtual(struct cbit_machine *machine, uint64_t address,
                                           const void *from, size_t len)
{
    const uint8_t *bytes = from;

    while (len > 0) {
        const size_t part = within_page(address, len);
        struct mc_access access;
        spa_t at;

        if (!place(machine, address, part, &at, &access))
            return CBIT_E_RANGE;
        mc_write(lib_mc(machine), at, access, bytes, part);
        address += part;
        bytes += part;
        len -= part;
    }
    return CBIT_E_OK;
}

enum cbit_error cbit_machine_break_set(struct cbit_machine *machine, uint64_t address)
{
    return lib_error(x86_break_set(lib_cpu(machine), gva(address)));
}

enum cbit_error cbit_machine_break_clear(struct cbit_machine *machine, uint64_t address)
{
    return lib_error(x86_break_clear(lib_cpu(machine), gva(address)));
}
