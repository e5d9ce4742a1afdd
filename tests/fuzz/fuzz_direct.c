/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile kernel before the owner of a direct boot.  Byte 0: unpack (bit 0),
 * more memory (bit 1); byte 1: pages of initrd; the rest is the kernel.
 */
#include <stdlib.h>

#include "owner/owner.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t initrd[256];
    struct own_direct_launch launch = {.append = "quiet", .memory = UINT64_C(64) << 20,
                                       .n_cpus = 1, .c_bit = 51};
    uint8_t digest[OWN_DIGEST_SIZE];
    const char *what;

    if (size < 2)
        return 0;
    launch.unpack_kernel = data[0] & 1;
    launch.memory <<= data[0] & 2 ? 6 : 0;
    launch.initrd = (struct own_blob){initrd, data[1]};
    launch.kernel = (struct own_blob){data + 2, size - 2};
    if (own_direct_digest(&launch, digest, &what) != CBIT_OK && *what == '\0')
        abort(); /* a refusal has a name */
    return 0;
}
