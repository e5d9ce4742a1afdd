/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner: the guest owner's side.  Runs on the owner's own machine: no
 * emulated machine, no /dev/sev.  One file owner_<verb>.c a verb.
 */
#include <string.h>

#include "cli/owner.h"

static const struct cli_subverb verbs[] = {
    {"verify", "is this platform genuine under the root that I trust?", cli_owner_verify},
    {"session", "make a launch session for a platform", cli_owner_session},
    {"measure", "the expected launch digest; accept or refuse a measurement", cli_owner_measure},
    {"secret", "wrap secrets for one measured launch", cli_owner_secret},
    {"report", "verify an attestation report", cli_owner_report},
    {"pack", "encrypt an image in advance for a session", cli_owner_pack},
    {"oca", "make my own certificate authority", cli_owner_oca},
    {"sign-csr", "take ownership of a platform: sign its PEK_CSR", cli_owner_sign_csr},
};

int cli_cmd_owner(int argc, char **argv)
{
    return cli_subverb_run("cbit owner", verbs, CB_ARRAY_LEN(verbs), NULL, argc, argv);
}
