/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the memory cipher converts frames in place, beside copying, an XOR in
 * place (what memory itself allows) and OpenSSL's AES on pages of 4 KiB.
 *
 *     bench_cipher [--json] [--rounds N] [--cipher xe|xex|xts]
 *
 * The cases of a size take turns for a number of rounds, so that a busy host slows
 * all of them alike; time is the processor's, and what is shown is the median.
 * "ratio" is value / peer's value.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "crypto/crypto.h"

#define PAGE       4096u
#define MAX_ROUNDS 101

struct bench {
    uint8_t *at;   /* what is converted */
    uint8_t *copy; /* where memcpy writes; one page */
    size_t size;
    unsigned number; /* of the kernel whose turn it is; asking for it costs a CPUID, which traps */
    struct cr_memory_cipher cipher[3]; /* one for each kernel that is usable */
    struct cr_memory_key key[3];
    EVP_CIPHER_CTX *xts;
    EVP_CIPHER_CTX *ctr;
};

static void run_memcpy(struct bench *b, const void *unused)
{
    (void)unused;
    for (size_t i = 0; i < b->size; i += PAGE)
        memcpy(b->copy + i, b->at + i, PAGE);
}

__attribute__((noinline)) static void xor_words(uint64_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] ^= UINT64_C(0x5555aaaa3333cccc);
}

#ifdef __x86_64__
__attribute__((target("avx512f"), noinline)) static void xor_wide(uint64_t *p, size_t n)
{
    typedef uint64_t wide __attribute__((vector_size(64), may_alias));

    for (wide *w = (wide *)(void *)p; n >= 8; n -= 8)
        *w++ ^= UINT64_C(0x5555aaaa3333cccc);
}
#endif

/* With the widest registers the host has, as the best that memory allows. */
static void run_xor(struct bench *b, const void *unused)
{
    (void)unused;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f")) {
        xor_wide((uint64_t *)(void *)b->at, b->size / 8);
        return;
    }
#endif
    xor_words((uint64_t *)(void *)b->at, b->size / 8);
}

static int kernel_number(const char *name)
{
    const char *usable;

    for (unsigned i = 0; (usable = cr_memory_kernel_usable(i)) != NULL; i++)
        if (strcmp(usable, name) == 0)
            return (int)i;
    return -1;
}

static void run_kernel(struct bench *b, const void *name)
{
    const unsigned k = b->number;

    (void)name;
    cr_memory_decrypt(&b->cipher[k], &b->key[k], 0, b->at, b->at, b->size / 16);
}

static void run_openssl(EVP_CIPHER_CTX *ctx, struct bench *b)
{
    uint8_t iv[16] = {0};
    int n;

    for (size_t i = 0; i < b->size; i += PAGE) {
        cb_store_le64(iv, i / PAGE);
        if (EVP_DecryptInit_ex(ctx, NULL, NULL, NULL, iv) != 1 ||
            EVP_DecryptUpdate(ctx, b->at + i, &n, b->at + i, (int)PAGE) != 1)
            abort();
    }
}

static void run_xts(struct bench *b, const void *unused)
{
    (void)unused;
    run_openssl(b->xts, b);
}

static void run_ctr(struct bench *b, const void *unused)
{
    (void)unused;
    run_openssl(b->ctr, b);
}

static const struct bench_case {
    const char *name;
    void (*run)(struct bench *b, const void *arg);
    const void *arg;
    const char *peer;
} cases[] = {
    {"memcpy", run_memcpy, NULL, "xor"},
    {"xor", run_xor, NULL, "xor"},
    {"vaes512", run_kernel, "vaes512", "openssl-aes-128-xts"},
    {"aes-ni", run_kernel, "aes-ni", "openssl-aes-128-xts"},
    {"portable", run_kernel, "portable", "openssl-aes-128-xts"},
    {"openssl-aes-128-xts", run_xts, NULL, "openssl-aes-128-xts"},
    {"openssl-aes-128-ctr", run_ctr, NULL, "openssl-aes-128-xts"},
};

#define N_CASES (sizeof(cases) / sizeof(cases[0]))

