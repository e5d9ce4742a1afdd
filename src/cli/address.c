/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/address.h"

#include <inttypes.h>
#include <stdlib.h>

#include <jansson.h>

bool cli_address(struct mon_client *client, const char *verb, const char *text, bool gpa,
                 uint64_t *at)
{
    const struct cli_option unused = {0};
    struct cli_why refused = {{0}};
    struct cbit_why why = {{0}};
    char question[48], *answer = NULL;

    if (!cli_size(&unused, text, at, &refused)) {
        cli_fail(verb, "ADDR %s: %s", text, refused.text);
        return false;
    }
    if (!gpa)
        return true;
    snprintf(question, sizeof question, "{\"addr\": %" PRIu64 "}", *at & INT64_MAX);
    if (mon_client_ask(client, "cbit-gpa", question, &answer, &why)) {
        cli_fail(verb, "%s", why.text);
        return false;
    }
    json_t *all = json_loads(answer, 0, NULL);

    *at = (uint64_t)json_integer_value(json_object_get(all, "addr"));
    json_decref(all);
    free(answer);
    return true;
}
