/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every kernel of the memory cipher against OpenSSL's single-block AES with the
 * formulas of docs/memory-cipher.md spelled out bit by bit, against OpenSSL's
 * AES-256-XTS, and against the others.
 */
#include "unit/unit.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/crypto.h"

#define FRAME 4096u

/* Deterministic test bytes (xorshift64*). */
static void fill(uint64_t *seed, void *buf, size_t len)
{
    uint8_t *p = buf;

    for (size_t i = 0; i < len; i++) {
        *seed ^= *seed >> 12;
        *seed ^= *seed << 25;
        *seed ^= *seed >> 27;
        p[i] = (uint8_t)((*seed * UINT64_C(0x2545f4914f6cdd1d)) >> 56);
    }
}

static void openssl_ecb(const uint8_t *key, const EVP_CIPHER *cipher, bool encrypt, uint8_t *out,
                        const uint8_t *in, int len)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;

    assert_int_equal(EVP_CipherInit_ex(ctx, cipher, NULL, key, NULL, encrypt), 1);
    assert_int_equal(EVP_CIPHER_CTX_set_padding(ctx, 0), 1);
    assert_int_equal(EVP_CipherUpdate(ctx, out, &n, in, len), 1);
    assert_int_equal(n, len);
    EVP_CIPHER_CTX_free(ctx);
}

/* T(p), one address bit at a time. */
static void tweak_at(const uint8_t *t, uint64_t p, uint8_t out[16])
{
    memset(out, 0, 16);
    for (unsigned bit = 4; bit < 52; bit++)
        for (unsigned j = 0; j < 16 && (p >> bit & 1); j++)
            out[j] ^= t[16 * (bit - 4) + j];
}

static void expected_xe_xex(enum cr_memory_mode mode, const uint8_t *key, const uint8_t *t,
                            uint64_t at, uint8_t *out, const uint8_t *in, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t tweak[16], block[16];

        tweak_at(t, at + 16 * i, tweak);
        for (unsigned j = 0; j < 16; j++)
            block[j] = in[16 * i + j] ^ tweak[j];
        openssl_ecb(key, EVP_aes_128_ecb(), true, block, block, 16);
        for (unsigned j = 0; j < 16; j++)
            out[16 * i + j] = mode == CR_MEMORY_XEX ? block[j] ^ tweak[j] : block[j];
    }
}

/* The whole data unit, as IEEE 1619 has it. */
static void expected_xts(const uint8_t *key, uint64_t at, uint8_t *out, const uint8_t *in)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    uint8_t sector[16] = {0};
    int n = 0;

    for (unsigned i = 0; i < 8; i++)
        sector[i] = (uint8_t)(at >> 12 >> 8 * i);
    assert_int_equal(EVP_EncryptInit_ex(ctx, EVP_aes_256_xts(), NULL, key, sector), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, out, &n, in, FRAME), 1);
    assert_int_equal(n, FRAME);
    EVP_CIPHER_CTX_free(ctx);
}

static const uint64_t addresses[] = {
    0, 0x1000, 0xabcde000, 0x100000000, 0x0007fffffff000, 0x000ffffffffff000, 0x5555555555000,
};

struct setup {
    struct cr_memory_cipher cipher;
    struct cr_memory_key key;
    uint8_t key_bytes[64];
    uint8_t t[48][16];
};

static void set_up(struct setup *s, enum cr_memory_mode mode, const char *kernel, uint64_t seed)
{
    fill(&seed, s->key_bytes, sizeof(s->key_bytes));
    fill(&seed, s->t, sizeof(s->t));
    assert_int_equal(cr_memory_cipher_init(&s->cipher, mode, kernel), CBIT_OK);
    assert_string_equal(cr_memory_kernel_name(&s->cipher), kernel);
    cr_memory_tweak_set(&s->cipher, s->t[0]);
    cr_memory_key_set(&s->cipher, &s->key, s->key_bytes);
}

static void check_frame(const struct setup *s, uint64_t at, uint64_t seed)
{
    uint8_t plain[FRAME], want[FRAME], got[FRAME], back[FRAME];

    fill(&seed, plain, sizeof(plain));
    if (s->cipher.mode == CR_MEMORY_XTS)
        expected_xts(s->key_bytes, at, want, plain);
    else
        expected_xe_xex(s->cipher.mode, s->key_bytes, s->t[0], at, want, plain, FRAME / 16);
    cr_memory_encrypt(&s->cipher, &s->key, at, got, plain, FRAME / 16);
    assert_memory_equal(got, want, FRAME);
    cr_memory_decrypt(&s->cipher, &s->key, at, back, got, FRAME / 16);
    assert_memory_equal(back, plain, FRAME);
    cr_memory_decrypt(&s->cipher, &s->key, at, got, got, FRAME / 16);
    assert_memory_equal(got, plain, FRAME);
}

