/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two machines run the same boot in lockstep, one on the interpreter and one
 * with the translator, and all registers are compared after each slice.
 *
 *   lockstep --kernel FILE [--initrd FILE] [--append TEXT] [--cpu NAME]
 *            [--memory MIB] [--unpack] [--sme on|off] [--tsme on|off] [--seed N]
 *            [--every N] [--max-insns N]
 *
 * Both machines are deterministic: with the same slices they must agree to the
 * bit.  Slices are of random length, N on the average, so that they end anywhere
 * in a block.  At the end DRAM is compared at the pins, frame by frame.
 * Exit code: 0 they agree, 1 they do not, 2 usage.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "pc/pc.h"

#define DEFAULT_EVERY 3000u

struct args {
    const char *kernel, *initrd;
    uint64_t every, max_insns;
    struct pc_config config;
};

struct side {
    const char *name;
    struct pc *pc;
    struct x86_regs regs;
    uint64_t console_hash;
};

/* ---- files ---- */

/* To the end of the program: machines borrow the bytes. */
static struct pc_bytes slurp(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    long len = -1;

    if (f && fseek(f, 0, SEEK_END) == 0)
        len = ftell(f);
    if (len >= 0) {
        rewind(f);
        data = malloc((size_t)len + 1);
    }
    if (!data || fread(data, 1, (size_t)len, f) != (size_t)len) {
        perror(path);
        exit(2);
    }
    fclose(f);
    return (struct pc_bytes){.data = data, .len = (size_t)len};
}

/* ---- what is compared ---- */

struct field {
    const char *name;
    size_t at, size;
};

#define FIELD(member) {#member, offsetof(struct x86_regs, member), sizeof(((struct x86_regs *)0)->member)}

static const struct field fields[] = {
    FIELD(gpr), FIELD(rip), FIELD(rflags), FIELD(seg), FIELD(cr0), FIELD(cr2), FIELD(cr3),
    FIELD(cr4), FIELD(cr8), FIELD(efer), FIELD(dr), FIELD(xmm), FIELD(st), FIELD(fcw),
    FIELD(fsw), FIELD(ftw), FIELD(mxcsr), FIELD(gdtr.base), FIELD(gdtr.limit), FIELD(idtr.base),
    FIELD(idtr.limit),
};

static void print_words(const char *who, const uint8_t *bytes, size_t size)
{
    printf("  %-12s", who);
    for (size_t n = 0; n < size; n += 8) {
        uint64_t word = 0;

        memcpy(&word, bytes + n, size - n < 8 ? size - n : 8);
        printf(" %0*llx", size < 8 ? (int)size * 2 : 16, (unsigned long long)word);
    }
    printf("\n");
}

static bool same_registers(const struct side side[2])
{
    bool same = true;

    for (size_t n = 0; n < CB_ARRAY_LEN(fields); n++) {
        const uint8_t *a = (const uint8_t *)&side[0].regs + fields[n].at;
        const uint8_t *b = (const uint8_t *)&side[1].regs + fields[n].at;

        if (memcmp(a, b, fields[n].size) == 0)
            continue;
        printf("%s differs\n", fields[n].name);
        print_words(side[0].name, a, fields[n].size);
        print_words(side[1].name, b, fields[n].size);
        same = false;
    }
    return same;
}

static bool same_memory(const struct side side[2], uint64_t size)
{
    uint8_t a[CB_PAGE_SIZE], b[CB_PAGE_SIZE];

    for (uint64_t at = 0; at < size; at += CB_PAGE_SIZE) {
        const enum cbit_status ok[2] = {
            mc_peek(pc_mc(side[0].pc), spa(at), MC_VIEW_RAW, a, sizeof(a)),
            mc_peek(pc_mc(side[1].pc), spa(at), MC_VIEW_RAW, b, sizeof(b)),
        };

        if (ok[0] != CBIT_OK && ok[1] == ok[0])
            continue; /* a hole in the map */
        if (ok[0] != ok[1] || memcmp(a, b, sizeof(a)) != 0) {
            printf("memory differs in the frame at %#llx\n", (unsigned long long)at);
            return false;
        }
    }
    return true;
}

/* ---- the run ---- */

static void hear(void *ctx, const uint8_t *bytes, size_t len)
{
    struct side *side = ctx;

    for (size_t n = 0; n < len; n++)
        side->console_hash = (side->console_hash ^ bytes[n]) * UINT64_C(0x100000001b3);
}

static bool start(struct side *side, struct pc_config config, const char *name, bool no_jit)
{
    struct pc_error error = {0};

    config.no_jit = no_jit;
    config.callbacks = (struct pc_callbacks){.ctx = side, .console = hear};
    side->name = name;
    if (pc_new(&config, &side->pc, &error) == CBIT_OK)
        return true;
    fprintf(stderr, "lockstep: %s\n", error.text);
    return false;
}

/* xorshift64*: the slices' lengths need no more. */
static uint64_t draw(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(0x2545f4914f6cdd1d);
}

