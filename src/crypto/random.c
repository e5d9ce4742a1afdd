/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random bytes.  The operating system's come from getrandom(2) without a
 * buffer of our own; the seeded stream is SHA-256 in counter mode.
 */
#include "crypto/random.h"

#include <errno.h>
#include <sys/random.h>

#include <openssl/evp.h>

static void hash2(const void *a, size_t a_len, const void *b, size_t b_len, uint8_t out[32])
{
    uint8_t in[96];
    unsigned out_len = 32;

    CBIT_ASSERT(a_len + b_len <= sizeof(in));
    memcpy(in, a, a_len);
    memcpy(in + a_len, b, b_len);
    CBIT_ASSERT(EVP_Digest(in, a_len + b_len, out, &out_len, EVP_sha256(), NULL) == 1);
    cb_wipe(in, sizeof(in));
}

void cr_random_from_os(struct cr_random *random)
{
    memset(random, 0, sizeof(*random));
}

void cr_random_from_seed(struct cr_random *random, uint64_t seed, const char *label)
{
    uint8_t le[8];
    const size_t len = strnlen(label, 64);

    memset(random, 0, sizeof(*random));
    random->seeded = true;
    cb_store_le64(le, seed);
    hash2(le, sizeof(le), label, len, random->key);
}

static void fill_from_os(uint8_t *buf, size_t len)
{
    while (len > 0) {
        const ssize_t n = getrandom(buf, len, 0);

        if (n < 0) {
            CBIT_ASSERT(errno == EINTR);
            continue;
        }
        buf += n;
        len -= (size_t)n;
    }
}

void cr_random_fill(struct cr_random *random, void *buf, size_t len)
{
    uint8_t *out = buf;

    if (!random->seeded) {
        fill_from_os(out, len);
        return;
    }
    while (len > 0) {
        uint8_t block[32];
        uint8_t le[8];
        const size_t n = len < sizeof(block) ? len : sizeof(block);

        cb_store_le64(le, random->counter++);
        hash2(random->key, sizeof(random->key), le, sizeof(le), block);
        memcpy(out, block, n);
        cb_wipe(block, sizeof(block));
        out += n;
        len -= n;
    }
}
