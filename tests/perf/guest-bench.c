/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest-bench: a dozen small workloads, each loading one part of an emulator: integer
 * code, pointer chasing, streams, string instructions, floating point, indirect
 * calls, and the guest kernel's own paths.  Baseline x86-64 (SSE2), static.
 *
 *     guest-bench [-s SCALE] [CLASS ...]        no class: all but vmmcall and touch, a guest's
 *
 * A class announces itself by "@begin CLASS" and ends with
 * "@end CLASS units=N check=HEX secs=S", each flushed at once.  tests/perf/run.py stamps
 * the lines with the host's clocks, because an emulator's clock need not be real
 * time.  check follows from CLASS and SCALE alone: another value means that the
 * emulation is wrong.
 *
 * The fork class runs this very file again (argv[0], else /proc/self/exe).
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *self_path;

static uint64_t rng_state = 0x9e3779b97f4a7c15ull;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state;
}

static void *xmap(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    return p;
}

/* ---- int: CoreMark-like mix of list, integer matrix, state machine, CRC -- */

struct node {
    struct node *next;
    int16_t value, index;
};

static uint16_t crc16(uint16_t crc, uint16_t v)
{
    for (int i = 0; i < 16; i++) {
        unsigned bit = (crc ^ v) & 1;
        crc >>= 1;
        v >>= 1;
        if (bit)
            crc ^= 0xa001;
    }
    return crc;
}

static struct node *list_reverse(struct node *l)
{
    struct node *r = NULL;
    while (l) {
        struct node *n = l->next;
        l->next = r;
        r = l;
        l = n;
    }
    return r;
}

static struct node *list_sort(struct node *l, int n)
{
    if (n < 2) {
        if (l)
            l->next = NULL;
        return l;
    }
    struct node *b = l, head, *t = &head;
    for (int i = 0; i < n / 2; i++)
        b = b->next;
    struct node *a = list_sort(l, n / 2);
    /* the first half was cut off by its own sort; b still starts the rest */
    b = list_sort(b, n - n / 2);
    while (a && b) {
        struct node **m = a->value <= b->value ? &a : &b;
        t = t->next = *m;
        *m = (*m)->next;
    }
    t->next = a ? a : b;
    return head.next;
}

static unsigned state_machine(const char *s, unsigned *count)
{
    unsigned state = 0;
    for (; *s; s++) {
        char c = *s;
        switch (state) {
        case 0:
            state = c >= '0' && c <= '9' ? 1 : c == '+' || c == '-' ? 2
                    : c == '.' ? 3 : 7;
            break;
        case 1:
            state = c >= '0' && c <= '9' ? 1 : c == '.' ? 3
                    : c == 'e' ? 4 : c == ',' ? 0 : 7;
            break;
        case 2:
            state = c >= '0' && c <= '9' ? 1 : c == '.' ? 3 : 7;
            break;
        case 3:
            state = c >= '0' && c <= '9' ? 3 : c == 'e' ? 4
                    : c == ',' ? 0 : 7;
            break;
        case 4:
            state = c == '+' || c == '-' ? 5 : 7;
            break;
        case 5:
            state = c >= '0' && c <= '9' ? 6 : 7;
            break;
        case 6:
            state = c >= '0' && c <= '9' ? 6 : c == ',' ? 0 : 7;
            break;
        default:
            state = c == ',' ? 0 : 7;
            break;
        }
        count[state]++;
    }
    return state;
}

static uint64_t run_int(uint64_t units)
{
    enum { NODES = 200, DIM = 16 };
    static struct node nodes[NODES];
    static int16_t a[DIM][DIM], b[DIM][DIM];
    static int32_t c[DIM][DIM];
    static const char text[] =
        "5012,1234,-874,+122,35.54400,.1234500,-110.700,+0.64400,5.500e+3,"
        "-.123e-2,-87e+832,+0.6e-12,T0.3e-1F,-T.T++Tq,1T3.4e4z,34.0e-T^";
    uint16_t crc = 0;
    unsigned count[8] = { 0 };

    for (int i = 0; i < DIM * DIM; i++) {
        a[i / DIM][i % DIM] = (int16_t)(i * 7 + 3);
        b[i / DIM][i % DIM] = (int16_t)(i * 5 - 9);
    }
    for (uint64_t u = 0; u < units; u++) {
        for (int i = 0; i < NODES; i++) {
            nodes[i].next = i + 1 < NODES ? &nodes[i + 1] : NULL;
            nodes[i].value = (int16_t)((i * 7919 + u * 31) & 0x7ff);
            nodes[i].index = (int16_t)i;
        }
        struct node *l = list_sort(list_reverse(nodes), NODES);
        for (struct node *n = l; n; n = n->next)
            crc = crc16(crc, (uint16_t)(n->value ^ n->index));
        for (int i = 0; i < DIM; i++)
            for (int j = 0; j < DIM; j++) {
                int32_t s = 0;
                for (int k = 0; k < DIM; k++)
                    s += (a[i][k] * b[k][j]) >> 2 & 0xfff;
                c[i][j] = s;
            }
        for (int i = 0; i < DIM; i++)
            crc = crc16(crc, (uint16_t)c[i][(i + u) % DIM]);
        for (int i = 0; i < 4; i++)
            crc = crc16(crc, (uint16_t)state_machine(text + i, count));
        a[u % DIM][(u / DIM) % DIM] ^= (int16_t)crc;
    }
    return crc | (uint64_t)count[7] << 16;
}

