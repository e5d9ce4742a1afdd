/* SPDX-License-Identifier: Apache-2.0 */
/* Time and memory as the operating system counts them. */
#include <sys/resource.h>
#include <time.h>

#include "host/host.h"

static uint64_t read_ns(clockid_t clock)
{
    struct timespec t;

    CBIT_ASSERT(clock_gettime(clock, &t) == 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t host_now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t host_cpu_ns(void)
{
    return read_ns(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t host_epoch_s(void)
{
    return read_ns(CLOCK_REALTIME) / 1000000000u;
}

size_t host_memory_peak(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage))
        return 0;
    return (size_t)usage.ru_maxrss * 1024;
}
