/* SPDX-License-Identifier: Apache-2.0 */
/* What cbit view prints of bytes that somebody has read already; letters and colours of the map. */
#include "unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/dram_map.h"
#include "cli/view.h"

static const uint8_t guest[10] = "secret\x01\x80 z";
static const uint8_t host[10] = "sECRet\x01\x81 z";
static const struct view_column columns[] = {
    {"guest", "asid=3", guest},
    {"hypervisor", "host", host},
};

struct printed {
    char *text;
    size_t size;
    FILE *to;
};

static void begin(struct printed *p)
{
    p->text = NULL;
    p->to = open_memstream(&p->text, &p->size);
    assert_non_null(p->to);
}

static void is(struct printed *p, const char *expected)
{
    assert_int_equal(fclose(p->to), 0);
    assert_string_equal(p->text, expected);
    free(p->text);
}

static void a_byte_that_differs_is_followed_by_a_star(void **state)
{
    struct printed p;

    (void)state;
    begin(&p);
    cli_view_print(p.to, columns, 2, 0x1000, sizeof guest, false);
    is(&p, "              guest (asid=3)                     hypervisor (host)\n"
           "                                                 4 of 10 bytes differ\n"
           "000000001000  73 65 63 72 65 74 01 80  secret..  73 45*43*52*65 74 01 81* sECRet..\n"
           "000000001008  20 7a                     z        20 7a                     z\n");
}

static void colour_is_put_on_the_same_bytes(void **state)
{
    struct printed p;

    (void)state;
    begin(&p);
    cli_view_print(p.to, columns, 2, 0, 2, true);
    fflush(p.to);
    assert_non_null(strstr(p.text, "73 \033[31m45*\033[0m"));
    assert_null(strstr(p.text, "\033[31m73"));
    fclose(p.to);
    free(p.text);
}

static void json_has_every_byte_of_every_view(void **state)
{
    struct printed p;

    (void)state;
    begin(&p);
    cli_view_json(p.to, columns, 2, 4096, 3);
    is(&p, "{\"address\":4096,\"length\":3,\"views\":["
           "{\"who\":\"guest\",\"view\":\"asid=3\",\"differ\":0,\"data\":\"736563\"},"
           "{\"who\":\"hypervisor\",\"view\":\"host\",\"differ\":2,\"data\":\"734543\"}]}\n");
}

static void each_asid_has_a_letter_and_a_colour_of_its_own(void **state)
{
    static const struct {
        int view;
        char letter;
        uint8_t rgb[3];
    } rows[] = {
        {MAP_UNTOUCHED, '.', {24, 24, 28}},
        {CBIT_VIEW_RAW, 'r', {200, 60, 50}},
        {CBIT_VIEW_HOST, 'H', {60, 130, 220}},
        {CBIT_VIEW_ASID(1), '1', {80, 190, 100}},
        {CBIT_VIEW_ASID(2), '2', {240, 200, 60}},
        {CBIT_VIEW_ASID(9), '9', {60, 142, 75}},
        {CBIT_VIEW_ASID(10), 'a', {180, 150, 45}},
        {CBIT_VIEW_ASID(27), 's', {170, 90, 220}},
        {CBIT_VIEW_ASID(34), 'z', {180, 150, 45}},
        {CBIT_VIEW_ASID(35), '1', {127, 67, 165}},
    };

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        uint8_t rgb[3];

        cli_map_colour(rows[i].view, rgb);
        assert_int_equal(cli_map_letter(rows[i].view), rows[i].letter);
        assert_memory_equal(rgb, rows[i].rgb, 3);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_byte_that_differs_is_followed_by_a_star),
        cmocka_unit_test(colour_is_put_on_the_same_bytes),
        cmocka_unit_test(json_has_every_byte_of_every_view),
        cmocka_unit_test(each_asid_has_a_letter_and_a_colour_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
