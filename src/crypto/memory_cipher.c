/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modes of the memory cipher over a block kernel: tweaks, key expansion and the
 * choice of the kernel.  All three modes come down to "add a tweak, AES, add a
 * tweak"; XTS makes its tweaks anew for each frame, XE and XEX look them up,
 * because T is linear: T(p) = T(frame) ^ T(block in the frame).
 *
 * Addresses are public, so tables indexed by them are no leak; keys are never
 * used as an index (FIPS 197 for AES, IEEE 1619 for XTS).
 */
#include "crypto/memory_cipher_kernel.h"

#include <string.h>

static const struct cr_memory_kernel *const kernels[] = {
#ifdef CR_X86_KERNELS
    &cr_memory_vaes512,
    &cr_memory_aes_ni,
#endif
    &cr_memory_portable,
};

const char *cr_memory_kernel_usable(unsigned n)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(kernels); i++)
        if (kernels[i]->usable() && n-- == 0)
            return kernels[i]->name;
    return NULL;
}

static const struct cr_memory_kernel *choose(const char *name)
{
    const bool any = name == NULL || *name == '\0';

    for (size_t i = 0; i < CB_ARRAY_LEN(kernels); i++)
        if ((any || strcmp(name, kernels[i]->name) == 0) && kernels[i]->usable())
            return kernels[i];
    return NULL;
}

enum cbit_status cr_memory_cipher_init(struct cr_memory_cipher *cipher, enum cr_memory_mode mode,
                                       const char *name)
{
    memset(cipher, 0, sizeof(*cipher));
    cipher->mode = mode;
    cipher->kernel = choose(name);
    return cipher->kernel ? CBIT_OK : CBIT_NOT_FOUND;
}

const char *cr_memory_kernel_name(const struct cr_memory_cipher *cipher)
{
    return cipher->kernel->name;
}

static void add(uint8_t *dst, const uint8_t *a, const uint8_t *b)
{
    for (unsigned i = 0; i < CR_MEMORY_BLOCK; i++)
        dst[i] = a[i] ^ b[i];
}

/* All sums of the eight constants of one byte of the address. */
static void fill_table(uint8_t (*table)[CR_MEMORY_BLOCK], const uint8_t *t)
{
    memset(table[0], 0, CR_MEMORY_BLOCK);
    for (unsigned i = 1; i < 256; i++)
        add(table[i], table[i & (i - 1)], t + CR_MEMORY_BLOCK * (unsigned)__builtin_ctz(i));
}

void cr_memory_tweak_set(struct cr_memory_cipher *cipher, const uint8_t *t)
{
    fill_table(cipher->block, t);
    for (unsigned i = 0; i < CB_ARRAY_LEN(cipher->frame); i++)
        fill_table(cipher->frame[i], t + 8 * CR_MEMORY_BLOCK * (i + 1));
}

size_t cr_memory_key_len(enum cr_memory_mode mode)
{
    return mode == CR_MEMORY_XTS ? 64 : 16;
}

/*
 * A kernel that has more round keys than registers puts some of them on the stack.
 * Called where the kernel was called, this covers what it used.
 */
static __attribute__((noinline)) void forget_spilled(void)
{
    uint8_t room[2048];

    cb_wipe(room, sizeof(room));
}

/* FIPS 197 KeyExpansion; words are little-endian here, so RotWord turns right. */
static void expand(const struct cr_memory_kernel *kernel, struct cr_memory_aes *aes,
                   const uint8_t *key, unsigned n_words)
{
    uint32_t w[4 * CR_MEMORY_ROUND_KEYS];
    uint32_t rcon = 1;

    aes->rounds = n_words + 6;
    for (unsigned i = 0; i < 4 * (aes->rounds + 1); i++) {
        uint32_t last = i < n_words ? 0 : w[i - 1];

        if (i < n_words) {
            w[i] = cb_load_le32(key + 4 * i);
        } else {
            if (i % n_words == 0) {
                last = kernel->sub_word(last >> 8 | last << 24) ^ rcon;
                rcon = rcon << 1 ^ (rcon >> 7) * 0x11b;
            } else if (n_words > 6 && i % n_words == 4) {
                last = kernel->sub_word(last);
            }
            w[i] = w[i - n_words] ^ last;
        }
        cb_store_le32(aes->enc[i / 4] + 4 * (i % 4), w[i]);
    }
    kernel->prepare(aes);
    forget_spilled();
    kernel->clear_registers();
    cb_wipe(w, sizeof(w));
}

void cr_memory_key_set(const struct cr_memory_cipher *cipher, struct cr_memory_key *key,
                       const uint8_t *bytes)
{
    const bool xts = cipher->mode == CR_MEMORY_XTS;

    expand(cipher->kernel, &key->data, bytes, xts ? 8 : 4);
    if (xts)
        expand(cipher->kernel, &key->tweak, bytes + 32, 8);
}

/* An element of GF(2^128) as IEEE 1619 has it; its modulus is x^128 + x^7 + x^2 + x + 1. */
struct xts_tweak {
    uint64_t lo, hi;
};

static struct xts_tweak times_x(struct xts_tweak t)
{
    return (struct xts_tweak){t.lo << 1 ^ (0x87 & -(t.hi >> 63)), t.hi << 1 | t.lo >> 63};
}

