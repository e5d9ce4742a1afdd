/* SPDX-License-Identifier: Apache-2.0 */
/* Files, addresses, the poll loop. */
#include "unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"

struct place {
    char folder[64], path[128];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);

    snprintf(place->folder, sizeof place->folder, "/tmp/cbit-host.XXXXXX");
    if (!mkdtemp(place->folder))
        return -1;
    snprintf(place->path, sizeof place->path, "%s/file", place->folder);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    char command[128];

    snprintf(command, sizeof command, "rm -rf %s", place->folder);
    const int failed = system(command);

    free(place);
    return failed;
}

static void a_replaced_file_has_the_new_bytes_and_nothing_beside_it(void **state)
{
    const struct place *place = *state;
    struct host_bytes bytes;
    struct stat st;
    char command[128];

    assert_int_equal(host_file_replace(place->path, "old", 3, 0600), CBIT_OK);
    assert_int_equal(host_file_replace(place->path, "newer", 5, 0600), CBIT_OK);
    assert_int_equal(host_file_read(place->path, 100, &bytes), CBIT_OK);
    assert_int_equal(bytes.len, 5);
    assert_string_equal(bytes.data, "newer");
    host_bytes_free(&bytes);
    assert_int_equal(stat(place->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(command, sizeof command, "test \"$(ls %s)\" = file", place->folder);
    assert_int_equal(system(command), 0);
}

static void a_file_larger_than_allowed_is_refused(void **state)
{
    const struct place *place = *state;
    struct host_bytes bytes;

    assert_int_equal(host_file_replace(place->path, "12345678", 8, 0600), CBIT_OK);
    assert_int_equal(host_file_read(place->path, 7, &bytes), CBIT_RANGE);
    assert_null(bytes.data);
    assert_int_equal(host_file_read(place->path, 8, &bytes), CBIT_OK);
    host_bytes_free(&bytes);
    assert_int_equal(host_file_read("/nonexistent/file", 8, &bytes), CBIT_IO);
}

static void zeros_in_a_dump_become_holes(void **state)
{
    const struct place *place = *state;
    static uint8_t bytes[1 << 20];
    struct host_bytes back;
    struct stat st;
    const int fd = host_dump_open(place->path, sizeof bytes);

    assert_true(fd >= 0);
    bytes[500000] = 7;
    assert_int_equal(host_dump_write(fd, 0, bytes, sizeof bytes), CBIT_OK);
    assert_int_equal(fstat(fd, &st), 0);
    close(fd);
    assert_true(st.st_blocks * 512 < 65536);
    assert_int_equal(host_file_read(place->path, sizeof bytes, &back), CBIT_OK);
    assert_int_equal(back.len, sizeof bytes);
    assert_memory_equal(back.data, bytes, sizeof bytes);
    host_bytes_free(&back);
}

static void addresses_are_unix_paths_or_tcp_ports(void **state)
{
    static const struct {
        const char *text;
        enum cbit_status status;
        enum host_sock_kind kind;
        const char *path, *host;
        unsigned port;
    } rows[] = {
        {"unix:/run/x", CBIT_OK, HOST_SOCK_UNIX, "/run/x", "", 0},
        {"/run/x", CBIT_OK, HOST_SOCK_UNIX, "/run/x", "", 0},
        {"tcp:1234", CBIT_OK, HOST_SOCK_TCP, "", "127.0.0.1", 1234},
        {"tcp:10.0.0.1:80", CBIT_OK, HOST_SOCK_TCP, "", "10.0.0.1", 80},
        {"unix:", CBIT_INVALID, 0, NULL, NULL, 0},
        {"", CBIT_INVALID, 0, NULL, NULL, 0},
        {"tcp:", CBIT_INVALID, 0, NULL, NULL, 0},
        {"tcp:0", CBIT_INVALID, 0, NULL, NULL, 0},
        {"tcp:65536", CBIT_INVALID, 0, NULL, NULL, 0},
        {"tcp:host:80", CBIT_INVALID, 0, NULL, NULL, 0},
        {"tcp:-1", CBIT_INVALID, 0, NULL, NULL, 0},
    };
    struct host_addr addr;

    (void)state;
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        assert_int_equal(host_addr_parse(rows[i].text, &addr), rows[i].status);
        if (rows[i].status)
            continue;
        assert_int_equal(addr.kind, rows[i].kind);
        assert_string_equal(addr.path, rows[i].path);
        assert_string_equal(addr.host, rows[i].host);
        assert_int_equal(addr.port, rows[i].port);
    }
}

static void a_snapshot_keeps_its_writes_to_itself(void **state)
{
    const struct place *place = *state;
    static uint8_t zeros[4096];
    struct host_disk *disk, *other;
    uint8_t byte = 0;

    assert_int_equal(host_file_replace(place->path, zeros, sizeof zeros, 0600), CBIT_OK);
    assert_int_equal(host_disk_open(place->path, HOST_DISK_SNAPSHOT, &disk), CBIT_OK);
    assert_true(host_disk_size(disk) == sizeof zeros);
    assert_true(host_disk_write(disk, 4095, "x", 1));
    assert_true(host_disk_read(disk, 4095, &byte, 1));
    assert_int_equal(byte, 'x');
    assert_int_equal(host_disk_open(place->path, HOST_DISK_READ_ONLY, &other), CBIT_OK);
    assert_true(host_disk_read(other, 4095, &byte, 1));
    assert_int_equal(byte, 0);
    assert_false(host_disk_write(other, 0, "x", 1));
    host_disk_close(other);
    host_disk_close(disk);
}

static void a_written_disk_keeps_its_bytes_and_has_one_writer(void **state)
{
    const struct place *place = *state;
    static uint8_t zeros[4096];
    struct host_disk *disk, *other;
    struct host_bytes bytes;

    assert_int_equal(host_file_replace(place->path, zeros, sizeof zeros, 0600), CBIT_OK);
    assert_int_equal(host_disk_open(place->path, HOST_DISK_WRITE, &disk), CBIT_OK);
    assert_int_equal(host_disk_open(place->path, HOST_DISK_WRITE, &other), CBIT_BUSY);
    assert_true(host_disk_write(disk, 512, "data", 4));
    assert_false(host_disk_write(disk, 4093, "data", 4));
    assert_false(host_disk_read(disk, UINT64_MAX, zeros, 4));
    assert_true(host_disk_flush(disk));
    host_disk_close(disk);
    assert_int_equal(host_file_read(place->path, 1 << 20, &bytes), CBIT_OK);
    assert_int_equal(bytes.len, 4096);
    assert_memory_equal(bytes.data + 512, "data", 4);
    host_bytes_free(&bytes);
    assert_int_equal(host_file_replace(place->path, zeros, 100, 0600), CBIT_OK);
    assert_int_equal(host_disk_open(place->path, HOST_DISK_WRITE, &disk), CBIT_INVALID);
}

struct pipes {
    struct host_loop *loop;
    int other;
    int calls;
};

/* Whoever is called first takes the other away. */
static void drop_the_other(void *ctx, int fd, short revents)
{
    struct pipes *pipes = ctx;

    (void)revents;
    host_loop_unwatch(pipes->loop, fd);
    host_loop_unwatch(pipes->loop, pipes->other);
    pipes->calls++;
}

static void a_watch_that_a_callback_removed_is_not_called(void **state)
{
    struct pipes pipes = {0};
    int one[2], two[2];

    (void)state;
    assert_int_equal(pipe(one), 0);
    assert_int_equal(pipe(two), 0);
    assert_int_equal(host_loop_new(&pipes.loop), CBIT_OK);
    pipes.other = two[0];
    assert_int_equal(host_loop_watch(pipes.loop, one[0], POLLIN, drop_the_other, &pipes), CBIT_OK);
    assert_int_equal(host_loop_watch(pipes.loop, two[0], POLLIN, drop_the_other, &pipes), CBIT_OK);
    assert_false(host_loop_wait(pipes.loop, 0));
    assert_int_equal(host_write_all(one[1], "x", 1), CBIT_OK);
    assert_int_equal(host_write_all(two[1], "x", 1), CBIT_OK);
    assert_true(host_loop_wait(pipes.loop, 1000000000));
    assert_int_equal(pipes.calls, 1);
    assert_false(host_loop_wait(pipes.loop, 0));
    host_loop_free(pipes.loop);
    for (int i = 0; i < 2; i++) {
        close(one[i]);
        close(two[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_replaced_file_has_the_new_bytes_and_nothing_beside_it,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_larger_than_allowed_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(zeros_in_a_dump_become_holes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_snapshot_keeps_its_writes_to_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_written_disk_keeps_its_bytes_and_has_one_writer, set_up,
                                        tear_down),
        cmocka_unit_test(addresses_are_unix_paths_or_tcp_ports),
        cmocka_unit_test(a_watch_that_a_callback_removed_is_not_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
