/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A platform for a verb: libcbit's AMD-SP bound to a state folder of the host's.
 * Private to cli.
 */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include "cbit/asp.h"
#include "cli/cli.h"
#include "host/devsev.h"
#include "host/host.h"

struct cli_platform_options {
    const char *state;   /* NULL: the default folder if it holds a chip, else ephemeral */
    const char *profile; /* ephemeral: NULL is milan; with a state: must be the chip's */
    uint64_t memory;
    uint64_t seed;
    bool seeded, tsme, trace;
};

/* Option parser: --seed N into a struct cli_platform_options. */
cli_parser cli_platform_seed;

/* A state folder in use: one chip, held against other processes. */
struct cli_state {
    struct host_state *folder; /* NULL: not open */
    struct cbit_asp_flash flash;
    uint8_t chip[CBIT_CHIP_MAX]; /* wiped once a platform has it */
    size_t chip_len;
    struct cbit_chip_info info;  /* what of it is public */
    char profile[16];
};
/* profile: what the chip must be; NULL: anything.  False: the message was printed. */
bool cli_state_use(const char *verb, const char *dir, const char *profile, struct cli_state *out);
void cli_state_release(struct cli_state *state); /* wipes; twice is harmless */

struct cli_platform {
    struct cli_state state;
    struct cbit_asp *asp;
};

/* False: the message was printed. */
bool cli_platform_open(const char *verb, const struct cli_platform_options *options,
                       struct cli_platform *out);
void cli_platform_close(struct cli_platform *platform);

/* The platform as the ccp driver sees it; the driver's TMR is at the top of DRAM. */
struct host_devsev_firmware cli_platform_firmware(struct cli_platform *platform);

/* ${XDG_STATE_HOME:-~/.local/state}/cbit/asp; false: there is no home to put it in. */
bool cli_state_default(char *path, size_t size);

/* The chip of a state folder; false: the message was printed. */
bool cli_state_chip(const char *verb, const struct host_state *state, const char *dir,
                    uint8_t chip[CBIT_CHIP_MAX], size_t *len);
/* Opens a state folder, or says why not. */
struct host_state *cli_state_open(const char *verb, const char *dir, bool create);

#endif
