/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on purpose: only for platforms that were created to show them. */
#include "asp/state.h"
#include "mc/expose.h"

enum cbit_status asp_exposed_keys(const struct asp *asp, char **text)
{
    return asp->exposed ? mc_expose_keys(asp->mc, text) : CBIT_DENIED;
}