static const struct bench_size {
    const char *name;
    size_t bytes;
    unsigned repeat; /* passes that are timed together */
    unsigned rounds;
} sizes[] = {
    {"1GiB", 1u << 30, 1, 5},
    {"256KiB", 256u << 10, 200, 15},
};

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static bool present(const struct bench_case *c)
{
    return c->run != run_kernel || kernel_number(c->arg) >= 0;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* One timed round of a case, in GB/s; the slow portable kernel does an eighth. */
static double measure(struct bench *b, const struct bench_case *c, const struct bench_size *s)
{
    const bool slow = c->arg != NULL && strcmp(c->arg, "portable") == 0;
    const unsigned repeat = slow && s->repeat >= 8 ? s->repeat / 8 : s->repeat;
    double start;

    if (c->run == run_kernel)
        b->number = (unsigned)kernel_number(c->arg);
    b->size = slow && s->repeat == 1 ? s->bytes / 8 : s->bytes;
    c->run(b, c->arg); /* once unmeasured, so that every case finds the same caches */
    start = now();
    for (unsigned i = 0; i < repeat; i++)
        c->run(b, c->arg);
    return (double)b->size * repeat / (now() - start) * 1e-9;
}

static double value_of(const double *median, const char *name)
{
    for (size_t i = 0; i < N_CASES; i++)
        if (strcmp(cases[i].name, name) == 0)
            return median[i];
    return 0;
}

static void show(const struct bench_size *s, const double *median, bool json, bool *first)
{
    for (size_t i = 0; i < N_CASES; i++) {
        const double ratio = median[i] / value_of(median, cases[i].peer);

        if (!present(&cases[i]))
            continue;
        if (json)
            printf("%s  {\"bench\": \"cipher\", \"case\": \"%s\", \"size\": \"%s\", \"unit\": "
                   "\"GB/s\", \"value\": %.3f, \"peer\": \"%s\", \"ratio\": %.3f}",
                   *first ? "" : ",\n", cases[i].name, s->name, median[i], cases[i].peer, ratio);
        else
            printf("%-22s %-8s %9.2f GB/s  %6.2f x %-20s  %5.2f x xor\n", cases[i].name, s->name,
                   median[i], ratio, cases[i].peer, median[i] / value_of(median, "xor"));
        *first = false;
    }
}

static void run_size(struct bench *b, const struct bench_size *s, unsigned rounds, bool json,
                     bool *first)
{
    static double value[N_CASES][MAX_ROUNDS];
    double median[N_CASES] = {0};

    rounds = rounds != 0 ? rounds : s->rounds;
    for (unsigned r = 0; r < rounds; r++)
        for (size_t i = 0; i < N_CASES; i++)
            if (present(&cases[i]))
                value[i][r] = measure(b, &cases[i], s);
    for (size_t i = 0; i < N_CASES; i++) {
        qsort(value[i], rounds, sizeof(double), ascending);
        median[i] = value[i][rounds / 2];
    }
    show(s, median, json, first);
}

static uint8_t *memory(size_t len)
{
    void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) {
        perror("bench_cipher: mmap");
        exit(1);
    }
    memset(p, 0xa5, len);
    return p;
}

static EVP_CIPHER_CTX *openssl(const EVP_CIPHER *cipher, const uint8_t *key)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    if (!ctx || EVP_DecryptInit_ex(ctx, cipher, NULL, key, NULL) != 1) {
        fprintf(stderr, "bench_cipher: OpenSSL refuses\n");
        exit(1);
    }
    return ctx;
}

static void set_up(struct bench *b, enum cr_memory_mode mode)
{
    static uint8_t key[64], t[CR_MEMORY_TWEAKS * 16];

    for (unsigned i = 0; i < sizeof(key); i++)
        key[i] = (uint8_t)(i * 7 + 1);
    for (unsigned i = 0; i < sizeof(t); i++)
        t[i] = (uint8_t)(i * 151 + (i >> 4) * 29 + 3);
    for (unsigned i = 0; cr_memory_kernel_usable(i); i++) {
        if (cr_memory_cipher_init(&b->cipher[i], mode, cr_memory_kernel_usable(i)) != CBIT_OK)
            abort();
        cr_memory_tweak_set(&b->cipher[i], t);
        cr_memory_key_set(&b->cipher[i], &b->key[i], key);
    }
    b->xts = openssl(EVP_aes_128_xts(), key);
    b->ctr = openssl(EVP_aes_128_ctr(), key);
    b->at = memory(sizes[0].bytes);
    b->copy = memory(sizes[0].bytes);
}

static int usage(void)
{
    fprintf(stderr, "usage: bench_cipher [--json] [--rounds N] [--cipher xe|xex|xts]\n");
    return 2;
}

static int mode_named(const char *name)
{
    static const char *const names[] = {"xe", "xex", "xts"};

    for (int i = 0; i < 3; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

int main(int argc, char **argv)
{
    static struct bench b;
    int mode = CR_MEMORY_XEX;
    bool json = false, first = true;
    unsigned long rounds = 0;

    for (int i = 1; i < argc; i++) {
        const bool more = i + 1 < argc;

        if (strcmp(argv[i], "--json") == 0)
            json = true;
        else if (strcmp(argv[i], "--rounds") == 0 && more)
            rounds = strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--cipher") == 0 && more)
            mode = mode_named(argv[++i]);
        else
            return usage();
    }
    if (mode < 0 || rounds > MAX_ROUNDS)
        return usage();
    set_up(&b, (enum cr_memory_mode)mode);
    if (json)
        printf("[\n");
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        run_size(&b, &sizes[i], (unsigned)rounds, json, &first);
    if (json)
        printf("\n]\n");
    EVP_CIPHER_CTX_free(b.xts);
    EVP_CIPHER_CTX_free(b.ctr);
    return 0;
}
