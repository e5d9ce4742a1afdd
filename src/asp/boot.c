/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the AMD-SP does to the memory controller before the CPU starts: the
 * SME key, the tweak, filler for every ASID slot, TSME (APM vol. 2, 7.10; the
 * key is made at each reset and never leaves the chip).
 */
#include "asp/commands.h"

static void fill(void *ctx, void *buf, size_t len)
{
    struct asp *asp = ctx;

    cr_random_fill(&asp->random, buf, len);
}

static void install_sme_key(struct asp *asp)
{
    const size_t len = mc_key_len(asp->mc);
    uint8_t key[MC_KEY_MAX];
    enum cbit_status status;

    CBIT_ASSERT(len <= sizeof(key));
    cr_random_fill(&asp->random, key, len);
    status = mc_key_install(asp->mc, MC_VIEW_HOST, key, len);
    cb_wipe(key, sizeof(key));
    CBIT_ASSERT(status == CBIT_OK); /* our own length and slot */
    asp_trace(asp, "boot: SME key drawn (%zu bytes) and installed", len);
}

static void install_tweak(struct asp *asp)
{
    struct mc_tweak tweak;

    if (asp->profile->cipher == MC_CIPHER_XTS)
        return; /* the sector number takes its place */
    if (asp->has_tweak) {
        tweak = asp->tweak;
        asp_trace(asp, "boot: tweak constants as given");
    } else if (asp->profile->tweak_published) {
        mc_tweak_published(&tweak);
        asp_trace(asp, "boot: tweak constants of the generation");
    } else {
        cr_random_fill(&asp->random, &tweak, sizeof(tweak));
        asp_trace(asp, "boot: tweak constants drawn");
    }
    mc_tweak_install(asp->mc, &tweak);
    cb_wipe(&tweak, sizeof(tweak));
}

/* Guests, their keys and the firmware's own state live in the chip's RAM; flash and fuses stay. */
static void forget_platform(struct asp *asp)
{
    struct asp_call call = {.asp = asp};
    const enum wire_sev_status status = asp_cmd_shutdown(&call);

    CBIT_ASSERT(status == WIRE_SEV_SUCCESS);
    memset(&asp->regs, 0, sizeof(asp->regs));
}

void asp_reset(struct asp *asp)
{
    asp_trace(asp, "boot: reset, %s, %s randomness", asp->profile->name,
              asp->random.seeded ? "seeded" : "the host's");
    forget_platform(asp);
    mc_reset(asp->mc, fill, asp);
    asp_trace(asp, "boot: %u ASID key slots hold random filler", mc_config(asp->mc)->n_asids);
    install_tweak(asp);
    install_sme_key(asp);
    mc_set_tsme(asp->mc, asp->tsme);
    asp_trace(asp, "boot: TSME %s", asp->tsme ? "on" : "off");
    if (asp->standalone)
        mc_set_smee(asp->mc, true);
}
