/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/mc/eager.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct eager_key {
    EVP_CIPHER_CTX *encrypt;
    EVP_CIPHER_CTX *decrypt;
    EVP_CIPHER_CTX *tweak;
};

static void must(int ok)
{
    if (ok == 1)
        return;
    fprintf(stderr, "the oracle's OpenSSL failed\n");
    abort();
}

void eager_init(struct eager *e, enum eager_cipher cipher, const struct eager_span *span,
                unsigned n_spans, unsigned n_asids)
{
    const uint8_t zero[64] = {0};

    *e = (struct eager){.cipher = cipher, .span = span, .n_spans = n_spans, .n_views = 2 + n_asids};
    for (unsigned i = 0; i < n_spans; i++)
        e->size += span[i].size;
    e->stored = calloc(1, e->size);
    e->tweaks = calloc(1, e->size);
    e->key = calloc(e->n_views, sizeof(*e->key));
    must(e->stored && e->tweaks && e->key);
    for (unsigned view = 1; view < e->n_views; view++) {
        e->key[view].encrypt = EVP_CIPHER_CTX_new();
        e->key[view].decrypt = EVP_CIPHER_CTX_new();
        e->key[view].tweak = EVP_CIPHER_CTX_new();
        eager_set_key(e, view, zero);
    }
}

void eager_fini(struct eager *e)
{
    for (unsigned view = 1; view < e->n_views; view++) {
        EVP_CIPHER_CTX_free(e->key[view].encrypt);
        EVP_CIPHER_CTX_free(e->key[view].decrypt);
        EVP_CIPHER_CTX_free(e->key[view].tweak);
    }
    free(e->key);
    free(e->stored);
    free(e->tweaks);
}

static void set(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, const uint8_t *key, int encrypt)
{
    must(EVP_CipherInit_ex(ctx, cipher, NULL, key, NULL, encrypt));
    must(EVP_CIPHER_CTX_set_padding(ctx, 0));
}

void eager_set_key(struct eager *e, unsigned view, const uint8_t *key)
{
    const bool xts = e->cipher == EAGER_XTS;
    const EVP_CIPHER *aes = xts ? EVP_aes_256_ecb() : EVP_aes_128_ecb();

    set(e->key[view].encrypt, aes, key, 1);
    set(e->key[view].decrypt, aes, key, 0);
    if (xts)
        set(e->key[view].tweak, aes, key + 32, 1);
}

/* Where the byte at an address is kept; the caller stays within DRAM. */
static size_t place(const struct eager *e, uint64_t at)
{
    size_t before = 0;

    for (unsigned i = 0; i < e->n_spans; i++) {
        if (at >= e->span[i].base && at - e->span[i].base < e->span[i].size)
            return before + (size_t)(at - e->span[i].base);
        before += e->span[i].size;
    }
    must(0);
    return 0;
}

void eager_set_tweaks(struct eager *e, const uint8_t *t)
{
    size_t n = 0;

    memset(e->tweaks, 0, e->size);
    for (unsigned i = 0; i < e->n_spans; i++)
        for (uint64_t p = e->span[i].base; p < e->span[i].base + e->span[i].size; p += 16, n += 16)
            for (unsigned bit = 4; bit < 52; bit++)
                for (unsigned j = 0; j < 16 && p & UINT64_C(1) << bit; j++)
                    e->tweaks[n + j] ^= t[16 * (bit - 4) + j];
}

/* IEEE 1619: the tweak of the block at an address, doubled once for each block before it. */
static void xts_tweak(const struct eager *e, const struct eager_key *key, uint64_t at,
                      uint8_t tweak[16])
{
    uint8_t unit[16] = {0};
    int n;

    (void)e;
    for (unsigned i = 0; i < 8; i++)
        unit[i] = (uint8_t)(at >> 12 >> 8 * i);
    must(EVP_EncryptUpdate(key->tweak, tweak, &n, unit, 16));
}

