/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects and judges certificate chains; see chain.h.  What a signature does not
 * cover (padding, unused slots) must be what the format says, so that no byte of
 * a file can change unnoticed.
 */
#include "owner/chain.h"

#include <stdio.h>

static const char *const role_names[OWN_N_ROLES] = {"ARK", "ASK", "CEK", "OCA", "PEK", "PDH"};

const char *own_role_name(enum own_role role)
{
    return role_names[role];
}

/* ---- collecting ---- */

static bool sev_role(uint32_t usage, enum own_role *role)
{
    switch (usage) {
    case WIRE_SEV_USAGE_CEK:
        *role = OWN_CEK;
        return true;
    case WIRE_SEV_USAGE_OCA:
        *role = OWN_OCA;
        return true;
    case WIRE_SEV_USAGE_PEK:
        *role = OWN_PEK;
        return true;
    case WIRE_SEV_USAGE_PDH:
        *role = OWN_PDH;
        return true;
    default:
        return false;
    }
}

static bool is_unsigned(const struct wire_sev_cert *cert)
{
    return sev_cert_slot_unused(cert, 0) && sev_cert_slot_unused(cert, 1);
}

static bool same_sev(const struct wire_sev_cert *a, const struct wire_sev_cert *b)
{
    uint8_t x[WIRE_SEV_CERT_SIZE];
    uint8_t y[WIRE_SEV_CERT_SIZE];

    wire_sev_cert_encode(a, x);
    wire_sev_cert_encode(b, y);
    return memcmp(x, y, sizeof(x)) == 0;
}

static bool same_amd(const struct wire_amd_cert *a, const struct wire_amd_cert *b)
{
    uint8_t x[WIRE_AMD_CERT_MAX];
    uint8_t y[WIRE_AMD_CERT_MAX];
    const size_t len = wire_amd_cert_encode(a, x);

    return len == wire_amd_cert_encode(b, y) && memcmp(x, y, len) == 0;
}

static enum cbit_status add_sev(struct own_chain *chain, enum own_role role,
                                const struct wire_sev_cert *cert, const char **why)
{
    struct wire_sev_cert *have = &chain->sev[role];

    if (!sev_cert_padding_ok(cert)) {
        *why = "reserved or padding bytes of a certificate are not zero";
        return CBIT_INVALID;
    }
    if (!chain->has[role] || (role == OWN_CEK && is_unsigned(have))) {
        if (chain->has[role] && !sev_cert_same_body(have, cert)) {
            *why = "two CEK certificates with different keys";
            return CBIT_INVALID;
        }
        *have = *cert;
        chain->has[role] = true;
        return CBIT_OK;
    }
    if (role == OWN_CEK && is_unsigned(cert) && sev_cert_same_body(have, cert))
        return CBIT_OK;
    *why = "two different certificates for one role";
    return same_sev(have, cert) ? CBIT_OK : CBIT_INVALID;
}

static enum cbit_status add_amd(struct own_chain *chain, const struct wire_amd_cert *cert,
                                const char **why)
{
    const enum own_role role = cert->usage == WIRE_SEV_USAGE_ARK ? OWN_ARK : OWN_ASK;
    struct wire_amd_cert *have = role == OWN_ARK ? &chain->ark : &chain->ask;

    if (chain->has[role]) {
        *why = "two different certificates for one role";
        return same_amd(have, cert) ? CBIT_OK : CBIT_INVALID;
    }
    *have = *cert;
    chain->has[role] = true;
    return CBIT_OK;
}

/* Adds the certificate at the front; returns its size, 0 with *why on failure. */
static size_t add_front(struct own_chain *chain, const uint8_t *bytes, size_t len,
                        const char **why)
{
    struct wire_sev_cert sev;
    struct wire_amd_cert amd;
    enum own_role role;
    size_t size;

    if (len >= 12 && sev_role(cb_load_le32(bytes + 8), &role)) {
        *why = "a certificate is cut short";
        if (len < WIRE_SEV_CERT_SIZE)
            return 0;
        wire_sev_cert_decode(&sev, bytes);
        return add_sev(chain, role, &sev, why) == CBIT_OK ? WIRE_SEV_CERT_SIZE : 0;
    }
    *why = "neither an SEV certificate nor an ARK or ASK";
    size = wire_amd_cert_decode(&amd, bytes, len);
    if (size == 0 || (amd.usage != WIRE_SEV_USAGE_ARK && amd.usage != WIRE_SEV_USAGE_ASK))
        return 0;
    return add_amd(chain, &amd, why) == CBIT_OK ? size : 0;
}

