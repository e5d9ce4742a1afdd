/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SEV guest's owner and administrator ask: the hypervisor's launch under
 * public names.  Each question goes through the mailbox; nothing is remembered
 * here.
 */
#include "cbit/sev.h"

#include <string.h>

#include "lib/machine.h"

_Static_assert(CBIT_SEV_PDH_SIZE == HV_PDH_SIZE && CBIT_SEV_CHAIN_SIZE == HV_CHAIN_SIZE &&
                   CBIT_SEV_MEASURE_SIZE == WIRE_SEV_MEASURE_SIZE &&
                   CBIT_SEV_REPORT_SIZE == WIRE_SEV_REPORT_SIZE &&
                   CBIT_SEV_ID_SIZE == WIRE_SEV_ID_SIZE,
               "public sizes are those of the SEV API");

void cbit_sev_config_init(struct cbit_sev_config *config)
{
    *config = (struct cbit_sev_config){.struct_size = sizeof *config, .policy = 1};
}

static struct hv_launch *launch_of(struct cbit_machine *machine)
{
    return machine->ops->launch ? machine->ops->launch(machine->body) : NULL;
}

static struct hv_launch *find(struct cbit_machine *machine, struct cbit_why *why)
{
    struct hv_launch *launch = launch_of(machine);

    if (!launch)
        snprintf(why->text, sizeof why->text, "this machine is no SEV guest");
    return launch;
}

enum cbit_error lib_refused(const struct hv_refusal *refusal, struct cbit_why *why)
{
    hv_refusal_text(refusal, why->text, sizeof why->text);
    return CBIT_E_DENIED;
}

static enum cbit_error outcome(const struct hv_launch *launch, enum wire_sev_status status,
                               struct cbit_why *why)
{
    return status ? lib_refused(&launch->refusal, why) : CBIT_E_OK;
}

void cbit_sev_info(struct cbit_machine *machine, struct cbit_sev_info *out)
{
    struct hv_launch *launch = launch_of(machine);
    struct wire_sev_platform_status platform;
    struct wire_sev_guest_status guest;

    *out = (struct cbit_sev_info){.state = hv_launch_state_name(WIRE_SEV_GUEST_UNINIT)};
    if (!launch || hv_psp_status(launch->psp, &platform) || hv_launch_status(launch, &guest))
        return;
    *out = (struct cbit_sev_info){
        .enabled = true,
        .api_major = platform.api_major,
        .api_minor = platform.api_minor,
        .build = platform.build,
        .policy = guest.policy,
        .handle = guest.handle,
        .asid = guest.asid,
        .state = hv_launch_state_name(guest.state),
        .secret_page = machine->ops->secret_page(machine->body),
    };
}

enum cbit_error cbit_sev_capabilities(struct cbit_machine *machine,
                                      struct cbit_sev_capabilities *out, struct cbit_why *why)
{
    const struct hv_launch *launch = find(machine, why);
    const struct asp_profile *profile = asp_profile_of(lib_asp(machine));
    struct hv_identity identity;
    struct hv_refusal refusal;

    if (!launch)
        return CBIT_E_NOT_FOUND;
    if (hv_psp_identity(launch->psp, &identity, &refusal))
        return lib_refused(&refusal, why);
    memcpy(out->pdh, identity.pdh, sizeof out->pdh);
    memcpy(out->chain, identity.chain, sizeof out->chain);
    memcpy(out->id, identity.id, sizeof out->id);
    out->c_bit = profile->c_bit;
    out->reduced_phys_bits = profile->reduction;
    return CBIT_E_OK;
}

enum cbit_error cbit_sev_measure(struct cbit_machine *machine, uint8_t out[CBIT_SEV_MEASURE_SIZE],
                                 struct cbit_why *why)
{
    const struct hv_launch *launch = find(machine, why);

    if (!launch)
        return CBIT_E_NOT_FOUND;
    if (!launch->measured) {
        snprintf(why->text, sizeof why->text, "SEV launch measurement is not available");
        return CBIT_E_NOT_FOUND;
    }
    memcpy(out, launch->measure, CBIT_SEV_MEASURE_SIZE);
    return CBIT_E_OK;
}

enum cbit_error cbit_sev_report(struct cbit_machine *machine, const uint8_t mnonce[16],
                                uint8_t out[CBIT_SEV_REPORT_SIZE], struct cbit_why *why)
{
    struct hv_launch *launch = find(machine, why);

    return launch ? outcome(launch, hv_launch_report(launch, mnonce, out), why) : CBIT_E_NOT_FOUND;
}

static struct board_bytes board_bytes_of(struct cbit_bytes bytes)
{
    return (struct board_bytes){bytes.data, bytes.len};
}

enum cbit_error cbit_sev_inject_secret(struct cbit_machine *machine, struct cbit_bytes header,
                                       struct cbit_bytes secret, uint64_t gpa, struct cbit_why *why)
{
    struct hv_launch *launch = find(machine, why);

    if (!launch)
        return CBIT_E_NOT_FOUND;
    return outcome(launch,
                   hv_launch_secret(launch, board_bytes_of(header), board_bytes_of(secret),
                                    gpa ? gpa : machine->ops->secret_page(machine->body)),
                   why);
}

/* Addresses and lengths that no command can express. */
static enum cbit_error check_debug(const struct cbit_machine *machine, uint64_t address, size_t len,
                                   struct cbit_why *why)
{
    uint64_t end;

    if (len && cb_add_ok(address, len, &end) && mc_covers(lib_mc(machine), spa(address), len))
        return CBIT_E_OK;
    snprintf(why->text, sizeof why->text, "the range is not DRAM");
    return CBIT_E_RANGE;
}

enum cbit_error cbit_sev_debug_read(struct cbit_machine *machine, uint64_t address, void *to,
                                    size_t len, struct cbit_why *why)
{
    struct hv_launch *launch = find(machine, why);

    if (!launch)
        return CBIT_E_NOT_FOUND;
    const enum cbit_error error = check_debug(machine, address, len, why);

    return error ? error : outcome(launch, hv_launch_dbg_read(launch, spa(address), to, len), why);
}

enum cbit_error cbit_sev_debug_write(struct cbit_machine *machine, uint64_t address,
                                     const void *from, size_t len, struct cbit_why *why)
{
    struct hv_launch *launch = find(machine, why);

    if (!launch)
        return CBIT_E_NOT_FOUND;
    const enum cbit_error error = check_debug(machine, address, len, why);

    return error ? error
                 : outcome(launch, hv_launch_dbg_write(launch, spa(address), from, len), why);
}

enum cbit_error cbit_guest_find(struct cbit_machine *machine, uint64_t gpa, uint64_t *address)
{
    spa_t at;

    if (!machine->ops->find)
        return CBIT_E_NOT_FOUND;
    if (!machine->ops->find(machine->body, gpa, &at))
        return CBIT_E_RANGE;
    *address = at.v;
    return CBIT_E_OK;
}
