/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters by name.  The names are an interface: scripts read them from
 * --stats and --json, so they are added, never renamed.
 */
#include "lib/machine.h"

/* One row a counter; the three structs are read once per question. */
struct all_stats {
    struct x86_stats cpu;
    struct mc_stats mc;
    struct lib_counts pc;
};

static const struct {
    const char *name;
    size_t offset;
} rows[] = {
    {"cpu.instructions", offsetof(struct all_stats, cpu.instructions)},
    {"cpu.blocks_decoded", offsetof(struct all_stats, cpu.blocks_decoded)},
    {"cpu.blocks_run", offsetof(struct all_stats, cpu.blocks_run)},
    {"cpu.tlb_fills", offsetof(struct all_stats, cpu.tlb_fills)},
    {"cpu.page_walks", offsetof(struct all_stats, cpu.page_walks)},
    {"cpu.faults", offsetof(struct all_stats, cpu.faults)},
    {"cpu.interrupts", offsetof(struct all_stats, cpu.interrupts)},
    {"mc.maps", offsetof(struct all_stats, mc.maps)},
    {"mc.reads", offsetof(struct all_stats, mc.reads)},
    {"mc.writes", offsetof(struct all_stats, mc.writes)},
    {"mc.turns", offsetof(struct all_stats, mc.turns)},
    {"mc.first_uses", offsetof(struct all_stats, mc.first_uses)},
    {"mc.eager_frames", offsetof(struct all_stats, mc.eager_frames)},
    {"mc.eager_ops", offsetof(struct all_stats, mc.eager_ops)},
    {"mc.keys", offsetof(struct all_stats, mc.keys)},
    {"pc.mmio", offsetof(struct all_stats, pc.mmio)},
    {"pc.mmio_c", offsetof(struct all_stats, pc.mmio_c)},
    {"pc.ports", offsetof(struct all_stats, pc.ports)},
    {"pc.dma_bytes", offsetof(struct all_stats, pc.dma_bytes)},
    {"pc.irqs", offsetof(struct all_stats, pc.irqs)},
    {"pc.idle_returns", offsetof(struct all_stats, pc.idle_returns)},
    {"check.missing_flush", offsetof(struct all_stats, pc.check.found[MC_CHECK_FLUSH])},
    {"check.dma_private", offsetof(struct all_stats, pc.check.found[MC_CHECK_DMA])},
    {"check.mmio_c1", offsetof(struct all_stats, pc.check.found[MC_CHECK_MMIO])},
    {"check.fetch_view", offsetof(struct all_stats, pc.check.found[MC_CHECK_FETCH])},
    {"check.walk_view", offsetof(struct all_stats, pc.check.found[MC_CHECK_WALK])},
    {"check.allowed", offsetof(struct all_stats, pc.check.allowed)},
    {"check.repeats", offsetof(struct all_stats, pc.check.repeats)},
#define EXIT_ROW(name, text) {"hv." text, offsetof(struct all_stats, pc.exits[HV_EXIT_##name])},
    HV_EXIT_KINDS(EXIT_ROW)
#undef EXIT_ROW
};

bool cbit_machine_counter(const struct cbit_machine *machine, size_t i, struct cbit_counter *out)
{
    if (i >= CB_ARRAY_LEN(rows))
        return false;
    struct all_stats stats = {
        .cpu = x86_stats(lib_cpu(machine)),
        .mc = mc_stats(lib_mc(machine)),
    };

    machine->ops->counts(machine->body, &stats.pc);
    out->name = rows[i].name;
    memcpy(&out->value, (const uint8_t *)&stats + rows[i].offset, sizeof out->value);
    return true;
}

uint64_t cbit_machine_instructions(const struct cbit_machine *machine)
{
    return x86_instructions(lib_cpu(machine));
}
