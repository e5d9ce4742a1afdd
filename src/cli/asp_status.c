/* SPDX-License-Identifier: Apache-2.0 */
/* cbit asp status: a platform in JSON or as a table; nothing secret is in it. */
#include <stdlib.h>

#include <jansson.h>

#include "cli/asp.h"

static const char verb[] = "cbit asp status";

struct options {
    struct cli_platform_options platform;
    bool json;
};

static const struct cli_option table[] = {
    {"state", "DIR", cli_text, offsetof(struct options, platform.state),
     "the chip's folder (default ~/.local/state/cbit/asp)", NULL},
    {"json", NULL, cli_flag, offsetof(struct options, json), "as JSON", NULL},
};

static const char *state_name(unsigned state)
{
    static const char *const names[] = {"uninit", "init", "working"};

    return state < CB_ARRAY_LEN(names) ? names[state] : "unknown";
}

static void id_text(const struct cbit_asp_info *info, char text[129])
{
    for (size_t i = 0; i < sizeof info->id; i++)
        snprintf(text + 2 * i, 3, "%02x", info->id[i]);
}

char *cli_asp_info_json(const struct cbit_asp *asp)
{
    struct cbit_asp_info info;
    char id[129];
    json_t *all;
    char *text;

    cbit_asp_info(asp, &info);
    id_text(&info, id);
    all = json_pack("{s:s, s:i, s:i, s:i, s:s, s:b, s:b, s:i, s:s, s:b, s:b, s:b, s:b}", "profile",
                    info.profile, "api-major", info.api_major, "api-minor", info.api_minor,
                    "build-id", info.build, "state", state_name(info.state), "owned", info.owned,
                    "es", info.es, "guests", info.guests, "id", id, "persistent", info.persistent,
                    "seeded", info.seeded, "exposed", info.exposed, "emulated", true);
    text = all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    json_decref(all);
    return text;
}

static void print_table(const struct cbit_asp *asp)
{
    struct cbit_asp_info info;
    char id[129];

    cbit_asp_info(asp, &info);
    id_text(&info, id);
    printf("profile     %s (emulated: TEST certificates)\n", info.profile);
    printf("API         %u.%u build %u\n", info.api_major, info.api_minor, info.build);
    printf("state       %s, %u guests\n", state_name(info.state), info.guests);
    printf("owner       %s\n", info.owned ? "external" : "self");
    printf("id          %s\n", id);
    printf("kept        %s\n", info.persistent ? "in the state folder" : "not at all (ephemeral)");
    if (info.seeded)
        printf("SEEDED      every key follows from a number: guessable\n");
    if (info.exposed)
        printf("EXPOSED     keys were written to a file\n");
}

int cli_asp_status(int argc, char **argv)
{
    struct options o = {{0}};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &o};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);
    struct cli_platform platform;
    struct host_devsev_firmware firmware;
    char *text;

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "[--state DIR] [--json]", &why);
    if (!cli_platform_open(verb, &o.platform, &platform))
        return CLI_EXIT_ERROR;
    firmware = cli_platform_firmware(&platform);
    if (host_devsev_probe(&firmware) != 0)
        fprintf(stderr, "cbit: the platform's INIT fails\n");
    if (o.json) {
        text = cli_asp_info_json(platform.asp);
        printf("%s\n", text ? text : "{}");
        free(text);
    } else {
        print_table(platform.asp);
    }
    cli_platform_close(&platform);
    return CLI_EXIT_OK;
}
