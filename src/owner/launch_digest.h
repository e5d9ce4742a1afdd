/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch digest LD that an owner expects: SHA-256 over all that the VMM
 * gives to LAUNCH_UPDATE_DATA and LAUNCH_UPDATE_VMSA, in the order of the calls.
 * Two forms: QEMU with a firmware image, and a direct boot by cbit run --sev.
 */
#ifndef OWNER_LAUNCH_DIGEST_H
#define OWNER_LAUNCH_DIGEST_H

#include "owner/vmsa.h"

#define OWN_DIGEST_SIZE 32
#define OWN_HASH_TABLE_SIZE 176 /* padded; what QEMU measures with kernel-hashes=on */

struct own_blob {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
};

/*
 * QEMU's kernel hash table ("PaddedSevHashTable"): command line with its NUL,
 * initrd, kernel file as given to QEMU.
 */
void own_hash_table_build(struct own_blob kernel, struct own_blob initrd, const char *append,
                          uint8_t table[OWN_HASH_TABLE_SIZE]);

struct own_qemu_launch {
    struct own_blob firmware;
    bool kernel_hashes;
    struct own_blob kernel, initrd;
    const char *append;
    unsigned n_vmsas;             /* SEV-ES: one page a vCPU; 0 for plain SEV */
    const struct own_blob *vmsas; /* pages as given; NULL: made from the two below */
    uint32_t cpu_signature;
    uint64_t sev_features;
};

/*
 * CBIT_CORRUPT: the firmware's table is damaged.  CBIT_NOT_FOUND: it lacks an
 * entry that the options need (hash area, SEV-ES reset address).  CBIT_INVALID:
 * a VMSA that is not one page.  *what names the culprit, for the message.
 */
enum cbit_status own_qemu_digest(const struct own_qemu_launch *launch,
                                 uint8_t digest[OWN_DIGEST_SIZE], const char **what) CBIT_MUST_CHECK;

#endif
