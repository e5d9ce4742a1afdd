/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VMMCALL: KVM's hypercalls, as far as Linux makes them here.  What a guest says
 * about its pages is noted, not believed: whether a page is private is the
 * guest's C-bit, and the hypervisor maps them all the same.
 */
#include "hv/guest.h"

enum { KVM_KICK_CPU = 5, KVM_SCHED_YIELD = 11, KVM_MAP_GPA_RANGE = 12 };
enum { KVM_EPERM = 1, KVM_EINVAL = 22, KVM_ENOSYS = 1000 };

static uint64_t error(unsigned code)
{
    return 0 - (uint64_t)code;
}

static uint64_t map_gpa_range(uint64_t gpa, uint64_t pages)
{
    uint64_t end;

    if (gpa % CB_PAGE_SIZE || pages == 0 || !cb_add_ok(gpa >> CB_PAGE_SHIFT, pages, &end))
        return error(KVM_EINVAL);
    return 0;
}

static uint64_t call(struct hv_guest *guest)
{
    uint8_t cpl;

    hv_read(guest->hv, spa(guest->vmcb.v + VMCB_CPL), &cpl, 1);
    if (cpl != 0)
        return error(KVM_EPERM);
    switch (hv_reg(guest, 0)) {
    case KVM_MAP_GPA_RANGE:
        return map_gpa_range(hv_reg(guest, 3), hv_reg(guest, 1));
    case KVM_KICK_CPU: /* there is one CPU, and it is not waiting */
    case KVM_SCHED_YIELD:
        return 0;
    default:
        return error(KVM_ENOSYS);
    }
}

void hv_exit_vmmcall(struct hv_guest *guest)
{
    if (guest->config.no_hypercalls) {
        hv_inject(guest, VMCB_EVENT_EXCEPTION, HV_UD);
        return;
    }
    hv_set_reg(guest, 0, call(guest));
    hv_skip(guest, hv_get(guest, VMCB_NRIP));
}
