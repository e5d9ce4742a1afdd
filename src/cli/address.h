/* SPDX-License-Identifier: Apache-2.0 */
/* ADDR on the command line of a verb that looks at a running machine's memory. */
#ifndef CLI_ADDRESS_H
#define CLI_ADDRESS_H

#include "cli/cli.h"
#include "monitor/monitor.h"

/*
 * The machine's address that the text names; gpa: the text names a guest's, and the
 * machine is asked where that lies.  False: the message was printed.
 */
bool cli_address(struct mon_client *client, const char *verb, const char *text, bool gpa,
                 uint64_t *at);

#endif
