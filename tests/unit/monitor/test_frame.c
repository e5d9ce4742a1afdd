/* SPDX-License-Identifier: Apache-2.0 */
/* The framer of the control socket. */
#include "unit/unit.h"

#include <string.h>

#include "monitor/frame.h"

/* How many objects a stream holds; -1: garbage, -2: too long. */
static int objects(const char *stream, size_t len)
{
    static struct mon_frame frame; /* large; reset by each call */
    int n = 0;

    mon_frame_next(&frame);
    for (size_t i = 0; i < len; i++) {
        switch (mon_frame_byte(&frame, stream[i])) {
        case MON_FRAME_MORE:
            break;
        case MON_FRAME_OBJECT:
            n++;
            mon_frame_next(&frame);
            break;
        case MON_FRAME_GARBAGE:
            return -1;
        case MON_FRAME_LONG:
            return -2;
        }
    }
    return n;
}

static void objects_are_cut_at_their_last_brace(void **state)
{
    static const struct {
        const char *stream;
        int n;
    } rows[] = {
        {"", 0},
        {" \r\n\t", 0},
        {"{}", 1},
        {"{}{}\n {}", 3},
        {"{\"a\": {\"b\": [1, {}]}}", 1},
        {"{\"a\": \"}\"}", 1},
        {"{\"a\": \"\\\"}\"}", 1},
        {"{\"a\": \"\\\\\"}{}", 2},
        {"{\"a\": ", 0},
        {"x", -1},
        {"[]", -1},
        {"{}]", -1},
        {"\"{}\"", -1},
    };

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++)
        assert_int_equal(objects(rows[i].stream, strlen(rows[i].stream)), rows[i].n);
}

static void a_frame_has_a_largest_size(void **state)
{
    static char stream[MON_FRAME_MAX + 2];

    (void)state;
    memset(stream, ' ', sizeof stream);
    stream[0] = '{';
    stream[MON_FRAME_MAX - 1] = '}';
    assert_int_equal(objects(stream, MON_FRAME_MAX), 1);
    stream[MON_FRAME_MAX - 1] = ' ';
    stream[MON_FRAME_MAX] = '}';
    assert_int_equal(objects(stream, MON_FRAME_MAX + 1), -2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_cut_at_their_last_brace),
        cmocka_unit_test(a_frame_has_a_largest_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