/* ---- chase, chase8m: dependent loads; stream: sequential passes ----------- */

enum { STREAM_WORDS = 1 << 20 };

static uint64_t chase(uint64_t units, uint64_t slots)
{
    struct slot {
        uint64_t next, pad[7];
    } *s = xmap(slots * sizeof *s);
    rng_state = 1234567;
    for (uint64_t i = 0; i < slots; i++)
        s[i].next = i;
    for (uint64_t i = slots - 1; i > 0; i--) {          /* Sattolo: 1 cycle */
        uint64_t j = rng() % i, t = s[i].next;
        s[i].next = s[j].next;
        s[j].next = t;
    }
    uint64_t p = 0, sum = 0;
    for (uint64_t u = 0; u < units * 1000; u++) {
        p = s[p].next;
        sum += p;
    }
    munmap(s, slots * sizeof *s);
    return sum;
}

static uint64_t run_chase(uint64_t units)
{
    return chase(units, 1 << 13);           /* 512 KiB: fits a core's cache */
}

static uint64_t run_chase8m(uint64_t units)
{
    return chase(units, 1 << 17);           /* 8 MiB, 2,048 pages */
}

static uint64_t run_stream(uint64_t units)
{
    uint64_t *a = xmap(STREAM_WORDS * 8), *b = xmap(STREAM_WORDS * 8), sum = 0;
    for (uint64_t i = 0; i < STREAM_WORDS; i++)
        b[i] = i * 0x9e3779b97f4a7c15ull;
    for (uint64_t u = 0; u < units; u++) {
        for (uint64_t i = 0; i < STREAM_WORDS; i++)
            a[i] = b[i] + u;
        for (uint64_t i = 0; i < STREAM_WORDS; i++)
            sum += a[i] ^ (sum >> 7);
    }
    munmap(a, STREAM_WORDS * 8);
    munmap(b, STREAM_WORDS * 8);
    return sum;
}

/* ---- repmovs: string instructions ---------------------------------------- */

static uint64_t run_repmovs(uint64_t units)
{
    enum { SIZE = 1 << 16 };
    unsigned char *a = xmap(SIZE), *b = xmap(SIZE);
    uint64_t sum = 0;
    for (uint64_t u = 0; u < units; u++) {
        void *d = b, *s = a;
        size_t n = SIZE - (u & 63);
        __asm__ volatile("rep stosb" : "+D"(s), "+c"(n)
                         : "a"((int)(u & 255)) : "memory");
        s = a;
        n = SIZE;
        __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n)
                         : : "memory");
        d = b;
        s = a;
        n = SIZE / 8;
        __asm__ volatile("rep movsq" : "+D"(d), "+S"(s), "+c"(n)
                         : : "memory");
        for (int i = 0; i < 16; i++)        /* short copies: start-up cost */ {
            d = b + i * 100;
            s = a + i * 33;
            n = 24;
            __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(n)
                             : : "memory");
        }
        sum = sum * 31 + b[u & (SIZE - 1)];
    }
    munmap(a, SIZE);
    munmap(b, SIZE);
    return sum;
}

/* ---- sha256: scalar rounds ------------------------------------------------ */

static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1,
    0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
    0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
    0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
    0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

static uint32_t ror32(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void sha_block(uint32_t h[8], const unsigned char *p)
{
    uint32_t w[64];
    for (int i = 0; i < 16; i++) {
        memcpy(&w[i], p + 4 * i, 4);
        w[i] = __builtin_bswap32(w[i]);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t x = w[i - 15], y = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (ror32(x, 7) ^ ror32(x, 18) ^ x >> 3) +
               (ror32(y, 17) ^ ror32(y, 19) ^ y >> 10);
    }
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3];
    uint32_t e = h[4], f = h[5], g = h[6], k = h[7];
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = k + (ror32(e, 6) ^ ror32(e, 11) ^ ror32(e, 25)) +
                      ((e & f) ^ (~e & g)) + sha_k[i] + w[i];
        uint32_t t2 = (ror32(a, 2) ^ ror32(a, 13) ^ ror32(a, 22)) +
                      ((a & b) ^ (a & c) ^ (b & c));
        k = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    h[0] += a;
    h[1] += b;
    h[2] += c;
    h[3] += d;
    h[4] += e;
    h[5] += f;
    h[6] += g;
    h[7] += k;
}