static void twice(uint8_t tweak[16])
{
    unsigned carry = 0;

    for (unsigned i = 0; i < 16; i++) {
        const unsigned v = 2u * tweak[i] + carry;

        tweak[i] = (uint8_t)v;
        carry = v >> 8;
    }
    if (carry)
        tweak[0] ^= 0x87;
}

static void add(uint8_t *p, const uint8_t *tweaks, size_t len)
{
    for (size_t i = 0; i < len; i++)
        p[i] ^= tweaks[i];
}

static void tweaks_of(const struct eager *e, unsigned view, uint64_t at, size_t len, uint8_t *out)
{
    uint8_t t[16];

    if (e->cipher != EAGER_XTS) {
        memcpy(out, e->tweaks + place(e, at), len);
        return;
    }
    xts_tweak(e, &e->key[view], at, t);
    for (uint64_t skipped = at & ~UINT64_C(0xfff); skipped < at; skipped += 16)
        twice(t);
    for (size_t i = 0; i < len; i += 16, twice(t))
        memcpy(out + i, t, 16);
}

/* Whole blocks within one frame, in place. */
static void crypt(const struct eager *e, unsigned view, uint64_t at, uint8_t *p, size_t len,
                  bool encrypt)
{
    uint8_t tweaks[4096];
    int n;

    if (view == 0)
        return;
    tweaks_of(e, view, at, len, tweaks);
    if (e->cipher != EAGER_XE || encrypt)
        add(p, tweaks, len);
    must(EVP_CipherUpdate(encrypt ? e->key[view].encrypt : e->key[view].decrypt, p, &n, p,
                          (int)len));
    if (e->cipher != EAGER_XE || !encrypt)
        add(p, tweaks, len);
}

/* The part of [at, at + len) in at's frame, widened to whole blocks. */
struct part {
    uint64_t base;
    size_t skip;
    size_t len;
    size_t blocks_len;
};

static struct part first_part(uint64_t at, size_t len)
{
    const size_t room = 4096 - (size_t)(at & 4095);
    struct part p = {.base = at & ~UINT64_C(15), .skip = at & 15, .len = len < room ? len : room};

    p.blocks_len = (p.skip + p.len + 15) / 16 * 16;
    return p;
}

void eager_read(const struct eager *e, uint64_t at, unsigned view, uint8_t *to, size_t len)
{
    while (len > 0) {
        const struct part p = first_part(at, len);
        uint8_t plain[4096];

        memcpy(plain, e->stored + place(e, p.base), p.blocks_len);
        crypt(e, view, p.base, plain, p.blocks_len, false);
        memcpy(to, plain + p.skip, p.len);
        at += p.len;
        to += p.len;
        len -= p.len;
    }
}

void eager_write(struct eager *e, uint64_t at, unsigned view, const uint8_t *from, size_t len)
{
    while (len > 0) {
        const struct part p = first_part(at, len);
        uint8_t *stored = e->stored + place(e, p.base);

        crypt(e, view, p.base, stored, p.blocks_len, false);
        memcpy(stored + p.skip, from, p.len);
        crypt(e, view, p.base, stored, p.blocks_len, true);
        at += p.len;
        from += p.len;
        len -= p.len;
    }
}

/* The decision procedure, in the order of its steps. */
static unsigned without_tsme(const struct eager *e, struct mc_access a)
{
    const unsigned host_or_none = a.host_c ? 1 : 0;

    if (!e->smee)
        return 0;
    if (!a.sev)
        return host_or_none;
    switch ((enum mc_kind)a.kind) {
    case MC_KIND_NPT_WALK:
    case MC_KIND_HW:
    case MC_KIND_DMA:
        return host_or_none;
    case MC_KIND_FETCH:
    case MC_KIND_WALK:
        return 1u + a.asid;
    case MC_KIND_DATA:
        break;
    }
    if (!a.guest_c_exists)
        return 1u + a.asid;
    return a.guest_c ? 1u + a.asid : host_or_none;
}

unsigned eager_view(const struct eager *e, struct mc_access access)
{
    const unsigned view = without_tsme(e, access);

    return view == 0 && e->tsme ? 1 : view;
}
