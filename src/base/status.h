/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Host or library failure.  Architectural outcomes (faults, exits, SEV status
 * codes) are values of their own and never appear here; a broken invariant is
 * CBIT_ASSERT.  0 is success.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum cbit_status {
    CBIT_OK = 0,
    CBIT_INVALID,       /* an argument or input is malformed */
    CBIT_NO_MEMORY,     /* the host refused memory */
    CBIT_IO,            /* a host file, socket or terminal operation failed; errno tells */
    CBIT_NOT_FOUND,     /* the named thing does not exist */
    CBIT_BUSY,          /* somebody else holds it (lock, running machine) */
    CBIT_RANGE,         /* an address or length lies outside what exists */
    CBIT_DENIED,        /* refused by policy or permission */
    CBIT_CORRUPT,       /* data failed its integrity check */
    CBIT_VERSION,       /* written by a newer version than this one understands */
    CBIT_UNIMPLEMENTED, /* legal, but not built yet */
    CBIT_CRYPTO,        /* libcrypto failed */
};

#define CBIT_MUST_CHECK __attribute__((warn_unused_result))

/* A short English phrase for messages; never NULL. */
const char *cb_status_text(enum cbit_status status);

#endif
