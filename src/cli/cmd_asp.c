/* SPDX-License-Identifier: Apache-2.0 */
/* cbit asp: the AMD Secure Processor on its own.  One file asp_<verb>.c a verb. */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/asp.h"

static const struct cli_subverb verbs[] = {
    {"setup", "make a chip with its own test ARK and ASK in a state folder", cli_asp_setup},
    {"export", "write the certificates of a state folder's chip", cli_asp_export},
    {"status", "what a state folder's platform is", cli_asp_status},
    {"kds", "serve the chip's certificates over HTTP as AMD's key server does", cli_asp_kds},
    {"socket", "serve the platform on a socket", cli_asp_socket},
    {"cmd", "one SEV command to a served platform", cli_asp_cmd},
    {"mem", "a served platform's memory: read, write, peek", cli_asp_mem},
    {"cuse", "a /dev/sev device node (needs /dev/cuse)", cli_asp_cuse},
};

char *cli_asp_capabilities(void)
{
    json_t *commands = json_array();
    json_t *all = json_pack("{s:s, s:[s,s,s,s,s,s,s,s,s], s:s, s:o}", "type", "cbit asp", "features",
                            "ctrl-unixio", "ctrl-clientfd", "fd-passing", "flag-terminate",
                            "flag-daemon", "opt-pid", "opt-log", "opt-seccomp", "opt-tsme",
                            "version", cbit_version(), "commands", commands);
    struct cbit_asp_command_info info;
    char *text;

    for (unsigned i = 0; cbit_asp_command_at(i, &info); i++)
        json_array_append_new(commands, json_string(info.name));
    text = json_dumps(all, JSON_INDENT(2));
    json_decref(all);
    return text;
}

static int print_capabilities(void)
{
    char *text = cli_asp_capabilities();

    if (text == NULL)
        return cli_fail("cbit asp", "no memory");
    printf("%s\n", text);
    free(text);
    return CLI_EXIT_OK;
}

int cli_cmd_asp(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "--print-capabilities") == 0)
        return print_capabilities();
    return cli_subverb_run("cbit asp", verbs, CB_ARRAY_LEN(verbs), "cbit asp --print-capabilities",
                           argc, argv);
}
