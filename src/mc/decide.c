/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encryption-control table (APM vol. 2, "Secure Memory Encryption" and
 * "Secure Encrypted Virtualization").  The decision itself is in mc/state.h,
 * where the data path can inline it.
 */
#include "mc/state.h"

mc_view_t mc_decide(struct mc_policy policy, struct mc_access access)
{
    return mc_view_of(policy, access);
}