/* One in eight is short: these find what is wrong at the ends of blocks. */
static uint64_t slice_length(uint64_t *state, uint64_t every)
{
    const uint64_t word = draw(state);

    return 1 + (word >> 8) % (word % 8 == 0 ? 20 : 2 * every);
}

static bool one_slice(struct side side[2], uint64_t length, enum board_stop *stop)
{
    enum board_stop stops[2];

    for (unsigned n = 0; n < 2; n++) {
        stops[n] = pc_run(side[n].pc, (struct board_slice){.max_insns = length});
        memset(&side[n].regs, 0, sizeof(side[n].regs));
        x86_get_regs(pc_cpu(side[n].pc), &side[n].regs);
    }
    *stop = stops[0];
    if (stops[0] != stops[1]) {
        printf("stop differs: %s, %s\n", board_stop_text(stops[0]), board_stop_text(stops[1]));
        return false;
    }
    if (x86_instructions(pc_cpu(side[0].pc)) != x86_instructions(pc_cpu(side[1].pc))) {
        printf("count of instructions differs\n");
        return false;
    }
    if (side[0].console_hash != side[1].console_hash) {
        printf("console differs\n");
        return false;
    }
    return same_registers(side);
}

static int run(struct side side[2], const struct args *args)
{
    uint64_t random = args->config.seed * 2 + 1;
    uint64_t slices = 0, last = 0, at = 0;
    enum board_stop stop = BOARD_STOP_SLICE;

    while (stop == BOARD_STOP_SLICE && (!args->max_insns || at < args->max_insns)) {
        const uint64_t rip = side[0].regs.rip;

        last = at;
        if (!one_slice(side, slice_length(&random, args->every), &stop)) {
            at = x86_instructions(pc_cpu(side[0].pc));
            printf("between instructions %llu and %llu, from RIP %#llx on\n",
                   (unsigned long long)last, (unsigned long long)at, (unsigned long long)rip);
            return 1;
        }
        at = x86_instructions(pc_cpu(side[0].pc));
        slices++;
    }
    if (!same_memory(side, args->config.memory))
        return 1;
    printf("%llu instructions in %llu slices agree (%s)\n", (unsigned long long)at,
           (unsigned long long)slices, board_stop_text(stop));
    return 0;
}

/* ---- arguments ---- */

enum { KERNEL = 1, INITRD, APPEND, CPU, MEMORY, UNPACK, SME, TSME, SEED, EVERY, MAX_INSNS };

static const struct option options[] = {
    {"kernel", required_argument, NULL, KERNEL},   {"initrd", required_argument, NULL, INITRD},
    {"append", required_argument, NULL, APPEND},   {"cpu", required_argument, NULL, CPU},
    {"memory", required_argument, NULL, MEMORY},   {"unpack", no_argument, NULL, UNPACK},
    {"sme", required_argument, NULL, SME},         {"tsme", required_argument, NULL, TSME},
    {"seed", required_argument, NULL, SEED},       {"every", required_argument, NULL, EVERY},
    {"max-insns", required_argument, NULL, MAX_INSNS}, {0},
};

static bool take(struct args *args, int option)
{
    struct pc_config *c = &args->config;

    switch (option) {
    case KERNEL: args->kernel = optarg; return true;
    case INITRD: args->initrd = optarg; return true;
    case APPEND: c->append = optarg; return true;
    case CPU: c->cpu = optarg; return true;
    case MEMORY: c->memory = strtoull(optarg, NULL, 0) << 20; return true;
    case UNPACK: c->unpack_kernel = true; return true;
    case SME: c->sme = strcmp(optarg, "on") == 0; return true;
    case TSME: c->tsme = strcmp(optarg, "on") == 0; return true;
    case SEED: c->seed = strtoull(optarg, NULL, 0); return true;
    case EVERY: args->every = strtoull(optarg, NULL, 0); return true;
    case MAX_INSNS: args->max_insns = strtoull(optarg, NULL, 0); return true;
    default: return false;
    }
}

static bool parse(struct args *args, int argc, char **argv)
{
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
        if (!take(args, option))
            return false;
    return args->kernel && args->every && optind == argc;
}

int main(int argc, char **argv)
{
    struct args args = {.every = DEFAULT_EVERY,
                        .config = {.memory = UINT64_C(256) << 20, .sme = true, .smp = 1,
                                   .seed = 1, .deterministic = true}};
    struct side side[2] = {0};
    int code = 2;

    if (!parse(&args, argc, argv)) {
        fprintf(stderr, "usage: lockstep --kernel FILE [--initrd FILE] [--append TEXT] ...\n");
        return 2;
    }
    args.config.kernel = slurp(args.kernel);
    if (args.initrd)
        args.config.initrd = slurp(args.initrd);
    if (start(&side[0], args.config, "interpreter", true) &&
        start(&side[1], args.config, "translator", false))
        code = run(side, &args);
    for (unsigned n = 0; n < 2; n++)
        pc_free(side[n].pc);
    return code;
}
