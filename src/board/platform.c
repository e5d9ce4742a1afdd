/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Wiring of the PC: who sits at which port and address, and how a device's
 * interrupt reaches the CPU (8259 through LINT0, or message to the local APIC).
 */
#include "board/platform.h"

#include <stdlib.h>

static void update_intr(struct board_platform *p)
{
    const bool level = dev_lapic_pending(&p->lapic) ||
                       (dev_i8259_pending(&p->pic) && dev_lapic_extint_open(&p->lapic));

    if (level == p->intr)
        return;
    p->intr = level;
    p->config.ops->intr(p->config.ctx, level);
}

int board_intr_ack(struct board_platform *p)
{
    int vector = dev_lapic_ack(&p->lapic);

    if (vector < 0 && dev_i8259_pending(&p->pic) && dev_lapic_extint_open(&p->lapic))
        vector = dev_i8259_ack(&p->pic);
    p->stats.irqs += vector >= 0;
    update_intr(p);
    return vector;
}

/* Local APIC. */

static void lapic_intr(void *ctx)
{
    update_intr(ctx);
}

static void lapic_nmi(void *ctx)
{
    struct board_platform *p = ctx;

    p->config.ops->nmi(p->config.ctx);
}

static void lapic_smi(void *ctx)
{
    struct board_platform *p = ctx;

    p->config.ops->smi(p->config.ctx);
}

static void lapic_init_ipi(void *ctx)
{
    struct board_platform *p = ctx;

    p->config.ops->trace(p->config.ctx, "INIT to the only CPU: ignored");
}

static void lapic_startup(void *ctx, uint8_t vector)
{
    (void)ctx; /* the CPU is not waiting for it */
    (void)vector;
}

static void lapic_eoi(void *ctx, uint8_t vector)
{
    struct board_platform *p = ctx;

    if (p->config.acpi)
        dev_ioapic_eoi(&p->ioapic, vector);
}

static void lapic_ipi(void *ctx, struct dev_lapic_message message, bool all_but_self)
{
    struct board_platform *p = ctx;

    if (!all_but_self && dev_lapic_accepts(&p->lapic, message))
        dev_lapic_deliver(&p->lapic, message);
}

static const struct dev_lapic_ops lapic_ops = {
    .intr = lapic_intr,
    .nmi = lapic_nmi,
    .smi = lapic_smi,
    .init = lapic_init_ipi,
    .startup = lapic_startup,
    .eoi = lapic_eoi,
    .ipi = lapic_ipi,
};

void board_msi(struct board_platform *p, uint64_t address, uint32_t data)
{
    const struct dev_lapic_message message = {
        .vector = (uint8_t)data,
        .mode = data >> 8 & 7,
        .destination = (uint8_t)(address >> 12),
        .logical = address >> 2 & 1,
        .level = data >> 15 & 1,
    };

    if (!board_is_msi_address(address))
        return;
    p->stats.msis++;
    if (dev_lapic_accepts(&p->lapic, message))
        dev_lapic_deliver(&p->lapic, message);
}

/* What devices see. */

static bool bus_dma_read(void *ctx, uint64_t bus, void *to, size_t len)
{
    struct board_platform *p = ctx;

    p->stats.dma_bytes += len;
    return p->config.ops->dma_read(p->config.ctx, bus, to, len);
}

static bool bus_dma_write(void *ctx, uint64_t bus, const void *from, size_t len)
{
    struct board_platform *p = ctx;

    if (board_is_msi_address(bus)) {
        if (len != 4)
            return false;
        board_msi(p, bus, cb_load_le32(from));
        return true;
    }
    p->stats.dma_bytes += len;
    return p->config.ops->dma_write(p->config.ctx, bus, from, len);
}

static void bus_irq(void *ctx, unsigned line, bool level)
{
    struct board_platform *p = ctx;

    dev_i8259_set(&p->pic, line, level);
    if (p->config.acpi) /* IRQ 0 is on input 2 */
        dev_ioapic_set(&p->ioapic, line ? line : 2, level);
}

static void timer_irq(void *ctx, unsigned line, bool level)
{
    struct board_platform *p = ctx;

    if (!p->config.acpi || !dev_hpet_legacy(&p->hpet))
        bus_irq(p, line, level);
}

static void hpet_irq(void *ctx, unsigned gsi, bool level, bool legacy)
{
    struct board_platform *p = ctx;

    if (legacy)
        bus_irq(p, gsi, level);
    else
        dev_ioapic_set(&p->ioapic, gsi, level);
}

