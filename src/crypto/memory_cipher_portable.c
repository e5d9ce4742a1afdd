/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory cipher kernel in portable C, constant-time and without tables: AES on
 * bit planes.
 *
 * Plane k of the state holds bit k of each byte of several blocks.  A 64-bit lane
 * holds four blocks; the bit of byte (row, column) of block b is number
 * 16 * row + 4 * column + b, so ShiftRows turns 16-bit fields and MixColumns turns
 * whole lanes.
 *
 * The S-box inverts in GF(((2^2)^2)^2): GF(4) = GF(2)[w]/(w^2 + w + 1), GF(16) =
 * GF(4)[u]/(u^2 + u + w), GF(256) = GF(16)[v]/(v^2 + v + wu).  The linear maps below
 * take an element of AES' own field there and back; they were computed for the
 * embedding x -> 0x60 (bits from v, u, w down), the cheapest of all.
 * Standard: FIPS 197.
 */
#include "crypto/memory_cipher_kernel.h"

#ifdef __GNUC__
typedef uint64_t word __attribute__((vector_size(16)));
#else
typedef uint64_t word;
#endif

#define LANES (sizeof(word) / 8)
#define BATCH (4 * LANES) /* blocks */

/* An element of GF(4) and of GF(16). */
struct gf4 {
    word lo, hi;
};

struct gf16 {
    struct gf4 lo, hi;
};

struct planes {
    word p[8];
};

static inline struct gf4 gf4_add(struct gf4 a, struct gf4 b)
{
    return (struct gf4){a.lo ^ b.lo, a.hi ^ b.hi};
}

static inline struct gf4 gf4_mul(struct gf4 a, struct gf4 b)
{
    const word hi = a.hi & b.hi, lo = a.lo & b.lo;

    return (struct gf4){lo ^ hi, lo ^ ((a.hi ^ a.lo) & (b.hi ^ b.lo))};
}

/* Squaring is also inversion. */
static inline struct gf4 gf4_square(struct gf4 a)
{
    return (struct gf4){a.lo ^ a.hi, a.hi};
}

static inline struct gf4 gf4_mul_w(struct gf4 a)
{
    return (struct gf4){a.hi, a.hi ^ a.lo};
}

static inline struct gf16 gf16_add(struct gf16 a, struct gf16 b)
{
    return (struct gf16){gf4_add(a.lo, b.lo), gf4_add(a.hi, b.hi)};
}

static inline struct gf16 gf16_mul(struct gf16 a, struct gf16 b)
{
    const struct gf4 hi = gf4_mul(a.hi, b.hi), lo = gf4_mul(a.lo, b.lo);
    const struct gf4 mid = gf4_mul(gf4_add(a.hi, a.lo), gf4_add(b.hi, b.lo));

    return (struct gf16){gf4_add(lo, gf4_mul_w(hi)), gf4_add(mid, lo)};
}

static inline struct gf16 gf16_invert(struct gf16 a)
{
    const struct gf4 norm =
        gf4_add(gf4_add(gf4_mul_w(gf4_square(a.hi)), gf4_square(a.lo)), gf4_mul(a.hi, a.lo));
    const struct gf4 n = gf4_square(norm);

    return (struct gf16){gf4_mul(gf4_add(a.hi, a.lo), n), gf4_mul(a.hi, n)};
}

/* wu * hi^2 + lo^2 */
static inline struct gf16 weigh(struct gf16 hi, struct gf16 lo)
{
    const word h = hi.hi.hi ^ hi.hi.lo, l = lo.hi.hi;

    return (struct gf16){{hi.hi.lo ^ lo.lo.lo ^ lo.lo.hi ^ l, h ^ lo.lo.hi ^ lo.hi.lo},
                         {hi.lo.hi ^ h ^ lo.hi.lo ^ l, hi.lo.lo ^ hi.hi.hi ^ l}};
}

