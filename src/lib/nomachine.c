/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stands in for room pc while that room is being built, so that the verbs which
 * need no machine link.  The build takes this file only where pc is absent.
 */
#include "lib/machine.h"

enum cbit_status pc_new(const struct pc_config *config, struct pc **out, struct pc_error *error)
{
    (void)config;
    *out = NULL;
    snprintf(error->text, sizeof error->text, "the machine is not built yet");
    return CBIT_UNIMPLEMENTED;
}

/* No pointer to a machine exists, so none of these is ever entered. */
#define NEVER(type, name, ...) \
    type name(__VA_ARGS__) { CBIT_ASSERT(false); __builtin_unreachable(); }
#pragma GCC diagnostic ignored "-Wunused-parameter"
void pc_free(struct pc *pc) { CBIT_ASSERT(pc == NULL); }
const char *pc_stop_text(enum pc_stop stop) { return "stopped"; }
NEVER(enum pc_stop, pc_run, struct pc *pc, struct pc_slice slice)
NEVER(int, pc_exit_code, const struct pc *pc, enum pc_stop stop)
NEVER(uint64_t, pc_next_event_ns, const struct pc *pc)
NEVER(size_t, pc_console_input, struct pc *pc, const uint8_t *bytes, size_t len)
NEVER(size_t, pc_hvc_input, struct pc *pc, const uint8_t *bytes, size_t len)
NEVER(bool, pc_net_input, struct pc *pc, const uint8_t *frame, size_t len)
NEVER(bool, pc_power_button, struct pc *pc)
NEVER(void, pc_pause, struct pc *pc)
NEVER(void, pc_cont, struct pc *pc)
NEVER(bool, pc_is_paused, const struct pc *pc)
NEVER(enum cbit_status, pc_reset, struct pc *pc, struct pc_error *error)
NEVER(struct mc *, pc_mc, struct pc *pc)
NEVER(struct x86_cpu *, pc_cpu, struct pc *pc)
NEVER(struct asp *, pc_asp, struct pc *pc)
NEVER(struct pc_stats, pc_stats, const struct pc *pc)
__attribute__((weak)) NEVER(uint64_t, x86_instructions, const struct x86_cpu *cpu)
__attribute__((weak)) NEVER(struct x86_stats, x86_stats, const struct x86_cpu *cpu)
