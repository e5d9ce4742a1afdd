/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory cipher kernel on VAES and AVX-512: four blocks to a register, eight
 * registers at a time.
 *
 * The round keys stay in registers for a run, which is why the number of rounds
 * and the place of the tweak are constants of each variant; the frame's share of
 * the tweak sits in the first and the last round key, so that a register costs
 * its AES rounds, one three-way XOR and one XOR.  Keys are those that AES-NI uses.
 */
#include "crypto/memory_cipher_kernel.h"

#include <cpuid.h>
#include <immintrin.h>

#define VAES        __attribute__((target("avx512f,vaes,aes,sse2")))
#define VAES_INLINE static inline __attribute__((always_inline, target("avx512f,vaes,aes,sse2")))

#define WIDTH  8                /* registers side by side */
#define STRIDE (64 * WIDTH)     /* their bytes */
#define EVERY  ((__mmask8)0xff) /* all eight quadwords of a register */

/* What the compiler must know of a run. */
struct variant {
    unsigned rounds;
    bool before;
    bool after;
    bool decrypt;
};

/* Round keys of a run, each four times over. */
struct vaes_keys {
    __m512i k[CR_MEMORY_ROUND_KEYS];
};

/* The compilers' own test knows VAES in some versions only: CPUID leaf 7, ECX bit 9. */
static bool vaes_usable(void)
{
    unsigned a, b, c, d;

    return __builtin_cpu_supports("avx512f") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (c & CB_BIT(9));
}

VAES_INLINE __m512i four_times(const uint8_t *p)
{
    return _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(const void *)p));
}

VAES_INLINE __m512i one_round(__m512i x, __m512i k, struct variant v)
{
    return v.decrypt ? _mm512_aesdec_epi128(x, k) : _mm512_aesenc_epi128(x, k);
}

VAES_INLINE __m512i last_round(__m512i x, __m512i k, struct variant v)
{
    return v.decrypt ? _mm512_aesdeclast_epi128(x, k) : _mm512_aesenclast_epi128(x, k);
}

/* Not the intrinsic: compilers move that away from where it is written. */
static inline __attribute__((always_inline)) void fetch(const uint8_t *p)
{
    __asm__ volatile("prefetcht1 %0" : : "m"(*p));
}

/*
 * n registers; mask says which quadwords of the last one exist.  more: each round
 * also fetches a line ahead, one at a time so that they do not queue up before the
 * loads.
 */
VAES_INLINE void registers(const struct vaes_keys *keys, struct variant v, unsigned n, bool more,
                           __mmask8 mask, uint8_t *dst, const uint8_t *src, const uint8_t *tweaks)
{
    __m512i x[WIDTH], t[WIDTH];

    CR_UNROLL
    for (unsigned i = 0; i < n; i++) {
        const __mmask8 m = i == n - 1 ? mask : EVERY;

        x[i] = _mm512_maskz_loadu_epi64(m, src + 64 * i);
        t[i] = _mm512_maskz_loadu_epi64(m, tweaks + 64 * i);
        x[i] = v.before ? _mm512_ternarylogic_epi64(x[i], t[i], keys->k[0], 0x96)
                        : _mm512_xor_si512(x[i], keys->k[0]);
    }
    CR_UNROLL
    for (unsigned r = 1; r < v.rounds; r++) {
        if (more && r <= WIDTH)
            fetch(src + CR_FAR + 64 * (r - 1));
        CR_UNROLL
        for (unsigned i = 0; i < n; i++)
            x[i] = one_round(x[i], keys->k[r], v);
    }
    CR_UNROLL
    for (unsigned i = 0; i < n; i++) {
        const __mmask8 m = i == n - 1 ? mask : EVERY;
        const __m512i last = keys->k[v.rounds];

        x[i] = last_round(x[i], v.after ? _mm512_xor_si512(last, t[i]) : last, v);
        _mm512_mask_storeu_epi64(dst + 64 * i, m, x[i]);
    }
}

/*
 * As many blocks as fill all registers; returns how many were done.  By pointers:
 * of an index GCC makes one pointer for each register.
 */
