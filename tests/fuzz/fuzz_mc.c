/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory controller against the eager oracle, with the operations from the
 * fuzzer: the first byte is the cipher, every choice takes the next six.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit/mc/ops.h"

#define WORD 6

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    const uint8_t *at;
    size_t left;
};

static bool next(void *ctx, uint64_t *word)
{
    struct input *in = ctx;

    if (in->left < WORD)
        return false;
    *word = 0;
    memcpy(word, in->at, WORD);
    in->at += WORD;
    in->left -= WORD;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum mc_cipher ciphers[] = {MC_CIPHER_XE, MC_CIPHER_XEX, MC_CIPHER_XTS};
    struct input in = {data + 1, size - 1};
    struct ops_result result;

    if (size == 0)
        return 0;
    result = ops_run(ciphers[data[0] % 3], next, &in, UINT64_MAX);
    if (result.difference) {
        fprintf(stderr, "controller and oracle differ after %llu operations: %s\n",
                (unsigned long long)result.n_ops, result.difference);
        abort();
    }
    return 0;
}
