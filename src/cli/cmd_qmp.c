/* SPDX-License-Identifier: Apache-2.0 */
/* cbit qmp: one command to a running machine's control socket. */
#include <stdlib.h>

#include "cli/cli.h"
#include "monitor/monitor.h"

struct qmp_options {
    const char *control;
};

static const struct cli_option table[] = {
    {"control", "unix:PATH", cli_text, offsetof(struct qmp_options, control),
     "the machine's control socket", NULL},
};

static int ask(const struct host_addr *addr, const char *command, const char *arguments)
{
    struct mon_client *client;
    struct cbit_why why = {{0}};
    char *answer = NULL;

    if (mon_client_open(addr, &client, &why))
        return cli_fail("cbit qmp", "%s", why.text);
    const enum cbit_status status = mon_client_ask(client, command, arguments, &answer, &why);

    mon_client_close(client);
    if (status) {
        cli_fail("cbit qmp", "%s", why.text);
        return status == CBIT_DENIED ? CLI_EXIT_NO : CLI_EXIT_ERROR;
    }
    printf("%s\n", answer);
    free(answer);
    return CLI_EXIT_OK;
}

int cli_cmd_qmp(int argc, char **argv)
{
    struct qmp_options options = {0};
    const char *words[2] = {NULL, NULL};
    struct cli_line line = {.verb = "cbit qmp",
                            .table = table,
                            .n_options = CB_ARRAY_LEN(table),
                            .into = &options,
                            .words = words,
                            .max_words = CB_ARRAY_LEN(words)};
    struct cli_why why = {{0}};
    struct host_addr addr;
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "--control unix:PATH COMMAND [ARGUMENTS-AS-JSON]", &why);
    if (!options.control || line.n_words == 0)
        return cli_fail("cbit qmp", "--control and a command are needed (see cbit qmp --help)");
    if (host_addr_parse(options.control, &addr))
        return cli_fail("cbit qmp", "--control %s: is not unix:PATH", options.control);
    return ask(&addr, words[0], words[1]);
}
