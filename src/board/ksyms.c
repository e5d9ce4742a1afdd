/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linux keeps the names of its functions for /proc/kallsyms: a table of 256 tokens,
 * names as strings of token numbers, and addresses relative to the kernel's first
 * byte, which the boot code relocates; so what is found here are run-time addresses.
 * The arrays stand behind each other without a header.  The one thing to recognise
 * them by is that the digits are tokens of their own: "0\0" "1\0" ... "9\0".
 *
 * Forms: offsets, base, count, names, markers, [sequence numbers,] tokens, index; from
 * 6.4 on the first two come last (scripts/kallsyms.c).  The bytes are the guest's:
 * every step is checked against the copy's end.
 */
#include "board/ksyms.h"

#include <stdio.h>
#include <stdlib.h>

#define TOKENS        256u
#define FIRST_DIGIT   48u /* the token's number is the character's */
#define GROUP         256u /* names between two markers */
#define MAX_SYMBOLS   (1u << 20)
#define MAX_NAME      512u
#define BEFORE        (UINT64_C(12) << 20) /* how much lies before the tokens at most, and after */
#define AFTER         (UINT64_C(8) << 20)
#define MAX_DISTANCE  (UINT64_C(1) << 20)
#define KERNEL_HALF   UINT64_C(0xffff800000000000)
#define MAX_SEARCHES  8u

