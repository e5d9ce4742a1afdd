/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generations.  All speak SEV API 0.24; the build number tells them apart,
 * as the firmware releases of real generations do (an owner's measurement
 * covers it).
 */
#include "asp/profile.h"

static const struct asp_profile profiles[] = {
    {.name = "naples", .sev = true, .api_major = 0, .api_minor = 24, .build = 20,
     .cipher = MC_CIPHER_XE, .tweak_published = true, .n_asids = 15, .c_bit = 47,
     .phys_bits = 48, .reduction = 5, .rsa_bits = 2048},
    {.name = "rome", .sev = true, .api_major = 0, .api_minor = 24, .build = 21,
     .cipher = MC_CIPHER_XEX, .n_asids = 509, .c_bit = 47,
     .phys_bits = 48, .reduction = 5, .rsa_bits = 4096},
    {.name = "milan", .sev = true, .api_major = 0, .api_minor = 24, .build = 22,
     .cipher = MC_CIPHER_XEX, .n_asids = 509, .c_bit = 51,
     .phys_bits = 48, .reduction = 5, .rsa_bits = 4096},
    {.name = "genoa", .sev = true, .api_major = 0, .api_minor = 24, .build = 23,
     .cipher = MC_CIPHER_XTS, .n_asids = 1006, .c_bit = 51,
     .phys_bits = 52, .reduction = 6, .rsa_bits = 4096},
    {.name = "ryzen-pro", .sev = false, .cipher = MC_CIPHER_XEX, .n_asids = 0, .c_bit = 47,
     .phys_bits = 48, .reduction = 5, .rsa_bits = 4096},
};

const struct asp_profile *asp_profile_find(const char *name)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(profiles); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

const struct asp_profile *asp_profile_at(unsigned i)
{
    return i < CB_ARRAY_LEN(profiles) ? &profiles[i] : NULL;
}