static uint64_t run_sha256(uint64_t units)
{
    static unsigned char buf[4096];
    uint32_t h[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    for (int i = 0; i < 4096; i++)
        buf[i] = (unsigned char)(i * 13);
    for (uint64_t u = 0; u < units; u++)
        for (int i = 0; i < 4096; i += 64)
            sha_block(h, buf + i);
    return (uint64_t)h[0] << 32 | h[7];
}

/* ---- matmul: double precision, SSE2 --------------------------------------- */

static uint64_t run_matmul(uint64_t units)
{
    enum { DIM = 128 };
    static double a[DIM][DIM], b[DIM][DIM], c[DIM][DIM];
    for (int i = 0; i < DIM * DIM; i++) {
        a[i / DIM][i % DIM] = (i % 17) * 0.25;
        b[i / DIM][i % DIM] = (i % 23) * 0.5;
        c[i / DIM][i % DIM] = 0;
    }
    for (uint64_t u = 0; u < units; u++)
        for (int i = 0; i < DIM; i++)
            for (int k = 0; k < DIM; k++) {
                double x = a[i][k];
                for (int j = 0; j < DIM; j++)
                    c[i][j] += x * b[k][j];
            }
    double s = 0;
    for (int i = 0; i < DIM * DIM; i++)
        s += c[i / DIM][i % DIM] * (i & 7);
    uint64_t r;
    memcpy(&r, &s, 8);
    return r;
}

/* ---- indirect: a byte-code machine, function pointers, calls and returns --- */

struct vm {
    uint64_t r[4], steps;
};

__attribute__((noinline)) static void op_add(struct vm *v) { v->r[0] += v->r[1]; }
__attribute__((noinline)) static void op_mix(struct vm *v) { v->r[1] ^= v->r[0] << 3; }
__attribute__((noinline)) static void op_sub(struct vm *v) { v->r[2] -= v->r[0] >> 2; }
__attribute__((noinline)) static void op_rot(struct vm *v) { v->r[3] = v->r[3] << 5 | v->r[3] >> 59; }
__attribute__((noinline)) static void op_swp(struct vm *v)
{
    uint64_t t = v->r[0];
    v->r[0] = v->r[3];
    v->r[3] = t + 1;
}
__attribute__((noinline)) static uint64_t fib(unsigned n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static uint64_t run_indirect(uint64_t units)
{
    static void (*const ops[8])(struct vm *) = {
        op_add, op_mix, op_sub, op_rot, op_swp, op_add, op_mix, op_rot
    };
    struct vm v = { { 1, 2, 3, 4 }, 0 };
    unsigned char code[256];
    rng_state = 99;
    for (int i = 0; i < 256; i++)
        code[i] = (unsigned char)(rng() >> 32);
    for (uint64_t u = 0; u < units; u++) {
        for (int i = 0; i < 256; i++) {
            ops[code[i] & 7](&v);
            switch (code[i] >> 4) {
            case 0: v.r[0] ^= 5; break;
            case 1: v.r[1] += 7; break;
            case 2: v.r[2] *= 3; break;
            case 3: v.r[3] -= v.r[1]; break;
            case 4: v.r[0] += v.r[2]; break;
            case 5: v.r[1] ^= v.r[3]; break;
            case 6: v.r[2] += 11; break;
            default: v.steps++; break;
            }
        }
        v.r[u & 3] += fib(10);
    }
    return v.r[0] ^ v.r[1] ^ v.r[2] ^ v.r[3] ^ v.steps;
}

/* ---- syscall, pipe, fork, fault: the guest kernel's paths ------------------ */

static uint64_t run_syscall(uint64_t units)
{
    uint64_t bad = 0;
    for (uint64_t u = 0; u < units * 1000; u++)
        bad += syscall(SYS_getuid) == -1;
    return bad;
}

static uint64_t run_pipe(uint64_t units)
{
    int to[2], from[2];
    unsigned char c = 0;
    uint64_t sum = 0;
    if (pipe(to) || pipe(from))
        exit(2);
    pid_t pid = fork();
    if (pid == 0) {
        close(to[1]);
        close(from[0]);
        while (read(to[0], &c, 1) == 1) {
            c++;
            if (write(from[1], &c, 1) != 1)
                _exit(1);
        }
        _exit(0);
    }
    close(to[0]);
    close(from[1]);
    for (uint64_t u = 0; u < units * 100; u++) {
        if (write(to[1], &c, 1) != 1 || read(from[0], &c, 1) != 1)
            exit(2);
        sum += c;
    }
    close(to[1]);
    close(from[0]);
    waitpid(pid, NULL, 0);
    return sum;
}

static uint64_t run_fork(uint64_t units)
{
    uint64_t sum = 0;
    for (uint64_t u = 0; u < units; u++) {
        int st = 0;
        pid_t pid = fork();
        if (pid == 0) {
            execl(self_path, "guest-bench", "--exit7", (char *)NULL);
            execl("/proc/self/exe", "guest-bench", "--exit7", (char *)NULL);
            _exit(1);
        }
        waitpid(pid, &st, 0);
        sum += WIFEXITED(st) ? WEXITSTATUS(st) : 1000;
    }
    return sum;
}

static uint64_t run_fault(uint64_t units)
{
    enum { PAGES = 256 };
    uint64_t sum = 0;
    for (uint64_t u = 0; u < units; u++) {
        unsigned char *p = xmap(PAGES * 4096);
        madvise(p, PAGES * 4096, MADV_NOHUGEPAGE);
        for (int i = 0; i < PAGES; i++)
            p[i * 4096 + (u & 4095)] = (unsigned char)(i + 1);
        for (int i = 0; i < PAGES; i += 16)
            sum += p[i * 4096 + (u & 4095)];
        munmap(p, PAGES * 4096);
    }
    return sum;
}

/* KVM's hypercall number 0, from CPL 3: the way there and back, and an error. */
static uint64_t run_vmmcall(uint64_t units)
{
    uint64_t refused = 0;
    for (uint64_t u = 0; u < units * 1000; u++) {
        long rax = 0;
        __asm__ volatile("vmmcall" : "+a"(rax) : "b"(0), "c"(0), "d"(0), "S"(0) : "memory");
        refused += rax != 0;
    }
    return refused;
}

/* Pages that nobody has touched since the machine started: the host's tables have a hole there. */
static uint64_t run_touch(uint64_t units)
{
    const uint64_t size = units << 20;
    unsigned char *p = xmap(size);
    uint64_t sum = 0;
    madvise(p, size, MADV_NOHUGEPAGE);
    for (uint64_t at = 0; at < size; at += 4096)
        p[at] = (unsigned char)(at >> 12 | 1);
    for (uint64_t at = 0; at < size; at += 65536)
        sum += p[at];
    munmap(p, size);
    return sum;
}

static const struct {
    const char *name;
    uint64_t (*run)(uint64_t units);
    uint64_t units;         /* at SCALE 1: about 0.1 s natively in 2026 */
    int guest;              /* means something under a hypervisor alone: run when asked for by name */
} classes[] = {
    { "int", run_int, 5000, 0 },
    { "chase", run_chase, 20000, 0 },
    { "chase8m", run_chase8m, 1000, 0 },
    { "stream", run_stream, 60, 0 },
    { "repmovs", run_repmovs, 20000, 0 },
    { "sha256", run_sha256, 8000, 0 },
    { "matmul", run_matmul, 150, 0 },
    { "indirect", run_indirect, 60000, 0 },
    { "syscall", run_syscall, 500, 0 },
    { "pipe", run_pipe, 150, 0 },
    { "fork", run_fork, 100, 0 },
    { "fault", run_fault, 200, 0 },
    { "vmmcall", run_vmmcall, 100, 1 },
    { "touch", run_touch, 128, 1 },
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    double scale = 1;
    int first = 1;
    self_path = argv[0];
    if (argc > 1 && strcmp(argv[1], "--exit7") == 0)
        return 7;
    if (argc > 2 && strcmp(argv[1], "-s") == 0) {
        scale = atof(argv[2]);
        first = 3;
    }
    for (size_t k = 0; k < sizeof classes / sizeof *classes; k++) {
        int wanted = first >= argc && !classes[k].guest;
        for (int i = first; i < argc; i++)
            wanted |= strcmp(argv[i], classes[k].name) == 0;
        if (!wanted)
            continue;
        uint64_t units = (uint64_t)(classes[k].units * scale);
        if (units < 1)
            units = 1;
        printf("@begin %s\n", classes[k].name);
        fflush(stdout);
        double t = now();
        uint64_t check = classes[k].run(units);
        t = now() - t;
        printf("@end %s units=%llu check=%016llx secs=%.4f\n", classes[k].name,
               (unsigned long long)units, (unsigned long long)check, t);
        fflush(stdout);
    }
    return 0;
}