static struct xts_tweak times_x_64(struct xts_tweak t)
{
    return (struct xts_tweak){t.hi ^ t.hi << 1 ^ t.hi << 2 ^ t.hi << 7,
                              t.lo ^ t.hi >> 63 ^ t.hi >> 62 ^ t.hi >> 57};
}

static inline void put_tweak(uint8_t *tweaks, size_t i, struct xts_tweak t)
{
    cb_store_le64(tweaks + 16 * i, t.lo);
    cb_store_le64(tweaks + 16 * i + 8, t.hi);
}

/* All of a frame: four chains at a time, because each step of one waits for the last. */
static void frame_tweaks(struct xts_tweak t, uint8_t *tweaks)
{
    struct xts_tweak chain[4] = {t};

    CR_UNROLL
    for (unsigned i = 1; i < 4; i++)
        chain[i] = times_x_64(chain[i - 1]);
    for (size_t block = 0; block < 64; block++) {
        CR_UNROLL
        for (size_t i = 0; i < 4; i++) {
            put_tweak(tweaks, 64 * i + block, chain[i]);
            chain[i] = times_x(chain[i]);
        }
    }
}

/* E_K2(sector) * x^j for the blocks j of a run. */
static void xts_tweaks(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                       uint64_t at, uint8_t *tweaks, size_t n)
{
    const uint8_t none[16] = {0};
    const struct cr_memory_job job = {.aes = &key->tweak, .tweaks = none};
    uint8_t sector[16] = {0};
    struct xts_tweak t;

    cb_store_le64(sector, at >> CB_PAGE_SHIFT);
    cipher->kernel->run(&job, sector, sector, 1);
    t = (struct xts_tweak){cb_load_le64(sector), cb_load_le64(sector + 8)};
    if (n == CR_MEMORY_FRAME_BLOCKS) {
        frame_tweaks(t, tweaks);
        return;
    }
    for (uint64_t skip = cb_bits(at, 11, 10); skip > 0; skip--)
        t = times_x_64(t);
    for (uint64_t skip = cb_bits(at, 9, 4); skip > 0; skip--)
        t = times_x(t);
    for (size_t i = 0; i < n; i++, t = times_x(t))
        put_tweak(tweaks, i, t);
}

/* GCC and Clang keep the sum in one register on any processor, as the kernels load it. */
typedef uint64_t pair __attribute__((vector_size(16)));

static void frame_tweak(const struct cr_memory_cipher *cipher, uint64_t at, uint8_t out[16])
{
    pair sum = {0}, t;

    for (unsigned i = 0; i < CB_ARRAY_LEN(cipher->frame); i++) {
        memcpy(&t, cipher->frame[i][at >> (CB_PAGE_SHIFT + 8 * i) & 0xff], sizeof(t));
        sum ^= t;
    }
    memcpy(out, &sum, sizeof(sum));
}

/* Blocks of one frame. */
static void convert_frame(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                          struct cr_memory_job *job, uint64_t at, uint8_t *dst, const uint8_t *src,
                          size_t n, bool last)
{
    _Alignas(64) uint8_t tweaks[CB_PAGE_SIZE];

    if (cipher->mode == CR_MEMORY_XTS) {
        xts_tweaks(cipher, key, at, tweaks, n);
        job->tweaks = tweaks;
    } else {
        frame_tweak(cipher, at, job->frame);
        job->tweaks = cipher->block[cb_bits(at, CB_PAGE_SHIFT - 1, 4)];
    }
    cipher->kernel->run(job, dst, src, n);
    if (last) {
        forget_spilled();
        cipher->kernel->clear_registers();
    }
}

static void convert(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                    uint64_t at, uint8_t *dst, const uint8_t *src, size_t n, bool decrypt)
{
    struct cr_memory_job job = {.aes = &key->data, .decrypt = decrypt};

    CBIT_ASSERT(cb_is_aligned(at, CR_MEMORY_BLOCK));
    job.before = cipher->mode != CR_MEMORY_XE || !decrypt;
    job.after = cipher->mode != CR_MEMORY_XE || decrypt;
    while (n > 0) {
        const size_t room = CR_MEMORY_FRAME_BLOCKS - cb_bits(at, CB_PAGE_SHIFT - 1, 4);
        const size_t part = n < room ? n : room;

        job.more = n - part >= CR_MEMORY_FRAME_BLOCKS;
        convert_frame(cipher, key, &job, at, dst, src, part, n == part);
        n -= part;
        at += part * CR_MEMORY_BLOCK;
        dst += part * CR_MEMORY_BLOCK;
        src += part * CR_MEMORY_BLOCK;
    }
}

void cr_memory_encrypt(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                       uint64_t at, uint8_t *dst, const uint8_t *src, size_t n_blocks)
{
    convert(cipher, key, at, dst, src, n_blocks, false);
}

void cr_memory_decrypt(const struct cr_memory_cipher *cipher, const struct cr_memory_key *key,
                       uint64_t at, uint8_t *dst, const uint8_t *src, size_t n_blocks)
{
    convert(cipher, key, at, dst, src, n_blocks, true);
}