static void bus_msi(void *ctx, uint64_t address, uint32_t data)
{
    board_msi(ctx, address, data);
}

static uint64_t bus_now(void *ctx)
{
    const struct board_platform *p = ctx;

    return board_clock_now(&p->clock);
}

static void bus_timer_arm(void *ctx, struct dev_timer *timer, uint64_t at_ns)
{
    struct board_platform *p = ctx;

    board_timer_arm(&p->clock, timer, at_ns);
}

static void bus_timer_cancel(void *ctx, struct dev_timer *timer)
{
    struct board_platform *p = ctx;

    board_timer_cancel(&p->clock, timer);
}

static void bus_request(void *ctx, enum dev_request request, uint32_t value)
{
    struct board_platform *p = ctx;

    p->config.ops->request(p->config.ctx, request, value);
}

static void bus_trace(void *ctx, const char *line)
{
    struct board_platform *p = ctx;

    p->config.ops->trace(p->config.ctx, line);
}

static const struct dev_bus_ops bus_ops = {
    .dma_read = bus_dma_read,
    .dma_write = bus_dma_write,
    .irq = bus_irq,
    .msi = bus_msi,
    .now_ns = bus_now,
    .timer_arm = bus_timer_arm,
    .timer_cancel = bus_timer_cancel,
    .request = bus_request,
    .trace = bus_trace,
};

static const struct dev_bus_ops timer_bus_ops = {
    .dma_read = bus_dma_read,
    .dma_write = bus_dma_write,
    .irq = timer_irq,
    .msi = bus_msi,
    .now_ns = bus_now,
    .timer_arm = bus_timer_arm,
    .timer_cancel = bus_timer_cancel,
    .request = bus_request,
    .trace = bus_trace,
};

/* Ports. */

void board_add_ports(struct board_platform *p, uint16_t first, unsigned n,
                     const struct board_port_region *region)
{
    CBIT_ASSERT(p->n_ports < BOARD_MAX_PORT_REGIONS && first + n <= sizeof(p->port_map));
    p->port[p->n_ports++] = *region;
    memset(p->port_map + first, (int)p->n_ports, n);
}

static struct board_port_region *port_at(struct board_platform *p, uint16_t port)
{
    const unsigned index = p->port_map[port];

    return index ? &p->port[index - 1] : NULL;
}

static uint32_t pci_port_in(struct board_platform *p, uint16_t port, unsigned size)
{
    uint64_t offset;
    unsigned bar;
    struct dev_pci *pci = dev_pci_host_decode(&p->pci, true, port, &bar, &offset);

    return pci ? (uint32_t)dev_pci_bar_load(pci, bar, offset, size) : 0xffffffff;
}

static void pci_port_out(struct board_platform *p, uint16_t port, uint32_t value, unsigned size)
{
    uint64_t offset;
    unsigned bar;
    struct dev_pci *pci = dev_pci_host_decode(&p->pci, true, port, &bar, &offset);

    if (pci)
        dev_pci_bar_store(pci, bar, offset, value, size);
}

static uint32_t read_port(struct board_platform *p, uint16_t port, unsigned size)
{
    struct board_port_region *region = port_at(p, port);
    uint32_t value = 0;

    if (!region)
        return pci_port_in(p, port, size);
    if (!region->in)
        return 0xffffffff;
    if (size <= region->width)
        return region->in(region->dev, (uint16_t)(port - region->base), size);
    for (unsigned i = 0; i < size; i += region->width) {
        const uint32_t part = read_port(p, (uint16_t)(port + i), region->width);

        value |= (uint32_t)(part & CB_MASK(8 * region->width)) << (8 * i);
    }
    return value;
}

uint32_t board_port_in(struct board_platform *p, uint16_t port, unsigned size)
{
    p->stats.ports++;
    return (uint32_t)(read_port(p, port, size) & CB_MASK(8 * size));
}

static void write_port(struct board_platform *p, uint16_t port, uint32_t value, unsigned size)
{
    struct board_port_region *region = port_at(p, port);

    if (!region) {
        pci_port_out(p, port, value, size);
        return;
    }
    if (!region->out)
        return;
    if (size <= region->width) {
        region->out(region->dev, (uint16_t)(port - region->base), value, size);
        return;
    }
    for (unsigned i = 0; i < size; i += region->width)
        write_port(p, (uint16_t)(port + i), (uint32_t)(value >> (8 * i) & CB_MASK(8 * region->width)),
                   region->width);
}

