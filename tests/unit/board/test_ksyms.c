/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's own symbol table, in a made-up kernel of 600 functions: both forms, and broken ones. */
#include "unit/unit.h"

#include "board/ksyms.h"
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#define N    600u
#define BASE UINT64_C(0xffffffff81000000)

struct image {
    uint8_t bytes[65536];
    size_t len, digit;
};

static void put32(struct image *i, uint32_t v)
{
    cb_store_le32(i->bytes + i->len, v);
    i->len += 4;
}

static void pad(struct image *i)
{
    while (i->len % 8)
        i->bytes[i->len++] = 0;
}

/* Symbol k is "tf" and its number in three digits, at BASE + 32 k; absolute: the first two are per-CPU variables. */
static void add_addresses(struct image *i, bool absolute)
{
    for (uint32_t k = 0; k < N; k++)
        put32(i, !absolute ? k * 32 : k < 2 ? k * 8 : ~(k * 32));
    pad(i);
    cb_store_le64(i->bytes + i->len, BASE);
    i->len += 8;
}

static void add_names(struct image *i)
{
    uint32_t marker[(N + 255) / 256];
    const size_t first = i->len + 8;

    put32(i, N);
    pad(i);
    for (uint32_t k = 0; k < N; k++) {
        if (k % 256 == 0)
            marker[k / 256] = (uint32_t)(i->len - first);
        i->bytes[i->len++] = 4;
        i->bytes[i->len++] = 200; /* the token "tf" */
        for (uint32_t d = 100; d; d /= 10)
            i->bytes[i->len++] = (uint8_t)('0' + k / d % 10);
    }
    pad(i);
    for (size_t k = 0; k < CB_ARRAY_LEN(marker); k++)
        put32(i, marker[k]);
    pad(i);
}

static void add_tokens(struct image *i)
{
    uint16_t index[256];
    const size_t first = i->len;

    for (unsigned k = 0; k < 256; k++) {
        char text[8];

        index[k] = (uint16_t)(i->len - first);
        if (k == '0')
            i->digit = i->len;
        if (k >= '0' && k <= '9')
            snprintf(text, sizeof(text), "%c", (char)k);
        else
            snprintf(text, sizeof(text), k == 200 ? "tf" : "x%u", k);
        memcpy(i->bytes + i->len, text, strlen(text) + 1);
        i->len += strlen(text) + 1;
    }
    pad(i);
    for (unsigned k = 0; k < 256; k++, i->len += 2)
        cb_store_le16(i->bytes + i->len, index[k]);
}

static struct image *make(bool old_form, bool absolute)
{
    struct image *i = calloc(1, sizeof(*i));

    assert_non_null(i);
    i->len = 4096;
    if (old_form)
        add_addresses(i, absolute);
    add_names(i);
    add_tokens(i);
    if (!old_form)
        add_addresses(i, absolute);
    return i;
}

static void expect_symbol(const struct board_ksyms_table *t, uint64_t at, const char *want,
                          uint64_t want_offset)
{
    char name[32];
    uint64_t offset;

    assert_true(board_ksyms_lookup(t, at, name, sizeof(name), &offset));
    assert_string_equal(name, want);
    assert_int_equal(offset, want_offset);
}

static void names_are_found_in_each_form(void **state)
{
    static const bool forms[][2] = {{true, true}, {true, false}, {false, true}, {false, false}};

    (void)state;
    for (size_t k = 0; k < CB_ARRAY_LEN(forms); k++) {
        struct image *i = make(forms[k][0], forms[k][1]);
        struct board_ksyms_table t;
        uint64_t offset;
        char name[32];

        assert_true(board_ksyms_parse(i->bytes, i->len, i->digit, &t));
        assert_int_equal(t.n, N);
        assert_int_equal(t.base, BASE);
        expect_symbol(&t, BASE + 32 * 2, "f002", 0);
        expect_symbol(&t, BASE + 32 * 257 + 5, "f257", 5);
        expect_symbol(&t, BASE + 32 * 599 + 31, "f599", 31);
        expect_symbol(&t, BASE + 32 * 599 + 0xfffff, "f599", 0xfffff);
        assert_false(board_ksyms_lookup(&t, BASE + 32 * 599 + 0x100000, name, sizeof(name), &offset));
        assert_false(board_ksyms_lookup(&t, BASE - 1, name, sizeof(name), &offset));
        free(i);
    }
}

static void a_name_that_is_too_long_is_cut(void **state)
{
    struct image *i = make(true, true);
    struct board_ksyms_table t;
    uint64_t offset;
    char name[3];

    (void)state;
    assert_true(board_ksyms_parse(i->bytes, i->len, i->digit, &t));
    assert_true(board_ksyms_lookup(&t, BASE + 32 * 2, name, sizeof(name), &offset));
    assert_string_equal(name, "f0");
    free(i);
}

/* Each prefix is a copy of its own, so that the sanitizer sees any step beyond it. */
static void a_table_that_is_cut_off_is_none(void **state)
{
    struct image *i = make(true, true);
    struct board_ksyms_table t;

    (void)state;
    for (size_t len = i->digit; len < i->len; len += 3) {
        uint8_t *copy = malloc(len);

        assert_non_null(copy);
        memcpy(copy, i->bytes, len);
        assert_false(board_ksyms_parse(copy, len, i->digit, &t));
        free(copy);
    }
    free(i);
}

/* Parsed or not: names of a damaged table are read within it. */
static void damage_is_survived(void **state)
{
    struct image *i = make(false, true);
    uint64_t random = 1, offset;
    struct board_ksyms_table t;
    char name[16];

    (void)state;
    for (unsigned k = 0; k < 2000; k++) {
        uint8_t *copy = malloc(i->len);

        assert_non_null(copy);
        memcpy(copy, i->bytes, i->len);
        for (unsigned n = 0; n < 4; n++) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            copy[4096 + (random >> 33) % (i->len - 4096)] ^= (uint8_t)(random >> 25 | 1);
        }
        if (board_ksyms_parse(copy, i->len, i->digit, &t))
            for (uint64_t at = 0; at < N; at += 37)
                if (board_ksyms_lookup(&t, t.base + at * 32, name, sizeof(name), &offset))
                    assert_true(strlen(name) < sizeof(name));
        free(copy);
    }
    free(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_found_in_each_form),
        cmocka_unit_test(a_name_that_is_too_long_is_cut),
        cmocka_unit_test(a_table_that_is_cut_off_is_none),
        cmocka_unit_test(damage_is_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