/* Inversion in the tower; 0 stays 0. */
static inline void invert(struct planes *x)
{
    const struct gf16 lo = {{x->p[0], x->p[1]}, {x->p[2], x->p[3]}};
    const struct gf16 hi = {{x->p[4], x->p[5]}, {x->p[6], x->p[7]}};
    const struct gf16 n = gf16_invert(gf16_add(weigh(hi, lo), gf16_mul(hi, lo)));
    const struct gf16 a = gf16_mul(gf16_add(hi, lo), n), b = gf16_mul(hi, n);

    *x = (struct planes){{a.lo.lo, a.lo.hi, a.hi.lo, a.hi.hi, b.lo.lo, b.lo.hi, b.hi.lo, b.hi.hi}};
}

static inline void to_tower(struct planes *x)
{
    const word *p = x->p;
    const word t0 = p[3] ^ p[4], t1 = p[6] ^ t0, t2 = p[2] ^ t1, t3 = p[5] ^ p[7];

    *x = (struct planes){
        {p[0] ^ t2, p[2], t1 ^ t3, t0, p[7] ^ t2, p[1] ^ p[4] ^ p[6] ^ p[7], t2 ^ p[1] ^ p[5], t3}};
}

/* Out of the tower and through the S-box' affine map. */
static inline void from_tower_affine(struct planes *x)
{
    const word *p = x->p;
    const word t0 = p[0] ^ p[6], t1 = p[2] ^ p[3], t2 = p[1] ^ t0;

    *x = (struct planes){{~(p[5] ^ t0), ~(t2 ^ p[3] ^ p[4]), t1 ^ t2, p[0] ^ p[5], t1 ^ p[4] ^ t0,
                          ~(t1 ^ p[6] ^ p[7]), ~(p[4] ^ p[7]), p[2]}};
}

/* Backwards through the affine map and into the tower. */
static inline void affine_to_tower(struct planes *x)
{
    const word *p = x->p;
    const word t0 = p[1] ^ p[2], t1 = p[5] ^ p[6], t2 = p[0] ^ p[3], t3 = p[4] ^ t1;
    const word t4 = p[7] ^ t0;

    *x = (struct planes){
        {t3, ~(p[7] ^ p[1] ^ p[4]), p[7], t2 ^ t0 ^ t1, ~t4, p[3] ^ t3, ~t2, p[6] ^ t4}};
}

static inline void from_tower(struct planes *x)
{
    const word *p = x->p;
    const word t0 = p[1] ^ p[7], t1 = p[2] ^ p[4], t3 = t0 ^ p[5] ^ p[6];

    *x = (struct planes){{t0 ^ p[0] ^ p[2], p[7] ^ p[4] ^ p[6], p[1], t3, p[3] ^ t3, p[1] ^ t1,
                          p[7] ^ p[2] ^ p[3], t0 ^ t1}};
}

static inline void sub_bytes(struct planes *x)
{
    to_tower(x);
    invert(x);
    from_tower_affine(x);
}

static inline void inv_sub_bytes(struct planes *x)
{
    affine_to_tower(x);
    invert(x);
    from_tower(x);
}

static inline void shift_rows(struct planes *x)
{
    for (unsigned i = 0; i < 8; i++) {
        const word v = x->p[i];

        x->p[i] = (v & 0x000000000000ffff) | (v & 0x00000000fff00000) >> 4 |
                  (v & 0x00000000000f0000) << 12 | (v & 0x0000ff0000000000) >> 8 |
                  (v & 0x000000ff00000000) << 8 | (v & 0xf000000000000000) >> 12 |
                  (v & 0x0fff000000000000) << 4;
    }
}

static inline void inv_shift_rows(struct planes *x)
{
    for (unsigned i = 0; i < 8; i++) {
        const word v = x->p[i];

        x->p[i] = (v & 0x000000000000ffff) | (v & 0x000000000fff0000) << 4 |
                  (v & 0x00000000f0000000) >> 12 | (v & 0x0000ff0000000000) >> 8 |
                  (v & 0x000000ff00000000) << 8 | (v & 0x000f000000000000) << 12 |
                  (v & 0xfff0000000000000) >> 4;
    }
}

/* The byte n rows further down its column. */
#define ROW(v, n) ((v) >> (16 * (n)) | (v) << (64 - 16 * (n)))

/* Each byte doubled in AES' field. */
static inline void twice(struct planes *x)
{
    const word *p = x->p;

    *x = (struct planes){{p[7], p[0] ^ p[7], p[1], p[2] ^ p[7], p[3] ^ p[7], p[4], p[5], p[6]}};
}

