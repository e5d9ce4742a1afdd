/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What differs between generations, as far as the AMD-SP and the memory
 * controller are concerned.  The numbers are those of DESIGN.md, section 12.
 */
#ifndef ASP_PROFILE_H
#define ASP_PROFILE_H

#include "mc/mc.h"

struct asp_profile {
    const char *name;
    bool sev;               /* false: TSME at most, no SEV commands (ryzen-pro) */
    uint8_t api_major, api_minor, build;
    enum mc_cipher cipher;
    bool tweak_published;   /* the tweak constants are the published ones, not drawn at reset */
    unsigned n_asids;
    unsigned c_bit;         /* its position in an address */
    unsigned phys_bits;     /* physical address width with encryption off */
    unsigned reduction;     /* bits that encryption takes from it */
    unsigned rsa_bits;      /* of ARK and ASK */
};

/* NULL: no such profile. */
const struct asp_profile *asp_profile_find(const char *name);

/* The i-th profile, NULL past the last. */
const struct asp_profile *asp_profile_at(unsigned i);

#endif