/* Any run of blocks gives what the same blocks give in a whole frame. */
static void check_parts(const struct setup *s, uint64_t at, uint64_t seed)
{
    uint8_t plain[FRAME], whole[FRAME], part[FRAME + 32];

    fill(&seed, plain, sizeof(plain));
    cr_memory_encrypt(&s->cipher, &s->key, at, whole, plain, FRAME / 16);
    for (size_t first = 0; first < 256; first += 7) {
        for (size_t n = 1; first + n <= 256; n += n < 40 ? 1 : 31) {
            const size_t from = 16 * first, len = 16 * n;

            memset(part, 0xee, sizeof(part));
            cr_memory_encrypt(&s->cipher, &s->key, at + from, part + 3, plain + from, n);
            assert_memory_equal(part + 3, whole + from, len);
            assert_int_equal(part[2], 0xee);
            assert_int_equal(part[3 + len], 0xee);
            cr_memory_decrypt(&s->cipher, &s->key, at + from, part + 3, part + 3, n);
            assert_memory_equal(part + 3, plain + from, len);
        }
    }
}

/* A run over several frames gives what each of them gives alone. */
static void check_span(const struct setup *s, uint64_t at, uint64_t seed)
{
    static uint8_t plain[5 * FRAME], want[5 * FRAME], got[5 * FRAME];
    const size_t from = 0x7b0, len = 4 * FRAME - 0x120;

    fill(&seed, plain, sizeof(plain));
    for (size_t i = 0; i < sizeof(plain); i += FRAME)
        cr_memory_encrypt(&s->cipher, &s->key, at + i, want + i, plain + i, FRAME / 16);
    memset(got, 0xee, sizeof(got));
    cr_memory_encrypt(&s->cipher, &s->key, at + from, got + from, plain + from, len / 16);
    assert_memory_equal(got + from, want + from, len);
    assert_int_equal(got[from - 1], 0xee);
    assert_int_equal(got[from + len], 0xee);
    cr_memory_decrypt(&s->cipher, &s->key, at + from, got + from, got + from, len / 16);
    assert_memory_equal(got + from, plain + from, len);
}

static void check_mode(enum cr_memory_mode mode)
{
    static struct setup s;

    for (unsigned i = 0; cr_memory_kernel_usable(i); i++) {
        for (size_t a = 0; a < CB_ARRAY_LEN(addresses); a++) {
            set_up(&s, mode, cr_memory_kernel_usable(i), 77 + a);
            check_frame(&s, addresses[a], 99 + a);
        }
        check_parts(&s, addresses[3], 5);
        check_span(&s, addresses[2], 6);
    }
}

static void xe_is_aes_of_the_sum_with_the_tweak(void **state)
{
    (void)state;
    check_mode(CR_MEMORY_XE);
}

static void xex_adds_the_tweak_on_both_sides(void **state)
{
    (void)state;
    check_mode(CR_MEMORY_XEX);
}

static void xts_is_openssl_s_with_the_frame_number_as_sector(void **state)
{
    (void)state;
    check_mode(CR_MEMORY_XTS);
}

static void the_portable_kernel_is_always_there_and_strangers_are_refused(void **state)
{
    struct cr_memory_cipher cipher;

    (void)state;
    assert_int_equal(cr_memory_cipher_init(&cipher, CR_MEMORY_XE, "portable"), CBIT_OK);
    assert_int_equal(cr_memory_cipher_init(&cipher, CR_MEMORY_XE, "rot13"), CBIT_NOT_FOUND);
    assert_int_equal(cr_memory_cipher_init(&cipher, CR_MEMORY_XE, ""), CBIT_OK);
    assert_string_equal(cr_memory_kernel_name(&cipher), cr_memory_kernel_usable(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(xe_is_aes_of_the_sum_with_the_tweak),
        cmocka_unit_test(xex_adds_the_tweak_on_both_sides),
        cmocka_unit_test(xts_is_openssl_s_with_the_frame_number_as_sector),
        cmocka_unit_test(the_portable_kernel_is_always_there_and_strangers_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