static inline void mix_columns(struct planes *x)
{
    struct planes pair;

    for (unsigned i = 0; i < 8; i++)
        pair.p[i] = x->p[i] ^ ROW(x->p[i], 1);
    for (unsigned i = 0; i < 8; i++)
        x->p[i] = ROW(x->p[i], 1) ^ ROW(pair.p[i], 2);
    twice(&pair);
    for (unsigned i = 0; i < 8; i++)
        x->p[i] ^= pair.p[i];
}

/* InvMixColumns is MixColumns after adding 4 * (a_r + a_(r+2)) to each a_r. */
static inline void inv_mix_columns(struct planes *x)
{
    struct planes four;

    for (unsigned i = 0; i < 8; i++)
        four.p[i] = x->p[i] ^ ROW(x->p[i], 2);
    twice(&four);
    twice(&four);
    for (unsigned i = 0; i < 8; i++)
        x->p[i] ^= four.p[i];
    mix_columns(x);
}

static inline void add_key(struct planes *x, const uint64_t key[8])
{
    for (unsigned i = 0; i < 8; i++)
        x->p[i] ^= key[i];
}

static void encrypt(const struct cr_memory_aes *aes, struct planes *x)
{
    add_key(x, aes->sliced[0]);
    for (unsigned r = 1; r < aes->rounds; r++) {
        sub_bytes(x);
        shift_rows(x);
        mix_columns(x);
        add_key(x, aes->sliced[r]);
    }
    sub_bytes(x);
    shift_rows(x);
    add_key(x, aes->sliced[aes->rounds]);
}

static void decrypt(const struct cr_memory_aes *aes, struct planes *x)
{
    add_key(x, aes->sliced[aes->rounds]);
    for (unsigned r = aes->rounds - 1; r > 0; r--) {
        inv_shift_rows(x);
        inv_sub_bytes(x);
        add_key(x, aes->sliced[r]);
        inv_mix_columns(x);
    }
    inv_shift_rows(x);
    inv_sub_bytes(x);
    add_key(x, aes->sliced[0]);
}

/* Exchanges the bits of a at mask << n with those of b at mask. */
static inline void swap_bits(uint64_t *a, uint64_t *b, uint64_t mask, unsigned n)
{
    const uint64_t t = (*a >> n ^ *b) & mask;

    *a ^= t << n;
    *b ^= t;
}

/* Bit k of byte j of v[m]  <->  bit 8j + m of v[k]. */
static void transpose(uint64_t v[8])
{
    for (unsigned i = 0; i < 8; i += 2)
        swap_bits(&v[i], &v[i + 1], 0x5555555555555555, 1);
    for (unsigned i = 0; i < 8; i += i % 2 ? 3 : 1)
        swap_bits(&v[i], &v[i + 2], 0x3333333333333333, 2);
    for (unsigned i = 0; i < 4; i++)
        swap_bits(&v[i], &v[i + 4], 0x0f0f0f0f0f0f0f0f, 4);
}

/* The bytes of a at even places, those of b at odd ones; and back. */
static inline uint64_t interleave(uint32_t a, uint32_t b)
{
    uint64_t x = a, y = b;

    x = (x | x << 16) & 0x0000ffff0000ffff;
    y = (y | y << 16) & 0x0000ffff0000ffff;
    x = (x | x << 8) & 0x00ff00ff00ff00ff;
    y = (y | y << 8) & 0x00ff00ff00ff00ff;
    return x | y << 8;
}

static inline uint32_t deinterleave(uint64_t v)
{
    v &= 0x00ff00ff00ff00ff;
    v = (v | v >> 8) & 0x0000ffff0000ffff;
    return (uint32_t)(v | v >> 16);
}

/* Four blocks, 16 bytes each, to one lane of the planes and back. */
static void slice(const uint8_t *blocks, uint64_t lane[8])
{
    for (unsigned b = 0; b < 4; b++) {
        const uint8_t *p = blocks + 16 * b;

        lane[b] = interleave(cb_load_le32(p), cb_load_le32(p + 8));
        lane[4 + b] = interleave(cb_load_le32(p + 4), cb_load_le32(p + 12));
    }
    transpose(lane);
}

