/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory cipher kernel on AES-NI: eight blocks at a time, so that the latency of
 * one AES round is filled with the rounds of the other seven.
 *
 * The frame's share of the tweak goes into the first and the last round key once
 * for a run; a block then costs its AES rounds and one or two XORs.
 */
#include "crypto/memory_cipher_kernel.h"

#include <immintrin.h>

#define NI        __attribute__((target("aes,sse2")))
#define NI_INLINE static inline __attribute__((always_inline, target("aes,sse2")))

#define WIDTH 8

/* The round keys of one run. */
struct ni_keys {
    __m128i k[CR_MEMORY_ROUND_KEYS];
    unsigned rounds;
};

NI_INLINE __m128i load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

NI_INLINE void store(uint8_t *p, __m128i v)
{
    _mm_storeu_si128((__m128i *)(void *)p, v);
}

static bool ni_usable(void)
{
    return __builtin_cpu_supports("aes") && __builtin_cpu_supports("sse2");
}

/* With four equal columns ShiftRows changes nothing, which leaves SubBytes. */
NI static uint32_t ni_sub_word(uint32_t word)
{
    const __m128i v = _mm_set1_epi32((int)word);

    return (uint32_t)_mm_cvtsi128_si32(_mm_aesenclast_si128(v, _mm_setzero_si128()));
}

NI static void ni_prepare(struct cr_memory_aes *aes)
{
    const unsigned last = aes->rounds;

    store(aes->dec[0], load(aes->enc[last]));
    for (unsigned i = 1; i < last; i++)
        store(aes->dec[i], _mm_aesimc_si128(load(aes->enc[last - i])));
    store(aes->dec[last], load(aes->enc[0]));
}

NI_INLINE __m128i ni_round(__m128i x, __m128i k, bool decrypt)
{
    return decrypt ? _mm_aesdec_si128(x, k) : _mm_aesenc_si128(x, k);
}

NI_INLINE __m128i ni_last(__m128i x, __m128i k, bool decrypt)
{
    return decrypt ? _mm_aesdeclast_si128(x, k) : _mm_aesenclast_si128(x, k);
}

/* n (at most WIDTH) blocks side by side; n is a constant where this is inlined. */
NI_INLINE void ni_blocks(const struct ni_keys *keys, const struct cr_memory_job *job, size_t n,
                         uint8_t *dst, const uint8_t *src, const uint8_t *tweaks, bool decrypt)
{
    const __m128i before = job->before ? _mm_set1_epi32(-1) : _mm_setzero_si128();
    const __m128i after = job->after ? _mm_set1_epi32(-1) : _mm_setzero_si128();
    const __m128i last = keys->k[keys->rounds];
    __m128i x[WIDTH];

    CR_UNROLL
    for (size_t i = 0; i < n; i++) {
        x[i] = _mm_xor_si128(load(src + 16 * i), keys->k[0]);
        x[i] = _mm_xor_si128(x[i], _mm_and_si128(load(tweaks + 16 * i), before));
    }
    for (unsigned r = 1; r < keys->rounds; r++)
        CR_UNROLL
    for (size_t i = 0; i < n; i++)
        x[i] = ni_round(x[i], keys->k[r], decrypt);
    CR_UNROLL
    for (size_t i = 0; i < n; i++) {
        const __m128i t = _mm_and_si128(load(tweaks + 16 * i), after);

        store(dst + 16 * i, ni_last(x[i], _mm_xor_si128(last, t), decrypt));
    }
}

/* Two lines are all that eight blocks take. */
NI_INLINE void fetch_ahead(const uint8_t *src)
{
    _mm_prefetch(src, _MM_HINT_T0);
    _mm_prefetch(src + 64, _MM_HINT_T0);
    _mm_prefetch(src + CR_FAR, _MM_HINT_T1);
    _mm_prefetch(src + CR_FAR + 64, _MM_HINT_T1);
}

NI_INLINE void ni_direction(const struct cr_memory_job *job, uint8_t *dst, const uint8_t *src,
                            size_t n_blocks, bool decrypt)
{
    const struct cr_memory_aes *aes = job->aes;
    const __m128i frame = load(job->frame);
    struct ni_keys keys;
    size_t i = 0;

    keys.rounds = aes->rounds;
    for (unsigned r = 0; r <= aes->rounds; r++)
        keys.k[r] = load(decrypt ? aes->dec[r] : aes->enc[r]);
    if (job->before)
        keys.k[0] = _mm_xor_si128(keys.k[0], frame);
    if (job->after)
        keys.k[aes->rounds] = _mm_xor_si128(keys.k[aes->rounds], frame);
    for (; i + WIDTH <= n_blocks; i += WIDTH) {
        if (job->more)
            fetch_ahead(src + 16 * i);
        ni_blocks(&keys, job, WIDTH, dst + 16 * i, src + 16 * i, job->tweaks + 16 * i, decrypt);
    }
    for (; i < n_blocks; i++)
        ni_blocks(&keys, job, 1, dst + 16 * i, src + 16 * i, job->tweaks + 16 * i, decrypt);
}

NI static void ni_run(const struct cr_memory_job *job, uint8_t *dst, const uint8_t *src,
                      size_t n_blocks)
{
    if (job->decrypt)
        ni_direction(job, dst, src, n_blocks, true);
    else
        ni_direction(job, dst, src, n_blocks, false);
}

NI static void ni_clear_registers(void)
{
#define CLEAR(n) "pxor %%xmm" #n ", %%xmm" #n "\n\t"
    __asm__ volatile(CLEAR(0) CLEAR(1) CLEAR(2) CLEAR(3)
                     CLEAR(4) CLEAR(5) CLEAR(6) CLEAR(7)
                     CLEAR(8) CLEAR(9) CLEAR(10) CLEAR(11)
                     CLEAR(12) CLEAR(13) CLEAR(14) CLEAR(15)
                     :
                     :
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
#undef CLEAR
}

const struct cr_memory_kernel cr_memory_aes_ni = {
    .name = "aes-ni",
    .usable = ni_usable,
    .sub_word = ni_sub_word,
    .prepare = ni_prepare,
    .run = ni_run,
    .clear_registers = ni_clear_registers,
};
