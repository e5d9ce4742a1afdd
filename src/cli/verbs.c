/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs, one row each. */
#include <string.h>

#include "cbit/cbit.h"
#include "cli/cli.h"

static const struct cli_verb verbs[] = {
    {"run", "run a machine", cli_cmd_run},
    {"dram", "a running machine's memory: read, dump, map", cli_cmd_dram},
    {"view", "one address as its user, the hypervisor and the pins see it, live", cli_cmd_view},
    {"qmp", "one command to a running machine's control socket", cli_cmd_qmp},
    {"asp", "the secure processor on its own: setup, export, kds, socket ...", cli_cmd_asp},
    {"exec", "run a program with /dev/sev answered", cli_cmd_exec},
    {"owner", "the guest owner's side: verify, session, measure, secret ...", cli_cmd_owner},
    {"attack", "published attacks on memory encryption, by generation and protection", cli_cmd_attack},
    {"doctor", "what this host offers", cli_cmd_doctor},
    {"help", "this list; 'cbit VERB --help' for one verb", cli_cmd_help},
    {"version", "the version", cli_cmd_version},
};

const struct cli_verb *cli_verb_at(size_t i)
{
    return i < CB_ARRAY_LEN(verbs) ? &verbs[i] : NULL;
}

const struct cli_verb *cli_verb_find(const char *name)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    }
    return NULL;
}

int cli_cmd_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("cbit: AMD's memory-encryption platform (SME, TSME, SEV) in software\n\n"
           "usage: cbit VERB [options]\n\n");
    for (size_t i = 0; i < CB_ARRAY_LEN(verbs); i++)
        printf("  %-10s %s\n", verbs[i].name, verbs[i].summary);
    printf("\ncbit emulates; it protects nothing from the machine it runs on.\n");
    return CLI_EXIT_OK;
}

int cli_cmd_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    printf("cbit %s\n", cbit_version());
    return CLI_EXIT_OK;
}
