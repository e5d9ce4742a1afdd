/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 with padding (RFC 4648, section 4), as QEMU, sevctl and libvirt pass blobs. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters that len bytes take, without the NUL. */
static inline size_t cb_base64_len(size_t len)
{
    return (len + 2) / 3 * 4;
}

/* out: cb_base64_len(len) + 1 characters. */
void cb_base64_encode(const void *in, size_t len, char *out);

/*
 * White space between characters is passed over.  False: a character that does
 * not belong, wrong padding, or more than max bytes.
 */
bool cb_base64_decode(const char *text, void *out, size_t max, size_t *len);

#endif
