/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/host.h"

struct folder {
    char path[64];
};

static int make_folder(void **state)
{
    struct folder *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    snprintf(f->path, sizeof(f->path), "/tmp/cbit-state-XXXXXX");
    if (!mkdtemp(f->path)) {
        free(f);
        return -1;
    }
    *state = f;
    return 0;
}

static int remove_folder(void **state)
{
    struct folder *f = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -rf '%s'", f->path);
    if (system(command) != 0)
        return -1;
    free(f);
    return 0;
}

static void what_is_saved_is_loaded_with_mode_0600(void **state)
{
    const struct folder *f = *state;
    struct host_state *s;
    char path[128];
    uint8_t buf[64];
    struct stat st;
    size_t len;

    assert_int_equal(host_state_open(f->path, false, &s), CBIT_OK);
    assert_int_equal(host_state_load(s, "nv", buf, sizeof(buf), &len), CBIT_NOT_FOUND);
    assert_int_equal(host_state_save(s, "nv", "first", 5), CBIT_OK);
    assert_int_equal(host_state_save(s, "nv", "second", 6), CBIT_OK);
    assert_int_equal(host_state_load(s, "nv", buf, sizeof(buf), &len), CBIT_OK);
    assert_int_equal(len, 6);
    assert_memory_equal(buf, "second", 6);
    assert_int_equal(host_state_load(s, "nv", buf, 5, &len), CBIT_RANGE);
    snprintf(path, sizeof(path), "%s/nv", f->path);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    snprintf(path, sizeof(path), "%s/nv.new", f->path);
    assert_int_equal(access(path, F_OK), -1);
    host_state_close(s);
}

static void a_second_holder_is_turned_away_until_the_first_lets_go(void **state)
{
    const struct folder *f = *state;
    struct host_state *a, *b = NULL;

    assert_int_equal(host_state_open(f->path, false, &a), CBIT_OK);
    assert_int_equal(host_state_open(f->path, false, &b), CBIT_BUSY);
    host_state_close(a);
    assert_int_equal(host_state_open(f->path, false, &b), CBIT_OK);
    host_state_close(b);
}

static void a_folder_is_made_only_on_request(void **state)
{
    const struct folder *f = *state;
    struct host_state *s;
    char path[128];
    struct stat st;

    snprintf(path, sizeof(path), "%s/a/b", f->path);
    assert_int_equal(host_state_open(path, false, &s), CBIT_NOT_FOUND);
    assert_int_equal(host_state_open(path, true, &s), CBIT_OK);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    host_state_close(s);
}

static void a_failed_write_leaves_the_old_file(void **state)
{
    const struct folder *f = *state;
    struct host_state *s;
    char path[128];
    uint8_t buf[64];
    size_t len;

    assert_int_equal(host_state_open(f->path, false, &s), CBIT_OK);
    assert_int_equal(host_state_save(s, "nv", "old", 3), CBIT_OK);
    snprintf(path, sizeof(path), "%s/nv.new", f->path);
    assert_int_equal(mkdir(path, 0700), 0); /* in the way of the new file */
    assert_int_equal(host_state_save(s, "nv", "new", 3), CBIT_IO);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(host_state_load(s, "nv", buf, sizeof(buf), &len), CBIT_OK);
    assert_memory_equal(buf, "old", 3);
    host_state_close(s);
}

/* A writer that counts up in the file until it is killed. */
static void write_until_killed(const char *path)
{
    static uint8_t block[8192];
    struct host_state *s;

    if (host_state_open(path, false, &s) != CBIT_OK)
        _exit(1);
    for (unsigned n = 1;; n++) {
        memset(block, (int)(n & 0xff), sizeof(block));
        if (host_state_save(s, "nv", block, sizeof(block)) != CBIT_OK)
            _exit(1);
    }
}

static void a_kill_at_any_instant_leaves_a_whole_file(void **state)
{
    const struct folder *f = *state;

    for (unsigned round = 0; round < 300; round++) {
        static uint8_t buf[8192];
        struct host_state *s;
        size_t len = 0;
        const pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            write_until_killed(f->path);
        usleep(500 + 37 * round);
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        assert_int_equal(host_state_open(f->path, false, &s), CBIT_OK);
        if (host_state_load(s, "nv", buf, sizeof(buf), &len) == CBIT_OK) {
            assert_int_equal(len, sizeof(buf));
            for (size_t i = 1; i < len; i++)
                assert_int_equal(buf[i], buf[0]);
        }
        host_state_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_saved_is_loaded_with_mode_0600, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_second_holder_is_turned_away_until_the_first_lets_go,
                                        make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_folder_is_made_only_on_request, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_failed_write_leaves_the_old_file, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(a_kill_at_any_instant_leaves_a_whole_file, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
