/* SPDX-License-Identifier: Apache-2.0 */
/* cbit asp cuse: a device node that any program may open, where the host has CUSE. */
#include <errno.h>
#include <string.h>

#include "cli/asp.h"
#include "host/cuse.h"

static const char verb[] = "cbit asp cuse";

struct options {
    struct cli_platform_options platform;
    const char *name;
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"state", "DIR", cli_text, AT(platform.state), "the chip's folder (default ~/.local/state/cbit/asp)", NULL},
    {"name", "NAME", cli_text, AT(name), "of the node in /dev (default sev)", NULL},
};

int cli_asp_cuse(int argc, char **argv)
{
    struct options o = {.name = "sev"};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct cli_platform platform;
    struct host_devsev_firmware firmware;
    enum cbit_status status;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[--state DIR] [--name NAME]", &why);
    if (!cli_platform_open(verb, &o.platform, &platform))
        return CLI_EXIT_ERROR;
    firmware = cli_platform_firmware(&platform);
    (void)host_devsev_probe(&firmware);
    status = host_cuse_serve(o.name, &firmware);
    cli_platform_close(&platform);
    if (status == CBIT_NOT_FOUND)
        return cli_fail(verb, "/dev/cuse is not there: 'modprobe cuse' as root, or use cbit exec");
    if (status != CBIT_OK)
        return cli_fail(verb, "%s", cli_status_text(status));
    return CLI_EXIT_OK;
}