static const uint8_t digits[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";

struct board_ksyms {
    struct mc *mc;
    uint8_t *copy;  /* NULL: no table has been found */
    unsigned searches;
    struct board_ksyms_table table;
};

/* ---- the table in a copy ---- */

struct span {
    const uint8_t *p;
    size_t len;
};

static size_t align8(size_t at)
{
    return (at + 7) & ~(size_t)7;
}

static bool has(struct span s, size_t at, size_t len)
{
    return at <= s.len && len <= s.len - at;
}

/* Where the tokens and their index begin. */
static bool find_tokens(struct span s, size_t digit, size_t *tokens, size_t *index)
{
    size_t at = digit;

    for (unsigned k = FIRST_DIGIT; k < TOKENS; k++) {
        const uint8_t *end = at < s.len ? memchr(s.p + at, 0, s.len - at) : NULL;

        if (!end || (size_t)(end - s.p) - at > MAX_NAME)
            return false;
        at = (size_t)(end - s.p) + 1;
    }
    *index = align8(at);
    if (!has(s, *index, TOKENS * 2))
        return false;
    const size_t back = cb_load_le16(s.p + *index + FIRST_DIGIT * (size_t)2);

    if (back > digit)
        return false;
    *tokens = digit - back;
    for (unsigned k = 0; k < TOKENS; k++) {
        const size_t start = *tokens + cb_load_le16(s.p + *index + k * (size_t)2);

        if (start >= *index || (k ? s.p[start - 1] != 0 : start != *tokens))
            return false;
    }
    return true;
}

/* Length of the name that begins at *at, which moves on to its first token. */
static bool name_len(struct span s, size_t *at, size_t *len)
{
    if (!has(s, *at, 2))
        return false;
    *len = s.p[(*at)++];
    if (*len & 0x80)
        *len = (*len & 0x7f) | (size_t)s.p[(*at)++] << 7;
    return *len > 0 && *len <= MAX_NAME && has(s, *at, *len);
}

/*
 * Do n names begin here?  Then the markers follow, and the second one tells where name
 * GROUP begins.
 */
static bool names_begin_at(struct span s, size_t names, uint32_t n, size_t *end)
{
    size_t at = names, len, second = 0;

    for (uint32_t k = 0; k < n; k++) {
        if (k == GROUP)
            second = at - names;
        if (!name_len(s, &at, &len))
            return false;
        at += len;
    }
    *end = at;
    at = align8(at);
    return has(s, at, 8) && cb_load_le32(s.p + at) == 0 && cb_load_le32(s.p + at + 4) == second;
}

/* Somewhere before the tokens, behind their count. */
static bool find_names(struct span s, size_t tokens, struct board_ksyms_table *out, size_t *names)
{
    const struct span before = {s.p, tokens};
    size_t end;

    for (size_t at = tokens & ~(size_t)7; at >= 16; at -= 8) {
        const uint32_t n = cb_load_le32(s.p + at - 8);

        if (n <= GROUP || n > MAX_SYMBOLS || cb_load_le32(s.p + at - 4) != 0 ||
            !names_begin_at(before, at, n, &end))
            continue;
        *names = at;
        out->n = n;
        out->names = s.p + at;
        out->names_len = end - at;
        return true;
    }
    return false;
}

static bool take_addresses(struct span s, size_t offsets, size_t base,
                           struct board_ksyms_table *out)
{
    uint32_t negative = 0;

    if (!has(s, offsets, (size_t)out->n * 4) || !has(s, base, 8))
        return false;
    out->base = cb_load_le64(s.p + base);
    if (out->base < KERNEL_HALF)
        return false;
    out->offsets = s.p + offsets;
    for (uint32_t k = 0; k < out->n; k++)
        negative += cb_load_le32(out->offsets + (size_t)k * 4) >> 31;
    out->absolute = negative > out->n / 2;
    return true;
}

bool board_ksyms_parse(const uint8_t *copy, size_t len, size_t digit,
                       struct board_ksyms_table *out)
{
    const struct span s = {copy, len};
    size_t tokens, index, names;

    if (!find_tokens(s, digit, &tokens, &index) || !find_names(s, tokens, out, &names))
        return false;
    out->tokens = copy + tokens;
    out->tokens_len = index - tokens;
    out->index = copy + index;
    const size_t size = align8((size_t)out->n * 4), after = index + TOKENS * 2;

    if (names - 16 >= size && take_addresses(s, names - 16 - size, names - 16, out))
        return true;
    return take_addresses(s, after, after + size, out);
}

static uint64_t address_of(const struct board_ksyms_table *t, uint32_t k)
{
    const uint32_t offset = cb_load_le32(t->offsets + (size_t)k * 4);

    if (!t->absolute)
        return t->base + offset;
    return offset >> 31 ? t->base + (uint32_t)~offset : offset;
}

/* Tokens put together; the first character is the symbol's type. */
static bool expand(const struct board_ksyms_table *t, uint32_t k, char *name, size_t size)
{
    const struct span s = {t->names, t->names_len};
    size_t at = 0, len = 0, n = 0;
    bool type = true;

    for (uint32_t i = 0; i <= k; i++) {
        at += len;
        if (!name_len(s, &at, &len))
            return false;
    }
    for (size_t i = 0; i < len; i++) {
        size_t from = cb_load_le16(t->index + s.p[at + i] * (size_t)2);

        for (; from < t->tokens_len && t->tokens[from]; from++) {
            if (!type && n + 1 < size)
                name[n++] = t->tokens[from] > ' ' && t->tokens[from] < 127 ? (char)t->tokens[from]
                                                                           : '?';
            type = false;
        }
    }
    name[n] = 0;
    return n > 0;
}

bool board_ksyms_lookup(const struct board_ksyms_table *table, uint64_t rip, char *name,
                        size_t size, uint64_t *offset)
{
    uint32_t low = 0, high = table->n; /* the first one above rip lies in [low, high] */

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (address_of(table, middle) <= rip)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    low--;
    *offset = rip - address_of(table, low);
    while (low > 0 && address_of(table, low - 1) == rip - *offset)
        low--; /* of several names the kernel shows the first */
    return *offset < MAX_DISTANCE && expand(table, low, name, size);
}

/* ---- in the guest's memory ---- */

/* A frame as whoever used it last sees it: that is how the kernel's own data are. */
static void peek(const struct mc *mc, uint64_t at, uint8_t *to)
{
    if (!mc_covers(mc, spa(at), CB_PAGE_SIZE) || !mc_frame_touched(mc, spa(at)) ||
        mc_peek(mc, spa(at), mc_frame_view(mc, spa(at)), to, CB_PAGE_SIZE))
        memset(to, 0, CB_PAGE_SIZE);
}

/* What lies around a place, from the beginning of a page on; *digit: the place in it. */
static uint8_t *copy_around(const struct mc *mc, uint64_t at, size_t *len, size_t *digit)
{
    const uint64_t page = at & CB_PAGE_MASK;
    const uint64_t first = page > BEFORE ? page - BEFORE : 0;
    uint8_t *copy;

    *len = (size_t)(page + AFTER - first);
    *digit = (size_t)(at - first);
    copy = malloc(*len);
    for (size_t k = 0; copy && k < *len; k += CB_PAGE_SIZE)
        peek(mc, first + k, copy + k);
    return copy;
}

static bool try_at(struct board_ksyms *symbols, uint64_t at)
{
    size_t len, digit;
    uint8_t *copy = copy_around(symbols->mc, at, &len, &digit);

    if (copy && board_ksyms_parse(copy, len, digit, &symbols->table)) {
        symbols->copy = copy;
        return true;
    }
    free(copy);
    return false;
}

/* Frame by frame, with what hangs over from the one before. */
static bool search_range(struct board_ksyms *symbols, struct mc_range range)
{
    uint8_t window[2 * CB_PAGE_SIZE] = {0};

    for (uint64_t at = range.base.v; at < range.base.v + range.size; at += CB_PAGE_SIZE) {
        const uint8_t *hit = window;

        memcpy(window, window + CB_PAGE_SIZE, CB_PAGE_SIZE);
        peek(symbols->mc, at, window + CB_PAGE_SIZE);
        while ((hit = memmem(hit, (size_t)(window + sizeof(window) - hit), digits,
                             sizeof(digits)))) {
            const uint64_t place = at - CB_PAGE_SIZE + (uint64_t)(hit - window);

            if (hit < window + CB_PAGE_SIZE && at > range.base.v && try_at(symbols, place))
                return true;
            hit++;
        }
    }
    return false;
}

static void search(struct board_ksyms *symbols)
{
    const struct mc_config *config = mc_config(symbols->mc);

    symbols->searches++;
    for (unsigned k = 0; k < config->n_ranges; k++)
        if (search_range(symbols, config->range[k]))
            return;
}

void board_ksyms_find(struct board_ksyms *symbols, uint64_t rip, char *to, size_t size)
{
    uint64_t offset = 0;
    size_t len;

    *to = 0;
    if (rip < KERNEL_HALF)
        return;
    if (!symbols->copy && symbols->searches < MAX_SEARCHES)
        search(symbols);
    if (!symbols->copy || !board_ksyms_lookup(&symbols->table, rip, to, size, &offset)) {
        *to = 0;
        return;
    }
    len = strlen(to);
    snprintf(to + len, size - len, "+%#llx", (unsigned long long)offset);
}

/* ---- life ---- */

enum cbit_status board_ksyms_new(struct mc *mc, struct board_ksyms **out)
{
    struct board_ksyms *symbols = calloc(1, sizeof(*symbols));

    if (!symbols)
        return CBIT_NO_MEMORY;
    symbols->mc = mc;
    *out = symbols;
    return CBIT_OK;
}

void board_ksyms_free(struct board_ksyms *symbols)
{
    if (!symbols)
        return;
    free(symbols->copy);
    free(symbols);
}

void board_ksyms_forget(struct board_ksyms *symbols)
{
    free(symbols->copy);
    symbols->copy = NULL;
    symbols->searches = 0;
}
