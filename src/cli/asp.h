/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of cbit asp; private to cli.  argv[0] of each is its name. */
#ifndef CLI_ASP_H
#define CLI_ASP_H

#include "cli/platform.h"

cli_verb_fn cli_asp_setup, cli_asp_export, cli_asp_status, cli_asp_kds, cli_asp_socket, cli_asp_cmd,
    cli_asp_mem, cli_asp_cuse;

/* JSON text of what the service can do; swtpm's --print-capabilities.  To be freed. */
char *cli_asp_capabilities(void);
/* JSON text of a platform's state; no secret in it.  To be freed; NULL: no memory. */
char *cli_asp_info_json(const struct cbit_asp *asp);

/* What the service answers on its control channel; ctx is a struct cli_platform. */
enum cbit_status cli_asp_handle(void *ctx, uint32_t code, const uint8_t *payload, size_t len,
                                uint8_t *reply, size_t *reply_len);

#endif