void board_port_out(struct board_platform *p, uint16_t port, uint32_t value, unsigned size)
{
    p->stats.ports++;
    write_port(p, port, (uint32_t)(value & CB_MASK(8 * size)), size);
}

/* Memory-mapped registers. */

void board_add_mmio(struct board_platform *p, const struct board_mmio_region *region)
{
    CBIT_ASSERT(p->n_mmio < BOARD_MAX_MMIO_REGIONS);
    p->mmio[p->n_mmio++] = *region;
}

/* Who answers at an address, and with which register. */
struct decoded {
    struct board_mmio_region region; /* base is not used */
    struct dev_pci *pci;             /* instead of region's functions */
    unsigned bar;
    uint64_t offset;
};

static bool decode(struct board_platform *p, uint64_t at, bool from_cpu, struct decoded *out)
{
    const uint64_t apic = p->lapic.base & CB_PAGE_MASK;

    *out = (struct decoded){.region.width = 8};
    if (from_cpu && dev_lapic_enabled(&p->lapic) && (at & CB_PAGE_MASK) == apic) {
        out->region = (struct board_mmio_region){
            .width = 4, .load = dev_lapic_load, .store = dev_lapic_store, .dev = &p->lapic};
        out->offset = at - apic;
        return true;
    }
    for (unsigned i = 0; i < p->n_mmio; i++) {
        if (at - p->mmio[i].base < p->mmio[i].size) {
            out->region = p->mmio[i];
            out->offset = at - p->mmio[i].base;
            return true;
        }
    }
    out->pci = dev_pci_host_decode(&p->pci, false, at, &out->bar, &out->offset);
    return out->pci != NULL;
}

/* The widest naturally aligned access that starts here. */
static unsigned chunk(uint64_t at, unsigned len, unsigned width)
{
    unsigned size = width;

    while (size > len || at & (size - 1))
        size /= 2;
    return size;
}

bool board_mmio_read(struct board_platform *p, uint64_t at, void *to, unsigned len, bool from_cpu)
{
    uint8_t *bytes = to;
    struct decoded d;
    bool found = true;

    p->stats.mmio++;
    for (unsigned done = 0, size; done < len; done += size) {
        uint8_t value[8];

        if (!decode(p, at + done, from_cpu, &d)) {
            found = false;
            memset(bytes + done, 0xff, size = chunk(at + done, len - done, 8));
            continue;
        }
        size = chunk(at + done, len - done, d.region.width);
        cb_store_le64(value, d.pci ? dev_pci_bar_load(d.pci, d.bar, d.offset, size)
                                   : d.region.load(d.region.dev, d.offset, size));
        memcpy(bytes + done, value, size);
    }
    return found;
}

bool board_mmio_write(struct board_platform *p, uint64_t at, const void *from, unsigned len,
                      bool from_cpu)
{
    const uint8_t *bytes = from;
    struct decoded d;
    bool found = true;

    p->stats.mmio++;
    for (unsigned done = 0, size; done < len; done += size) {
        uint8_t raw[8] = {0};
        uint64_t value;

        if (!decode(p, at + done, from_cpu, &d)) {
            found = false;
            size = chunk(at + done, len - done, 8);
            continue;
        }
        size = chunk(at + done, len - done, d.region.width);
        memcpy(raw, bytes + done, size);
        value = cb_load_le64(raw);
        if (d.pci)
            dev_pci_bar_store(d.pci, d.bar, d.offset, value, size);
        else
            d.region.store(d.region.dev, d.offset, value, size);
    }
    return found;
}

/* Assembly. */

static void pic_output(void *ctx, bool level)
{
    (void)level;
    update_intr(ctx);
}

static void uart_send(void *ctx, uint8_t byte)
{
    struct board_platform *p = ctx;

    p->config.ops->console(p->config.ctx, byte);
}

static void post_code(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    (void)dev; /* Linux writes here to wait a microsecond */
    (void)offset;
    (void)value;
    (void)size;
}

/* The debug console of Bochs and QEMU: a byte out is a byte printed, E9h read back says it is there. */
static uint32_t debugcon_in(void *dev, uint16_t offset, unsigned size)
{
    const struct board_platform *p = dev;

    (void)offset;
    (void)size;
    return p->config.debugcon ? 0xe9 : 0xff;
}

static void debugcon_out(void *dev, uint16_t offset, uint32_t value, unsigned size)
{
    const struct board_platform *p = dev;

    (void)offset;
    (void)size;
    if (p->config.debugcon)
        p->config.debugcon(p->config.ctx, (uint8_t)value);
}

