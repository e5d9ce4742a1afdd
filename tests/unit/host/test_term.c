/* SPDX-License-Identifier: Apache-2.0 */
/* The terminal is as it was, however the process ends. */
#include "unit/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "host/host.h"

struct pty {
    int master, slave;
    struct termios before;
};

static int set_up(void **state)
{
    struct pty *pty = calloc(1, sizeof *pty);

    *state = pty; /* whoever called frees it if this fails */
    pty->master = posix_openpt(O_RDWR | O_NOCTTY);
    if (pty->master < 0 || grantpt(pty->master) || unlockpt(pty->master))
        return -1;
    pty->slave = open(ptsname(pty->master), O_RDWR | O_NOCTTY);
    return pty->slave < 0 || tcgetattr(pty->slave, &pty->before);
}

static int tear_down(void **state)
{
    struct pty *pty = *state;

    close(pty->slave);
    close(pty->master);
    free(pty);
    return 0;
}

static bool is_raw(const struct pty *pty)
{
    struct termios now;

    assert_int_equal(tcgetattr(pty->slave, &now), 0);
    return !(now.c_lflag & (ICANON | ECHO | ISIG));
}

/* The guard works in its own time: up to ten seconds. */
static bool becomes_cooked(const struct pty *pty)
{
    for (int i = 0; i < 1000 && is_raw(pty); i++)
        usleep(10000);
    return !is_raw(pty);
}

static void restore_puts_the_settings_back(void **state)
{
    const struct pty *pty = *state;
    struct host_term *term;
    struct termios after;

    assert_false(is_raw(pty));
    assert_int_equal(host_term_raw(pty->slave, &term), CBIT_OK);
    assert_true(is_raw(pty));
    host_term_restore(term);
    assert_int_equal(tcgetattr(pty->slave, &after), 0);
    assert_int_equal(after.c_lflag, pty->before.c_lflag);
    assert_int_equal(after.c_iflag, pty->before.c_iflag);
}

static void a_killed_process_leaves_a_usable_terminal(void **state)
{
    const struct pty *pty = *state;
    int ready[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    const pid_t child = fork();

    if (child == 0) {
        struct host_term *term;
        const bool raw = host_term_raw(pty->slave, &term) == CBIT_OK;

        if (write(ready[1], raw ? "y" : "n", 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 'y');
    assert_true(is_raw(pty));
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(becomes_cooked(pty));
    close(ready[0]);
    close(ready[1]);
}

static void what_is_no_terminal_is_refused(void **state)
{
    struct host_term *term;
    int ends[2];

    (void)state;
    assert_int_equal(pipe(ends), 0);
    assert_false(host_is_terminal(ends[0]));
    assert_int_equal(host_term_raw(ends[0], &term), CBIT_IO);
    close(ends[0]);
    close(ends[1]);
}

static bool has_pty(void)
{
    void *pty = NULL;
    const bool ok = set_up(&pty) == 0;

    if (ok)
        tear_down(&pty);
    else
        free(pty);
    return ok;
}

int main(void)
{
    if (!has_pty()) {
        puts("1..0 # SKIP no pseudo terminal on this host (devpts)");
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(restore_puts_the_settings_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_killed_process_leaves_a_usable_terminal, set_up, tear_down),
        cmocka_unit_test(what_is_no_terminal_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
