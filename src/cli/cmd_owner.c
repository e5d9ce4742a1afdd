/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner: the guest owner's side.  Runs on the owner's own machine: no
 * emulated machine, no /dev/sev.  One file owner_<verb>.c a verb.
 */
#include <string.h>

#include "cli/owner.h"

static const struct {
    const char *name, *summary;
    cli_verb_fn *run;
} verbs[] = {
    {"verify", "is this platform genuine under the root that I trust?", cli_owner_verify},
    {"session", "make a launch session for a platform", cli_owner_session},
    {"measure", "the expected launch digest; accept or refuse a measurement", cli_owner_measure},
    {"secret", "wrap secrets for one measured launch", cli_owner_secret},
    {"report", "verify an attestation report", cli_owner_report},
    {"pack", "encrypt an image in advance for a session", cli_owner_pack},
    {"oca", "make my own certificate authority", cli_owner_oca},
    {"sign-csr", "take ownership of a platform: sign its PEK_CSR", cli_owner_sign_csr},
};

static void print_verbs(FILE *to)
{
    fprintf(to, "usage: cbit owner VERB [options]\n\n");
    for (size_t i = 0; i < CB_ARRAY_LEN(verbs); i++)
        fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
}

int cli_cmd_owner(int argc, char **argv)
{
    if (argc < 2) {
        print_verbs(stderr);
        return CLI_EXIT_ERROR;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_verbs(stdout);
        return CLI_EXIT_OK;
    }
    for (size_t i = 0; i < CB_ARRAY_LEN(verbs); i++) {
        if (strcmp(argv[1], verbs[i].name) == 0)
            return verbs[i].run(argc - 1, argv + 1);
    }
    return cli_fail("cbit owner", "'%s' is none of its verbs (see cbit owner --help)", argv[1]);
}
