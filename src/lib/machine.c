/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit's machine: the public names over a body, which is room pc's or room hv's.
 *
 * Nothing is decided here; configuration and values are carried across the
 * boundary, and what comes from the caller is checked before it goes in.  The
 * looks at memory are in look.c, the counters in counters.c.
 */
#include <stdlib.h>

#include "lib/machine.h"

#define SLICE_INSNS 2000000u /* how late cbit_machine_stop may be heard */

void cbit_config_init(struct cbit_config *config)
{
    *config = (struct cbit_config){
        .struct_size = sizeof *config,
        .cpu = "milan",
        .memory = UINT64_C(512) << 20,
        .smp = 1,
        .sme = true,
        .tsme = CBIT_DEFAULT,
    };
}

/* ---- configuration ---- */

static enum cbit_error refuse(struct cbit_why *why, const char *text)
{
    snprintf(why->text, sizeof why->text, "%s", text);
    return CBIT_E_INVALID;
}

static enum cbit_error check(const struct cbit_config *config, struct cbit_why *why)
{
    if (config->struct_size != sizeof *config)
        return refuse(why, "struct cbit_config was not made by this version's cbit_config_init");
    if (config->sev && config->sev->struct_size != sizeof *config->sev)
        return refuse(why, "struct cbit_sev_config was not made by this version's cbit_sev_config_init");
    if (config->sev && !config->guest)
        return refuse(why, "a SEV guest is a guest: set guest too");
    if (config->n_disks > CBIT_MAX_DISKS)
        return refuse(why, "too many disks");
    if (config->tweak.len && config->tweak.len != TWEAK_BYTES)
        return refuse(why, "a tweak file has 768 bytes: 48 constants of 16");
    if (config->guest && (config->check || config->cache_m1)) {
        refuse(why, "check mode and the cache model of a guest are not built yet");
        return CBIT_E_UNIMPLEMENTED;
    }
    if (!config->cpu)
        return refuse(why, "no processor profile named");
    for (unsigned i = 0; i < config->n_disks; i++) {
        if (!config->disk[i].read)
            return refuse(why, "a disk without a read function");
    }
    return CBIT_E_OK;
}

bool lib_tsme(const struct cbit_config *config)
{
    if (config->tsme == CBIT_DEFAULT)
        return strcmp(config->cpu, "ryzen-pro") == 0;
    return config->tsme == CBIT_ON;
}

enum cbit_error cbit_machine_new(const struct cbit_config *config, struct cbit_machine **out,
                                 struct cbit_why *why)
{
    struct cbit_why unheard;

    if (!why)
        why = &unheard;
    why->text[0] = 0;
    enum cbit_error error = check(config, why);

    if (error)
        return error;
    struct cbit_machine *machine = calloc(1, sizeof *machine);

    if (!machine)
        return CBIT_E_NO_MEMORY;
    machine->config = *config;
    if (config->sev) {
        machine->sev = *config->sev;
        machine->config.sev = &machine->sev;
    }
    error = config->guest ? lib_guest_new(machine, why) : lib_pc_new(machine, why);
    if (error)
        free(machine);
    else
        *out = machine;
    return error;
}

void cbit_machine_free(struct cbit_machine *machine)
{
    if (!machine)
        return;
    machine->ops->free(machine->body);
    free(machine);
}

/* ---- running ---- */

static uint64_t spent(uint64_t limit, uint64_t used)
{
    return used < limit ? limit - used : 0;
}

/* Short slices, so that a stop from another thread is heard. */
enum cbit_stop cbit_machine_run(struct cbit_machine *machine, struct cbit_slice slice)
{
    const uint64_t start = cbit_machine_instructions(machine);

    for (;;) {
        const uint64_t used = cbit_machine_instructions(machine) - start;
        const uint64_t left = slice.max_insns ? spent(slice.max_insns, used) : UINT64_MAX;

        if (left == 0 || atomic_exchange(&machine->stop_asked, false))
            return CBIT_STOP_SLICE;
        const enum cbit_stop stop = machine->ops->run(
            machine->body, left < SLICE_INSNS ? left : SLICE_INSNS, slice.max_ns);

        if (stop != CBIT_STOP_SLICE || slice.max_ns)
            return stop;
    }
}

void cbit_machine_stop(struct cbit_machine *machine)
{
    atomic_store(&machine->stop_asked, true);
}

int cbit_machine_exit_code(const struct cbit_machine *machine, enum cbit_stop stop)
{
    return machine->ops->exit_code(machine->body, stop);
}

uint64_t cbit_machine_idle_ns(const struct cbit_machine *machine)
{
    return machine->ops->idle_ns(machine->body);
}

void cbit_machine_pause(struct cbit_machine *machine)
{
    machine->ops->pause(machine->body);
}

void cbit_machine_cont(struct cbit_machine *machine)
{
    machine->ops->cont(machine->body);
}

bool cbit_machine_is_paused(const struct cbit_machine *machine)
{
    return machine->ops->is_paused(machine->body);
}

enum cbit_error cbit_machine_reset(struct cbit_machine *machine, struct cbit_why *why)
{
    struct cbit_why unheard;

    return machine->ops->reset(machine->body, why ? why : &unheard);
}

enum cbit_error cbit_machine_power_button(struct cbit_machine *machine)
{
    return machine->ops->power_button(machine->body) ? CBIT_E_OK : CBIT_E_NOT_FOUND;
}

size_t cbit_machine_console_input(struct cbit_machine *machine, const void *bytes, size_t len)
{
    return machine->ops->console_input(machine->body, bytes, len);
}

size_t cbit_machine_hvc_input(struct cbit_machine *machine, const void *bytes, size_t len)
{
    return machine->ops->hvc_input(machine->body, bytes, len);
}

bool cbit_machine_net_input(struct cbit_machine *machine, const void *frame, size_t len)
{
    return machine->ops->net_input(machine->body, frame, len);
}
