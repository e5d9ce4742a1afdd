/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for what must not outlive its use: keys and what keys follow from. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include <stddef.h>

/*
 * Zeroed pages of their own, aligned to 4096, which the host leaves out of core
 * dumps.  NULL: no memory.
 */
void *cb_secret_new(size_t size);

/* Wipes and gives back; size is what was asked for.  NULL is allowed. */
void cb_secret_free(void *p, size_t size);

#endif
