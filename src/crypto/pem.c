/* SPDX-License-Identifier: Apache-2.0 */
/* PEM by libcrypto; see pem.h.  A host out of memory ends the program. */
#include "crypto/pem.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

static EVP_PKEY *to_pkey(const struct cr_p384_key *key)
{
    uint8_t octets[1 + 2 * CR_P384_LEN] = {POINT_CONVERSION_UNCOMPRESSED};
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    BIGNUM *d = BN_secure_new();
    OSSL_PARAM *params;
    EVP_PKEY *pkey = NULL;

    memcpy(octets + 1, key->pub.x, CR_P384_LEN);
    memcpy(octets + 1 + CR_P384_LEN, key->pub.y, CR_P384_LEN);
    CBIT_ASSERT(build && ctx && d && BN_bin2bn(key->d, CR_P384_LEN, d));
    CBIT_ASSERT(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-384", 0));
    CBIT_ASSERT(OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d));
    CBIT_ASSERT(OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, octets,
                                                 sizeof(octets)));
    params = OSSL_PARAM_BLD_to_param(build);
    CBIT_ASSERT(params && EVP_PKEY_fromdata_init(ctx) == 1 &&
                EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_KEYPAIR, params) == 1);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    EVP_PKEY_CTX_free(ctx);
    BN_clear_free(d);
    return pkey;
}

size_t cr_p384_to_pem(const struct cr_p384_key *key, char out[CR_PEM_MAX])
{
    EVP_PKEY *pkey = to_pkey(key);
    BIO *bio = BIO_new(BIO_s_secmem());
    int len;

    CBIT_ASSERT(bio && PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) == 1);
    len = BIO_read(bio, out, CR_PEM_MAX - 1);
    CBIT_ASSERT(len > 0);
    out[len] = '\0';
    BIO_free(bio);
    EVP_PKEY_free(pkey);
    return (size_t)len;
}

/* An encrypted key is refused instead of asking at the terminal. */
static int no_passphrase(char *buf, int size, int writing, void *ctx)
{
    (void)buf;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

bool cr_p384_from_pem(const char *text, size_t len, struct cr_p384_key *key)
{
    char group[32] = "";
    BIGNUM *d = NULL;
    EVP_PKEY *pkey;
    BIO *bio;
    bool ok = false;

    if (len > CR_PEM_MAX * 4)
        return false;
    bio = BIO_new_mem_buf(text, (int)len);
    CBIT_ASSERT(bio);
    pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    if (pkey && EVP_PKEY_get_utf8_string_param(pkey, OSSL_PKEY_PARAM_GROUP_NAME, group,
                                               sizeof(group), NULL) &&
        strcmp(group, "secp384r1") == 0 &&
        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &d)) {
        uint8_t bytes[CR_P384_LEN];

        ok = BN_bn2binpad(d, bytes, CR_P384_LEN) == CR_P384_LEN &&
             cr_p384_from_private(bytes, key);
        cb_wipe(bytes, sizeof(bytes));
    }
    ERR_clear_error();
    BN_clear_free(d);
    EVP_PKEY_free(pkey);
    BIO_free(bio);
    return ok;
}
