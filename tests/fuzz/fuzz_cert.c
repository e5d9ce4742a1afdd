/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates of both kinds: encode gives back what was decoded, and verifying
 * anything under anything ends with a status.  The first byte picks the kind.
 */
#include <stdlib.h>
#include <string.h>

#include "sev/sev.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

static void sev_certificates(const uint8_t *data, size_t size)
{
    uint8_t bytes[2][WIRE_SEV_CERT_SIZE] = {{0}}, back[WIRE_SEV_CERT_SIZE];
    struct wire_sev_cert cert[2];
    struct cr_p384_public pub;

    for (unsigned i = 0; i < 2; i++) {
        const size_t n = size < WIRE_SEV_CERT_SIZE ? size : WIRE_SEV_CERT_SIZE;

        if (n > 0)
            memcpy(bytes[i], data, n);
        data += n;
        size -= n;
        wire_sev_cert_decode(&cert[i], bytes[i]);
        wire_sev_cert_encode(&cert[i], back);
        must(memcmp(back, bytes[i], sizeof(back)) == 0);
        (void)sev_cert_padding_ok(&cert[i]);
        if (sev_cert_check_dh(&cert[i], &pub) == WIRE_SEV_SUCCESS)
            must(cr_p384_public_ok(&pub));
    }
    (void)sev_cert_verify_by(&cert[0], &cert[0]);
    (void)sev_cert_verify_by(&cert[0], &cert[1]);
}

static void amd_certificates(const uint8_t *data, size_t size)
{
    struct wire_amd_cert ask, ark;
    struct sev_public key;
    struct wire_sev_cert cek = {.version = 1, .usage = WIRE_SEV_USAGE_CEK};
    uint8_t back[SEV_AMD_BUNDLE_MAX], print[48];

    if (!sev_amd_bundle_decode(data, size, &ask, &ark))
        return;
    must(sev_amd_bundle_encode(&ask, &ark, back) == size);
    must(memcmp(back, data, size) == 0);
    (void)sev_amd_cert_verify(&ark, WIRE_SEV_USAGE_ARK, &ark);
    (void)sev_amd_cert_verify(&ask, WIRE_SEV_USAGE_ASK, &ark);
    sev_amd_cert_fingerprint(&ark, print);
    sev_amd_cert_public(&ask, &key);
    cek.sig[0].usage = key.usage;
    cek.sig[0].algo = key.algo;
    cek.sig[1].usage = WIRE_SEV_USAGE_INVALID;
    must(sev_cert_verify(&cek, &key) != WIRE_SEV_SUCCESS); /* a signature of zeroes */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] & 1)
        amd_certificates(data + 1, size - 1);
    else
        sev_certificates(data + 1, size - 1);
    return 0;
}
