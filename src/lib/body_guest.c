/* SPDX-License-Identifier: Apache-2.0 */
/* A guest under the built-in hypervisor as a body of libcbit's machine. */
#include "lib/machine.h"

enum cbit_error lib_guest_new(struct cbit_machine *machine, struct cbit_why *why)
{
    (void)machine;
    snprintf(why->text, sizeof why->text, "the built-in hypervisor is not built yet (docs/roadmap.md)");
    return CBIT_E_UNIMPLEMENTED;
}