static void add_legacy_ports(struct board_platform *p)
{
    const struct {
        uint16_t first;
        unsigned n;
        struct board_port_region region;
    } table[] = {
        {0x020, 2, {0, 1, dev_i8259_in, dev_i8259_out, &p->pic}},
        {0x0a0, 2, {0, 1, dev_i8259_in, dev_i8259_out, &p->pic}},
        {0x4d0, 2, {0, 1, dev_i8259_in, dev_i8259_out, &p->pic}},
        {0x040, 4, {0, 1, dev_i8254_in, dev_i8254_out, &p->pit}},
        {0x061, 1, {0, 1, dev_i8254_in, dev_i8254_out, &p->pit}},
        {0x060, 1, {0, 1, dev_i8042_in, dev_i8042_out, &p->kbc}},
        {0x064, 1, {0, 1, dev_i8042_in, dev_i8042_out, &p->kbc}},
        {0x092, 1, {0, 1, dev_i8042_in, dev_i8042_out, &p->kbc}},
        {0x070, 2, {0x070, 1, dev_cmos_in, dev_cmos_out, &p->cmos}},
        {0x080, 1, {0, 4, NULL, post_code, p}},
        {0x0e9, 1, {0x0e9, 1, debugcon_in, debugcon_out, p}},
        {0x402, 1, {0x402, 1, debugcon_in, debugcon_out, p}}, /* where SeaBIOS and OVMF look for it */
        {0x0f4, 1, {0x0f4, 4, NULL, dev_debug_exit_out, &p->bus}},
        {0x3f8, 8, {0x3f8, 1, dev_uart_in, dev_uart_out, &p->uart}},
        {DEV_PVPANIC_PORT, 1, {DEV_PVPANIC_PORT, 1, dev_pvpanic_in, dev_pvpanic_out, &p->bus}},
        {DEV_FW_CFG_PORT, DEV_FW_CFG_PORTS,
         {DEV_FW_CFG_PORT, 4, dev_fw_cfg_in, dev_fw_cfg_out, &p->fw_cfg}},
        {0xcf8, 8, {0xcf8, 4, dev_pci_host_in, dev_pci_host_out, &p->pci}},
        {0xcf9, 1, {0, 1, dev_i8042_in, dev_i8042_out, &p->kbc}}, /* a dword at CF8h is not it */
    };

    for (unsigned i = 0; i < CB_ARRAY_LEN(table); i++)
        board_add_ports(p, table[i].first, table[i].n, &table[i].region);
}

static void add_acpi_devices(struct board_platform *p)
{
    const struct board_port_region pm = {DEV_ACPI_PM_PORT, 4, dev_acpi_pm_in, dev_acpi_pm_out,
                                         &p->pm};
    const struct board_mmio_region ioapic = {DEV_IOAPIC_BASE, 0x100, 4, dev_ioapic_load,
                                             dev_ioapic_store, &p->ioapic};
    const struct board_mmio_region hpet = {DEV_HPET_BASE, 0x400, 8, dev_hpet_load, dev_hpet_store,
                                           &p->hpet};

    if (!p->config.acpi)
        return;
    dev_ioapic_init(&p->ioapic, p->bus);
    dev_hpet_init(&p->hpet, p->bus, hpet_irq, p);
    dev_acpi_pm_init(&p->pm, p->bus);
    p->cmos.alarm = dev_acpi_pm_rtc_alarm;
    p->cmos.alarm_ctx = &p->pm;
    board_add_ports(p, DEV_ACPI_PM_PORT, DEV_ACPI_PM_PORTS, &pm);
    board_add_mmio(p, &ioapic);
    board_add_mmio(p, &hpet);
}

static void add_testdev(struct board_platform *p)
{
    const struct board_port_region echo = {DEV_TESTDEV_ECHO_PORT, 4, dev_testdev_echo_in,
                                           dev_testdev_echo_out, &p->testdev};
    const struct board_port_region irq = {DEV_TESTDEV_IRQ_PORT, 4, NULL, dev_testdev_irq_out,
                                          &p->testdev};
    const struct board_mmio_region memory = {DEV_TESTDEV_MEMORY, DEV_TESTDEV_MEMORY_LEN, 8,
                                             dev_testdev_load, dev_testdev_store, &p->testdev};

    if (!p->config.testdev)
        return;
    dev_testdev_init(&p->testdev, p->bus);
    board_add_ports(p, DEV_TESTDEV_ECHO_PORT, DEV_TESTDEV_ECHO_PORTS, &echo);
    board_add_ports(p, DEV_TESTDEV_IRQ_PORT, DEV_TESTDEV_IRQ_PORTS, &irq);
    board_add_mmio(p, &memory);
}

