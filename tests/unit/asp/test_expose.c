/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/asp/platform.h"

static void a_platform_that_was_not_created_for_it_shows_no_key(void **state)
{
    struct asp_info info;
    struct platform p;
    char *text;

    (void)state;
    platform_new(&p);
    assert_int_equal(asp_exposed_keys(p.asp, &text), CBIT_DENIED);
    assert_null(text);
    asp_info_get(p.asp, &info);
    assert_false(info.exposed);
    platform_free(&p);
}

static char *text_of(const char *profile)
{
    struct asp_info info;
    struct platform p;
    char *text;

    platform_config(&p, profile);
    p.config.expose = true;
    platform_start(&p);
    assert_int_equal(asp_exposed_keys(p.asp, &text), CBIT_OK);
    asp_info_get(p.asp, &info);
    assert_true(info.exposed);
    platform_free(&p);
    return text;
}

static void an_exposed_one_shows_key_and_tweaks_of_its_generation(void **state)
{
    char *milan = text_of("milan"), *naples = text_of("naples"), *genoa = text_of("genoa");

    (void)state;
    assert_memory_equal(milan, "cbit-exposed-keys 1\ncipher xex\nkey host ", 40);
    assert_non_null(strstr(milan, "\ntweak 4 "));
    assert_non_null(strstr(milan, "\ntweak 51 "));
    assert_non_null(strstr(naples, "cipher xe\n"));
    assert_non_null(strstr(naples, "\ntweak 4 82253838822538388225383882253838\n"));
    assert_non_null(strstr(genoa, "cipher xts\n"));
    assert_null(strstr(genoa, "tweak"));
    assert_int_equal(strlen(strstr(genoa, "host ") + 5), 128 + 1);
    free(milan);
    free(naples);
    free(genoa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_platform_that_was_not_created_for_it_shows_no_key),
        cmocka_unit_test(an_exposed_one_shows_key_and_tweaks_of_its_generation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
