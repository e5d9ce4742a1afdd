/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that core dumps leave out.  It protects nothing from whoever may read the
 * process: it keeps keys out of files that people send to each other.
 */
#include "base/secret.h"

#include <sys/mman.h>

#include "base/base.h"

#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_SOUGHT 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define LEAKS_ARE_SOUGHT 1
#endif
#endif
#ifdef LEAKS_ARE_SOUGHT
#include <sanitizer/lsan_interface.h>
/* What only these pages point to is not lost: the search for leaks must look here too. */
#define COUNTS_AS_ROOT(p, size)    __lsan_register_root_region(p, size)
#define NO_LONGER_ROOT(p, size)    __lsan_unregister_root_region(p, size)
#else
#define COUNTS_AS_ROOT(p, size)    ((void)0)
#define NO_LONGER_ROOT(p, size)    ((void)0)
#endif

static size_t whole_pages(size_t size)
{
    return cb_align_up(size ? size : 1, CB_PAGE_SIZE);
}

void *cb_secret_new(size_t size)
{
    if (size > SIZE_MAX - CB_PAGE_SIZE)
        return NULL;
    void *p = mmap(NULL, whole_pages(size), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED)
        return NULL;
#ifdef MADV_DONTDUMP
    if (madvise(p, whole_pages(size), MADV_DONTDUMP)) {
        (void)munmap(p, whole_pages(size));
        return NULL;
    }
#endif
    COUNTS_AS_ROOT(p, whole_pages(size));
    return p;
}

void cb_secret_free(void *p, size_t size)
{
    if (!p)
        return;
    cb_wipe(p, size);
    NO_LONGER_ROOT(p, whole_pages(size));
    (void)munmap(p, whole_pages(size));
}