enum cbit_status own_chain_add(struct own_chain *chain, const uint8_t *bytes, size_t len,
                               const char **why)
{
    size_t at = 0;

    *why = "the file is empty";
    if (len == 0)
        return CBIT_INVALID;
    while (at < len) {
        const size_t size = add_front(chain, bytes + at, len - at, why);

        if (size == 0)
            return CBIT_INVALID;
        at += size;
    }
    return CBIT_OK;
}

/* ---- judging ---- */

static const char *reason(enum wire_sev_status status)
{
    if (status == WIRE_SEV_BAD_SIGNATURE)
        return "the signature does not verify";
    if (status == WIRE_SEV_INVALID_CERTIFICATE)
        return "not made by that signer, or malformed";
    return wire_sev_status_name(status);
}

struct verdict {
    struct own_link *links;
    size_t n;
    bool ok;
};

static void note(struct verdict *v, const char *what, bool ok, const char *why)
{
    CBIT_ASSERT(v->n < OWN_MAX_LINKS);
    v->links[v->n++] = (struct own_link){what, ok, ok ? NULL : why};
    v->ok &= ok;
}

static void note_status(struct verdict *v, const char *what, enum wire_sev_status status)
{
    note(v, what, status == WIRE_SEV_SUCCESS, reason(status));
}

static void judge_root(struct verdict *v, const struct own_chain *chain,
                       const struct own_chain *root)
{
    note_status(v, "ARK of the given root signed by itself",
                sev_amd_cert_verify(&root->ark, WIRE_SEV_USAGE_ARK, &root->ark));
    if (chain->has[OWN_ARK])
        note(v, "ARK that came with the chain is the given root",
             same_amd(&chain->ark, &root->ark), "it is another root, which is not trusted");
    if (chain->has[OWN_ASK] && root->has[OWN_ASK])
        note(v, "ASK that came with the chain is the one beside the root",
             same_amd(&chain->ask, &root->ask), "they differ");
}

static void judge_sev(struct verdict *v, const struct own_chain *chain, const char *what,
                      enum own_role subject, enum own_role signer)
{
    if (!chain->has[subject] || !chain->has[signer]) {
        note(v, what, false, "a certificate is missing");
        return;
    }
    note_status(v, what, sev_cert_verify_by(&chain->sev[subject], &chain->sev[signer]));
}

static void judge_cek(struct verdict *v, const struct own_chain *chain,
                      const struct wire_amd_cert *ask)
{
    struct sev_public key;

    if (ask == NULL || !chain->has[OWN_CEK]) {
        note(v, "CEK signed by ASK", false, "a certificate is missing");
        return;
    }
    if (is_unsigned(&chain->sev[OWN_CEK])) {
        note(v, "CEK signed by ASK", false,
             "the CEK is as the firmware exports it, unsigned; take the key server's");
        return;
    }
    sev_amd_cert_public(ask, &key);
    note_status(v, "CEK signed by ASK", sev_cert_verify(&chain->sev[OWN_CEK], &key));
}

bool own_chain_verify(const struct own_chain *chain, const struct own_chain *root,
                      struct own_link links[OWN_MAX_LINKS], size_t *n_links)
{
    const struct wire_amd_cert *ask = NULL;
    struct verdict v = {.links = links, .n = 0, .ok = true};

    if (!root->has[OWN_ARK]) {
        note(&v, "root", false, "the given root holds no ARK");
        *n_links = v.n;
        return false;
    }
    judge_root(&v, chain, root);
    if (chain->has[OWN_ASK])
        ask = &chain->ask;
    else if (root->has[OWN_ASK])
        ask = &root->ask;
    if (ask != NULL)
        note_status(&v, "ASK signed by ARK",
                    sev_amd_cert_verify(ask, WIRE_SEV_USAGE_ASK, &root->ark));
    else
        note(&v, "ASK signed by ARK", false, "the ASK is missing");
    judge_cek(&v, chain, ask);
    judge_sev(&v, chain, "OCA signed by itself", OWN_OCA, OWN_OCA);
    judge_sev(&v, chain, "PEK signed by CEK", OWN_PEK, OWN_CEK);
    judge_sev(&v, chain, "PEK signed by OCA", OWN_PEK, OWN_OCA);
    judge_sev(&v, chain, "PDH signed by PEK", OWN_PDH, OWN_PEK);
    *n_links = v.n;
    return v.ok;
}

bool own_chain_fingerprint(const struct own_chain *chain, char text[97])
{
    uint8_t digest[48];

    if (!chain->has[OWN_ARK])
        return false;
    sev_amd_cert_fingerprint(&chain->ark, digest);
    for (size_t i = 0; i < sizeof(digest); i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return true;
}
