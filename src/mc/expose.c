/* SPDX-License-Identifier: Apache-2.0 */
/* The one reader of key bytes; see mc/expose.h for who may ask. */
#include "mc/expose.h"

#include <stdio.h>
#include <stdlib.h>

#include "mc/state.h"

static const char *const cipher_name[] = {
    [MC_CIPHER_XE] = "xe",
    [MC_CIPHER_XEX] = "xex",
    [MC_CIPHER_XTS] = "xts",
};

/* Enough for the head, the longest key and all tweak constants, with room to spare. */
#define TEXT_MAX 4096

struct text {
    char *at;
    size_t len;
};

static void put(struct text *text, const char *words)
{
    const size_t len = strlen(words);

    CBIT_ASSERT(len < TEXT_MAX - text->len);
    memcpy(text->at + text->len, words, len + 1);
    text->len += len;
}

static void put_hex(struct text *text, const uint8_t *bytes, size_t len)
{
    char two[3];

    for (size_t i = 0; i < len; i++) {
        (void)snprintf(two, sizeof(two), "%02x", bytes[i]);
        put(text, two);
    }
    put(text, "\n");
}

static void put_tweaks(struct text *text, const struct mc_tweak *tweak)
{
    char name[16];

    for (unsigned i = 0; i < MC_TWEAK_COUNT; i++) {
        (void)snprintf(name, sizeof(name), "tweak %u ", MC_TWEAK_FIRST + i);
        put(text, name);
        put_hex(text, tweak->t[i], sizeof(tweak->t[i]));
    }
}

enum cbit_status mc_expose_keys(const struct mc *mc, char **out)
{
    struct text text = {.at = malloc(TEXT_MAX)};

    *out = text.at;
    if (!text.at)
        return CBIT_NO_MEMORY;
    put(&text, "cbit-exposed-keys 1\ncipher ");
    put(&text, cipher_name[mc->config.cipher]);
    put(&text, "\nkey host ");
    put_hex(&text, mc->slot[MC_VIEW_HOST].key, mc_key_len(mc));
    if (mc->config.cipher != MC_CIPHER_XTS)
        put_tweaks(&text, &mc->tweak);
    return CBIT_OK;
}
