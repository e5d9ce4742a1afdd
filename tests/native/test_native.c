/* SPDX-License-Identifier: Apache-2.0 */
/*
 *   test_native [--seed N] [--count N] [--only INDEX] [--reports N] [--summary]
 *
 * Runs COUNT instructions from random states on this processor and in the
 * interpreter; of each mnemonic's differences the first --reports are printed.
 * Exit 0: no difference, and the count is printed last; 1: each
 * difference is printed with the command that repeats it; 77: skipped.
 * Instruction number INDEX depends on the seed and INDEX alone.
 */
#include <stdio.h>
#include <stdlib.h>

#include "native.h"

#define STATES 8u /* per instruction: decoding costs more than running */

struct run {
    uint64_t seed, count, only;
    unsigned reports;
    bool single, summary;
    uint64_t done, different, faults;
    unsigned *by_mnemonic;
};

static void print_insn(const struct nt_insn *insn)
{
    ZydisFormatter formatter;
    char text[128] = "(invalid)";

    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    if (!insn->invalid)
        ZydisFormatterFormatInstruction(&formatter, &insn->d, insn->op,
                                        insn->d.operand_count_visible, text, sizeof(text), NT_ENTRY,
                                        NULL);
    for (unsigned k = 0; k < insn->len; k++)
        printf("%02x ", insn->bytes[k]);
    printf("  %s\n", text);
}

static void print_state(const struct nt_state *in)
{
    for (unsigned k = 0; k < 16; k++)
        printf("  %016lx%s", in->gpr[k], k % 4 == 3 ? "\n" : "");
    printf("  RFLAGS %06lx\n", in->rflags);
}

static void report(struct run *run, const struct nt_insn *insn, uint64_t index,
                   const struct nt_state *in, const char *text)
{
    run->different++;
    run->by_mnemonic[insn->d.mnemonic]++;
    if (run->by_mnemonic[insn->d.mnemonic] > run->reports)
        return;
    printf("different: test_native --seed %lu --only %lu\n  ", run->seed, index);
    print_insn(insn);
    if (run->single)
        print_state(in);
    fputs(text, stdout);
}

static void run_index(struct run *run, struct nt_host *host, struct nt_guest *guest,
                      const ZydisDecoder *decoder, uint64_t index)
{
    struct nt_random r = {run->seed * UINT64_C(0xd1342543de82ef95) + index};
    struct nt_insn insn;
    struct nt_state in, here, there;
    char text[8192];

    r.s = nt_rand(&r);
    nt_insn_random(&r, decoder, nt_features_of(guest), &insn);
    nt_data_random(&r, nt_host_data(host), NT_DATA_SIZE);
    nt_host_load(host, &insn);
    nt_guest_load(guest, &insn);
    for (unsigned k = 0; k < STATES; k++) {
        if (!nt_state_random(&r, &insn, &in, nt_host_data(host)))
            continue;
        memcpy(nt_guest_data(guest), nt_host_data(host), NT_DATA_SIZE);
        nt_host_run(host, &in, &here);
        nt_guest_run(guest, &in, &there);
        run->done++;
        run->faults += here.vector != NT_NO_FAULT;
        nt_forget_pointers(&insn, &in, nt_host_data(host));
        nt_forget_pointers(&insn, &in, nt_guest_data(guest));
        if (nt_compare(&insn, &in, &here, &there, nt_host_data(host), nt_guest_data(guest), text,
                       sizeof(text)) != 0)
            report(run, &insn, index, &in, text);
    }
}

static bool parse(struct run *run, int argc, char **argv)
{
    for (int k = 1; k < argc; k++) {
        const char *value = k + 1 < argc ? argv[k + 1] : NULL;

        if (strcmp(argv[k], "--summary") == 0) {
            run->summary = true;
            continue;
        }
        if (!value)
            return false;
        k++;
        if (strcmp(argv[k - 1], "--seed") == 0)
            run->seed = strtoull(value, NULL, 0);
        else if (strcmp(argv[k - 1], "--count") == 0)
            run->count = strtoull(value, NULL, 0);
        else if (strcmp(argv[k - 1], "--reports") == 0)
            run->reports = (unsigned)strtoul(value, NULL, 0);
        else if (strcmp(argv[k - 1], "--only") == 0)
            run->only = strtoull(value, NULL, 0), run->single = true;
        else
            return false;
    }
    return true;
}

static void print_summary(const struct run *run)
{
    for (unsigned k = 0; k <= ZYDIS_MNEMONIC_MAX_VALUE; k++)
        if (run->by_mnemonic[k])
            printf("%8u %s\n", run->by_mnemonic[k], ZydisMnemonicGetString((ZydisMnemonic)k));
}

int main(int argc, char **argv)
{
    struct run run = {.seed = 1, .count = 2000000, .reports = 1};
    const char *why = NULL;
    struct nt_host *host;
    struct nt_guest *guest;
    ZydisDecoder decoder;

    if (!parse(&run, argc, argv)) {
        fprintf(stderr, "usage: test_native [--seed N] [--count N] [--only INDEX] [--reports N] [--summary]\n");
        return 2;
    }
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    host = nt_host_new(&why);
    if (!host) {
        printf("SKIP: %s\n", why);
        return 77;
    }
    guest = nt_guest_new();
    run.by_mnemonic = calloc(ZYDIS_MNEMONIC_MAX_VALUE + 1, sizeof(*run.by_mnemonic));
    if (!guest || !run.by_mnemonic) {
        fprintf(stderr, "test_native: out of memory\n");
        return 2;
    }
    if (run.single)
        run_index(&run, host, guest, &decoder, run.only);
    else
        for (uint64_t index = 0; run.done < run.count; index++)
            run_index(&run, host, guest, &decoder, index);
    if (run.summary)
        print_summary(&run);
    printf("seed %lu: %lu differences, %lu faults, instructions compared:\n%lu\n", run.seed,
           run.different, run.faults, run.done);
    free(run.by_mnemonic);
    nt_guest_free(guest);
    nt_host_free(host);
    return run.different != 0;
}