static void unslice(uint64_t lane[8], uint8_t *blocks)
{
    transpose(lane);
    for (unsigned b = 0; b < 4; b++) {
        uint8_t *p = blocks + 16 * b;

        cb_store_le32(p, deinterleave(lane[b]));
        cb_store_le32(p + 4, deinterleave(lane[4 + b]));
        cb_store_le32(p + 8, deinterleave(lane[b] >> 8));
        cb_store_le32(p + 12, deinterleave(lane[4 + b] >> 8));
    }
}

/* AES of one batch in place. */
static void batch(const struct cr_memory_aes *aes, uint8_t *blocks, bool backwards)
{
    uint64_t lanes[LANES][8], planes[8][LANES];
    struct planes x;

    for (unsigned l = 0; l < LANES; l++) {
        slice(blocks + 64 * l, lanes[l]);
        for (unsigned i = 0; i < 8; i++)
            planes[i][l] = lanes[l][i];
    }
    memcpy(&x, planes, sizeof(x));
    if (backwards)
        decrypt(aes, &x);
    else
        encrypt(aes, &x);
    memcpy(planes, &x, sizeof(x));
    for (unsigned l = 0; l < LANES; l++) {
        for (unsigned i = 0; i < 8; i++)
            lanes[l][i] = planes[i][l];
        unslice(lanes[l], blocks + 64 * l);
    }
}

static void add(uint8_t *dst, const uint8_t *src, size_t len)
{
    for (size_t i = 0; i < len; i += 8)
        cb_store_le64(dst + i, cb_load_le64(dst + i) ^ cb_load_le64(src + i));
}

/* The tweaks of up to a batch of blocks, the frame's share included. */
static void tweaks_of(const struct cr_memory_job *job, size_t first, size_t n, uint8_t *out)
{
    memcpy(out, job->tweaks + 16 * first, 16 * n);
    for (size_t i = 0; i < n; i++)
        add(out + 16 * i, job->frame, 16);
}

static void portable_run(const struct cr_memory_job *job, uint8_t *dst, const uint8_t *src,
                         size_t n_blocks)
{
    uint8_t blocks[16 * BATCH] = {0}, tweaks[16 * BATCH];
    size_t n;

    for (size_t i = 0; i < n_blocks; i += n) {
        n = n_blocks - i < BATCH ? n_blocks - i : BATCH;
        memcpy(blocks, src + 16 * i, 16 * n);
        if (job->before || job->after)
            tweaks_of(job, i, n, tweaks);
        if (job->before)
            add(blocks, tweaks, 16 * n);
        batch(job->aes, blocks, job->decrypt);
        if (job->after)
            add(blocks, tweaks, 16 * n);
        memcpy(dst + 16 * i, blocks, 16 * n);
    }
}

static bool portable_usable(void)
{
    return true;
}

static uint32_t portable_sub_word(uint32_t v)
{
    uint64_t planes[8][LANES] = {{0}};
    struct planes x;
    uint32_t out = 0;

    for (unsigned i = 0; i < 32; i++)
        planes[i % 8][0] |= (uint64_t)(v >> i & 1) << i / 8;
    memcpy(&x, planes, sizeof(x));
    sub_bytes(&x);
    memcpy(planes, &x, sizeof(x));
    for (unsigned i = 0; i < 32; i++)
        out |= (uint32_t)(planes[i % 8][0] >> i / 8 & 1) << i;
    return out;
}

static void portable_prepare(struct cr_memory_aes *aes)
{
    uint8_t blocks[64];

    for (unsigned r = 0; r <= aes->rounds; r++) {
        for (unsigned b = 0; b < 4; b++)
            memcpy(blocks + 16 * b, aes->enc[r], 16);
        slice(blocks, aes->sliced[r]);
    }
    cb_wipe(blocks, sizeof(blocks));
}

/* No register of its own to name: what the compiler kept in one is overwritten soon. */
static void portable_clear_registers(void)
{
}

const struct cr_memory_kernel cr_memory_portable = {
    .name = "portable",
    .usable = portable_usable,
    .sub_word = portable_sub_word,
    .prepare = portable_prepare,
    .run = portable_run,
    .clear_registers = portable_clear_registers,
};