VAES_INLINE size_t whole_steps(const struct vaes_keys *keys, struct variant v, bool more,
                               const uint8_t *tweaks, uint8_t *dst, const uint8_t *src,
                               size_t n_blocks)
{
    size_t left = n_blocks;

    for (; left >= 4 * WIDTH; left -= 4 * WIDTH) {
        registers(keys, v, WIDTH, more, EVERY, dst, src, tweaks);
        dst += STRIDE;
        src += STRIDE;
        tweaks += STRIDE;
    }
    return n_blocks - left;
}

VAES_INLINE void run_variant(const struct cr_memory_job *job, struct variant v, uint8_t *dst,
                             const uint8_t *src, size_t n_blocks)
{
    const uint8_t *tweaks = job->tweaks;
    const __m512i frame = four_times(job->frame);
    struct vaes_keys keys;
    size_t i;

    CR_UNROLL
    for (unsigned r = 0; r <= v.rounds; r++)
        keys.k[r] = four_times(v.decrypt ? job->aes->dec[r] : job->aes->enc[r]);
    if (v.before)
        keys.k[0] = _mm512_xor_si512(keys.k[0], frame);
    if (v.after)
        keys.k[v.rounds] = _mm512_xor_si512(keys.k[v.rounds], frame);
    if (job->more)
        i = whole_steps(&keys, v, true, tweaks, dst, src, n_blocks);
    else
        i = whole_steps(&keys, v, false, tweaks, dst, src, n_blocks);
    for (; i < n_blocks; i += 4) {
        const size_t left = n_blocks - i;
        const __mmask8 mask = (__mmask8)(left < 4 ? (1u << 2 * left) - 1 : EVERY);

        registers(&keys, v, 1, false, mask, dst + 16 * i, src + 16 * i, tweaks + 16 * i);
    }
}

#define VARIANT(name, n, pre, post, dec)                                                           \
    VAES static void name(const struct cr_memory_job *job, uint8_t *dst, const uint8_t *src,       \
                          size_t n_blocks)                                                         \
    {                                                                                              \
        run_variant(job, (struct variant){n, pre, post, dec}, dst, src, n_blocks);                 \
    }

VARIANT(xe_encrypt, 10, true, false, false)
VARIANT(xe_decrypt, 10, false, true, true)
VARIANT(xex_encrypt, 10, true, true, false)
VARIANT(xex_decrypt, 10, true, true, true)
VARIANT(xts_encrypt, 14, true, true, false)
VARIANT(xts_decrypt, 14, true, true, true)
VARIANT(bare_encrypt, 14, false, false, false) /* the tweak of XTS */

static void vaes_run(const struct cr_memory_job *job, uint8_t *dst, const uint8_t *src,
                     size_t n_blocks)
{
    const bool dec = job->decrypt;

    if (job->aes->rounds == 10 && job->before && job->after)
        (dec ? xex_decrypt : xex_encrypt)(job, dst, src, n_blocks);
    else if (job->aes->rounds == 10)
        (dec ? xe_decrypt : xe_encrypt)(job, dst, src, n_blocks);
    else if (job->before)
        (dec ? xts_decrypt : xts_encrypt)(job, dst, src, n_blocks);
    else
        bare_encrypt(job, dst, src, n_blocks);
}

static uint32_t vaes_sub_word(uint32_t word)
{
    return cr_memory_aes_ni.sub_word(word);
}

static void vaes_prepare(struct cr_memory_aes *aes)
{
    cr_memory_aes_ni.prepare(aes);
}

VAES static void vaes_clear_registers(void)
{
#define CLEAR(n) "vpxord %%zmm" #n ", %%zmm" #n ", %%zmm" #n "\n\t"
    __asm__ volatile("vzeroall\n\t" /* 0 to 15; the upper ones one by one */
                     CLEAR(16) CLEAR(17) CLEAR(18) CLEAR(19)
                     CLEAR(20) CLEAR(21) CLEAR(22) CLEAR(23)
                     CLEAR(24) CLEAR(25) CLEAR(26) CLEAR(27)
                     CLEAR(28) CLEAR(29) CLEAR(30) CLEAR(31)
                     :
                     :
                     : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                       "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "xmm16",
                       "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",
                       "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31");
#undef CLEAR
}

const struct cr_memory_kernel cr_memory_vaes512 = {
    .name = "vaes512",
    .usable = vaes_usable,
    .sub_word = vaes_sub_word,
    .prepare = vaes_prepare,
    .run = vaes_run,
    .clear_registers = vaes_clear_registers,
};
