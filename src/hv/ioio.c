/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IN and OUT.  A SEV guest's string I/O goes through memory that the hypervisor
 * finds by tables which are noise to it: #UD, as KVM does; Linux unrolls it.
 * APM vol. 2, 15.10.2.
 */
#include "hv/guest.h"

struct io {
    uint16_t port;
    unsigned size;
    bool in, string;
};

static struct io io_of(uint64_t info)
{
    return (struct io){
        .port = (uint16_t)(info >> VMCB_IOIO_PORT_SHIFT),
        .size = info >> VMCB_IOIO_SIZE_SHIFT & 7,
        .in = info & VMCB_IOIO_IN,
        .string = info & VMCB_IOIO_STRING,
    };
}

static void in(struct hv_guest *guest, const struct io *io)
{
    const uint32_t value = board_port_in(guest->platform, io->port, io->size);
    const uint64_t mask = CB_MASK(8 * io->size);

    hv_set_reg(guest, 0, io->size == 4 ? value : (hv_reg(guest, 0) & ~mask) | (value & mask));
}

void hv_exit_ioio(struct hv_guest *guest)
{
    const struct io io = io_of(hv_get(guest, VMCB_EXITINFO1));

    if (io.string) {
        hv_inject(guest, VMCB_EVENT_EXCEPTION, HV_UD);
        return;
    }
    if (io.in)
        in(guest, &io);
    else
        board_port_out(guest->platform, io.port, (uint32_t)hv_reg(guest, 0), io.size);
    hv_skip(guest, hv_get(guest, VMCB_EXITINFO2));
}
