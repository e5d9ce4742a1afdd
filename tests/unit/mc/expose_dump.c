/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_expose.sh: a controller of the given cipher, filled through the SME key,
 * and three files in a directory: keys (what mc/expose.c says), pins (the dump of
 * the DIMM) and plain (what was written).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "mc/expose.h"
#include "mc/keys.h"
#include "mc/probe.h"

#define BASE UINT64_C(0x3fffffc0000) /* addresses with many bits */
#define SIZE (96u * 4096)

static void fill(void *ctx, void *buf, size_t len)
{
    (void)ctx;
    if (getrandom(buf, len, 0) != (ssize_t)len)
        abort();
}

static void save(const char *dir, const char *name, const void *bytes, size_t len)
{
    char path[512];
    FILE *file;

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, len, file) != len || fclose(file) != 0)
        abort();
}

static struct mc *power_on(const char *cipher)
{
    struct mc_config config = {
        .range = {{spa(BASE), SIZE}},
        .n_ranges = 1,
        .n_asids = 1,
        .cipher = strcmp(cipher, "xe") == 0    ? MC_CIPHER_XE
                  : strcmp(cipher, "xex") == 0 ? MC_CIPHER_XEX
                                               : MC_CIPHER_XTS,
    };
    struct mc_tweak tweak;
    struct mc *mc;

    if (mc_new(&config, &mc) != CBIT_OK)
        abort();
    mc_reset(mc, fill, NULL);
    if (config.cipher == MC_CIPHER_XE)
        mc_tweak_published(&tweak);
    else
        fill(NULL, &tweak, sizeof(tweak));
    mc_tweak_install(mc, &tweak);
    mc_set_smee(mc, true);
    return mc;
}

int main(int argc, char **argv)
{
    static uint8_t plain[SIZE], pins[SIZE];
    struct mc *mc;
    char *text;

    if (argc != 3)
        return 2;
    mc = power_on(argv[1]);
    for (size_t i = 0; i < SIZE; i++)
        plain[i] = (uint8_t)(i * 2654435761u >> 13);
    mc_write(mc, spa(BASE), mc_access_host(MC_KIND_DATA, true), plain, SIZE);
    if (mc_probe_read(mc, spa(BASE), pins, SIZE) != CBIT_OK || mc_expose_keys(mc, &text) != CBIT_OK)
        return 1;
    save(argv[2], "keys", text, strlen(text));
    save(argv[2], "pins", pins, SIZE);
    save(argv[2], "plain", plain, SIZE);
    free(text);
    mc_free(mc);
    return 0;
}
