/* SPDX-License-Identifier: Apache-2.0 */
/* The ways in which a PC is reset by software, short of ACPI and a triple fault. */
#include "dev/i8042.h"

enum { CMD_WRITE_OUTPUT = 0xd1, CMD_RESET = 0xfe };
enum { OUTPUT_NOT_RESET = 0x01, PORT92_RESET = 0x01, PORT92_A20 = 0x02 };
enum { CF9_COLD = 0x02, CF9_RESET = 0x04 };

static void write_command(struct dev_i8042 *kbc, uint8_t command)
{
    kbc->command = command == CMD_WRITE_OUTPUT ? command : 0;
    if (command == CMD_RESET)
        dev_request(&kbc->bus, DEV_REQUEST_RESET, command);
}

static void write_data(struct dev_i8042 *kbc, uint8_t value)
{
    if (kbc->command == CMD_WRITE_OUTPUT && !(value & OUTPUT_NOT_RESET))
        dev_request(&kbc->bus, DEV_REQUEST_RESET, CMD_WRITE_OUTPUT);
    kbc->command = 0;
}

static void write_92(struct dev_i8042 *kbc, uint8_t value)
{
    if (value & PORT92_RESET && !(kbc->port92 & PORT92_RESET))
        dev_request(&kbc->bus, DEV_REQUEST_RESET, 0x92);
    kbc->port92 = value & (PORT92_RESET | PORT92_A20);
}

static void write_cf9(struct dev_i8042 *kbc, uint8_t value)
{
    kbc->cf9 = value & (CF9_COLD | 0x08);
    if (value & CF9_RESET)
        dev_request(&kbc->bus, DEV_REQUEST_RESET, 0xcf9);
}

uint32_t dev_i8042_in(void *dev, uint16_t port, unsigned size)
{
    const struct dev_i8042 *kbc = dev;

    (void)size;
    if (port == 0x92)
        return kbc->port92;
    return port == 0xcf9 ? kbc->cf9 : 0xff;
}

void dev_i8042_out(void *dev, uint16_t port, uint32_t value, unsigned size)
{
    struct dev_i8042 *kbc = dev;
    const uint8_t byte = (uint8_t)value;

    (void)size;
    if (port == 0x60)
        write_data(kbc, byte);
    else if (port == 0x64)
        write_command(kbc, byte);
    else if (port == 0x92)
        write_92(kbc, byte);
    else if (port == 0xcf9)
        write_cf9(kbc, byte);
}

void dev_i8042_init(struct dev_i8042 *kbc, struct dev_bus bus)
{
    kbc->bus = bus;
    dev_i8042_reset(kbc);
}

void dev_i8042_reset(struct dev_i8042 *kbc)
{
    kbc->command = 0;
    kbc->port92 = PORT92_A20;
    kbc->cf9 = 0;
}