static void intx_changed(void *ctx, uint8_t devfn, bool level)
{
    struct board_platform *p = ctx;
    const unsigned device = devfn >> 3, line = device & (BOARD_INTX_LINES - 1);

    p->intx[line] = (p->intx[line] & ~(1u << device)) | (uint32_t)level << device;
    bus_irq(p, BOARD_INTX_FIRST + line, p->intx[line] != 0);
}

void board_add_pci(struct board_platform *p, uint8_t devfn, struct dev_pci *pci)
{
    pci->intx_changed = intx_changed;
    pci->intx_ctx = p;
    dev_pci_plug(&p->pci, devfn, pci);
}

/* As a PC's BIOS leaves the 8259s, with the line open that real-mode tests drive. */
static void program_pic(struct board_platform *p)
{
    static const struct { uint16_t port; uint8_t value; } sequence[] = {
        {0x20, 0x11}, {0x21, 0x08}, {0x21, 0x04}, {0x21, 0x01}, {0x21, 0xfb},
        {0xa0, 0x11}, {0xa1, 0x70}, {0xa1, 0x02}, {0xa1, 0x01}, {0xa1, 0xf7},
    };

    for (unsigned n = 0; n < CB_ARRAY_LEN(sequence); n++)
        dev_i8259_out(&p->pic, sequence[n].port, sequence[n].value, 1);
}

/* What firmware would have set: level-triggered PCI lines and SCI, Interrupt Line registers. */
static void route_interrupts(struct board_platform *p)
{
    if (p->config.testdev)
        program_pic(p);
    else
        dev_i8259_out(&p->pic, 0x4d1, 0x0e, 1); /* lines 9, 10, 11 */
    for (unsigned devfn = 0; devfn < CB_ARRAY_LEN(p->pci.slot); devfn++) {
        struct dev_pci *pci = p->pci.slot[devfn];

        if (pci && pci->cfg[DEV_PCI_PIN])
            pci->cfg[DEV_PCI_LINE] =
                (uint8_t)(BOARD_INTX_FIRST + (devfn >> 3 & (BOARD_INTX_LINES - 1)));
    }
}

enum cbit_status board_platform_new(const struct board_platform_config *config,
                                    struct board_platform **out)
{
    struct board_platform *p = calloc(1, sizeof(*p));

    if (!p)
        return CBIT_NO_MEMORY;
    p->config = *config;
    p->bus = (struct dev_bus){.ops = &bus_ops, .ctx = p};
    p->timer_bus = (struct dev_bus){.ops = &timer_bus_ops, .ctx = p};
    board_clock_init(&p->clock, config->instructions, config->ctx, config->deterministic);
    dev_lapic_init(&p->lapic, p->bus, 0, true, &lapic_ops, p);
    dev_i8259_init(&p->pic, pic_output, p);
    dev_i8254_init(&p->pit, p->timer_bus);
    dev_cmos_init(&p->cmos, p->timer_bus, config->rtc_epoch);
    dev_cmos_set_memory(&p->cmos, config->below_4g, config->above_4g);
    dev_i8042_init(&p->kbc, p->bus);
    dev_uart_init(&p->uart, p->bus, 4, uart_send, p);
    dev_pci_host_init(&p->pci, p->bus);
    dev_fw_cfg_init(&p->fw_cfg, p->bus, config->below_4g + config->above_4g,
                    (uint16_t)(config->n_cpus ? config->n_cpus : 1));
    add_legacy_ports(p);
    add_acpi_devices(p);
    add_testdev(p);
    *out = p;
    return CBIT_OK;
}

void board_platform_free(struct board_platform *p)
{
    free(p);
}

void board_platform_reset(struct board_platform *p)
{
    dev_lapic_reset(&p->lapic);
    dev_i8259_reset(&p->pic);
    dev_i8254_reset(&p->pit);
    dev_cmos_reset(&p->cmos);
    dev_i8042_reset(&p->kbc);
    dev_uart_reset(&p->uart);
    dev_pci_host_reset(&p->pci);
    dev_fw_cfg_reset(&p->fw_cfg);
    if (p->config.acpi) {
        dev_ioapic_reset(&p->ioapic);
        dev_hpet_reset(&p->hpet);
        dev_acpi_pm_reset(&p->pm);
    }
    route_interrupts(p);
    update_intr(p);
}
