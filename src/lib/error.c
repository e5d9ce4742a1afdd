/* SPDX-License-Identifier: Apache-2.0 */
/* Version and errors: the public names of base's statuses. */
#include "lib/machine.h"

const char *cbit_version(void)
{
    return CBIT_VERSION_TEXT;
}

_Static_assert((int)CBIT_E_OK == (int)CBIT_OK && (int)CBIT_E_INVALID == (int)CBIT_INVALID &&
                   (int)CBIT_E_NO_MEMORY == (int)CBIT_NO_MEMORY &&
                   (int)CBIT_E_IO == (int)CBIT_IO && (int)CBIT_E_NOT_FOUND == (int)CBIT_NOT_FOUND &&
                   (int)CBIT_E_BUSY == (int)CBIT_BUSY && (int)CBIT_E_RANGE == (int)CBIT_RANGE &&
                   (int)CBIT_E_DENIED == (int)CBIT_DENIED &&
                   (int)CBIT_E_CORRUPT == (int)CBIT_CORRUPT &&
                   (int)CBIT_E_VERSION == (int)CBIT_VERSION &&
                   (int)CBIT_E_UNIMPLEMENTED == (int)CBIT_UNIMPLEMENTED &&
                   (int)CBIT_E_CRYPTO == (int)CBIT_CRYPTO,
               "the public errors are base's statuses by another name");

enum cbit_error lib_error(enum cbit_status status)
{
    return (enum cbit_error)status;
}

const char *cbit_error_text(enum cbit_error error)
{
    return cb_status_text((enum cbit_status)error);
}
