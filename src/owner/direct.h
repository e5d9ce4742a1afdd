/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The launch digest of a guest that cbit run --sev boots directly, from the files
 * and four numbers: docs/launch-layout.md, layout version 1.  Written from that
 * page alone, so that owner and hypervisor check each other.
 */
#ifndef OWNER_DIRECT_H
#define OWNER_DIRECT_H

#include "owner/launch_digest.h"

#define OWN_DIRECT_MAX_CPUS 255u

struct own_direct_launch {
    struct own_blob kernel; /* bzImage or ELF64 */
    struct own_blob initrd; /* may be empty */
    const char *append;
    bool unpack_kernel;
    uint64_t memory;        /* bytes */
    unsigned n_cpus;
    unsigned c_bit;         /* its position */
};

/* CBIT_INVALID, CBIT_UNIMPLEMENTED (a payload's format), CBIT_NO_MEMORY: *what names the culprit. */
enum cbit_status own_direct_digest(const struct own_direct_launch *launch,
                                   uint8_t digest[OWN_DIGEST_SIZE], const char **what) CBIT_MUST_CHECK;

/* ---- for the files of this computation ---- */

#define OWN_DIRECT_TABLES    0x10000u
#define OWN_DIRECT_DSDT_SIZE 941u
extern const uint8_t own_direct_dsdt[OWN_DIRECT_DSDT_SIZE];

/* ACPI tables that lie at `at`; returns the address of the RSDP. */
uint64_t own_direct_acpi(uint64_t at, unsigned n_cpus, uint8_t tables[OWN_DIRECT_TABLES]);

/* The bzImage's payload, unpacked into malloc'ed memory. */
enum cbit_status own_direct_unpack(struct own_blob bzimage, uint8_t **out, size_t *len,
                                   const char **what) CBIT_MUST_CHECK;

#endif
