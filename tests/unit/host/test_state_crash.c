/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power loss at any instant of a replacement: the system calls of
 * host_state_save are recorded, and every prefix of them is played on a model of
 * a disk that forgets, or keeps, or tears whatever was not synced.  What a
 * restart then finds must be the old file or the new one, whole.
 *
 * state_files.c is compiled into this program with its system calls replaced by
 * recorders that also carry them out.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"

enum kind { CREATE, WRITE, SYNC_FILE, RENAME, SYNC_FOLDER, UNLINK };

struct op {
    enum kind kind;
    char name[32], to[32];
    uint8_t data[64];
    size_t len;
};

#define MAX_OPS 16
static struct op ops[MAX_OPS];
static unsigned n_ops;
static int file_fd = -1; /* the file that is being written */

static struct op *record(enum kind kind, const char *name)
{
    struct op *op = &ops[n_ops++];

    assert_true(n_ops < MAX_OPS);
    *op = (struct op){.kind = kind};
    snprintf(op->name, sizeof(op->name), "%s", name);
    return op;
}

static int rec_openat(int folder, const char *name, int flags, ...)
{
    const int fd = openat(folder, name, flags, 0600);

    if (flags & O_CREAT) {
        record(CREATE, name);
        file_fd = fd;
    }
    return fd;
}

static enum cbit_status rec_write_all(int fd, const void *data, size_t len)
{
    struct op *op = record(WRITE, "");

    assert_int_equal(fd, file_fd);
    memcpy(op->data, data, len);
    op->len = len;
    return host_write_all(fd, data, len);
}

static int rec_fsync(int fd)
{
    record(fd == file_fd ? SYNC_FILE : SYNC_FOLDER, "");
    return fsync(fd);
}

static int rec_renameat(int a, const char *from, int b, const char *to)
{
    struct op *op = record(RENAME, from);

    snprintf(op->to, sizeof(op->to), "%s", to);
    file_fd = -1;
    return renameat(a, from, b, to);
}

static int rec_unlinkat(int folder, const char *name, int flags)
{
    record(UNLINK, name);
    return unlinkat(folder, name, flags);
}

#define openat rec_openat
#define fsync rec_fsync
#define renameat rec_renameat
#define unlinkat rec_unlinkat
#define host_write_all rec_write_all
#include "../../../src/host/state_files.c"
#undef openat
#undef fsync
#undef renameat
#undef unlinkat
#undef host_write_all

/* One file's bytes on the model disk, as cached and as surely on the medium. */
struct inode {
    uint8_t cached[64], synced[64];
    size_t cached_len, synced_len;
};

struct disk {
    struct inode node[4];
    unsigned n_nodes;
    int live[2];   /* node of "nv" and "nv.new", -1: no entry; as cached */
    int stable[2]; /* the same as surely on the medium */
};

static int slot(const char *name)
{
    return strcmp(name, "nv") != 0;
}

static void play(struct disk *d, const struct op *op)
{
    struct inode *node;

    switch (op->kind) {
    case CREATE:
        d->live[slot(op->name)] = (int)d->n_nodes;
        d->node[d->n_nodes++] = (struct inode){.cached_len = 0};
        break;
    case WRITE:
        node = &d->node[d->live[1]];
        memcpy(node->cached, op->data, op->len);
        node->cached_len = op->len;
        break;
    case SYNC_FILE:
        node = &d->node[d->live[1]];
        memcpy(node->synced, node->cached, sizeof(node->synced));
        node->synced_len = node->cached_len;
        break;
    case RENAME:
        d->live[slot(op->to)] = d->live[slot(op->name)];
        d->live[slot(op->name)] = -1;
        break;
    case SYNC_FOLDER:
        memcpy(d->stable, d->live, sizeof(d->stable));
        break;
    case UNLINK:
        d->live[slot(op->name)] = -1;
        break;
    }
}

/* After the loss: the folder's changes since its last sync reached the medium or not; so did data. */
static void restart(const struct disk *d, bool folder_kept, unsigned data_kept, char *out)
{
    const int at = folder_kept ? d->live[0] : d->stable[0];
    const struct inode *node;
    size_t len;

    if (at < 0) {
        strcpy(out, "(none)");
        return;
    }
    node = &d->node[at];
    if (data_kept == 0) { /* only what was synced */
        memcpy(out, node->synced, node->synced_len);
        len = node->synced_len;
    } else { /* all that was written, or the first half of it */
        len = data_kept == 1 ? node->cached_len : node->cached_len / 2;
        if (node->synced_len == node->cached_len)
            len = node->cached_len; /* synced data can't be torn */
        memcpy(out, node->cached, len);
    }
    out[len] = 0;
}

static void record_one_save(const char *text)
{
    char path[] = "/tmp/cbit-crash-XXXXXX", command[64];
    struct host_state *s;

    assert_non_null(mkdtemp(path));
    assert_int_equal(host_state_open(path, false, &s), CBIT_OK);
    n_ops = 0;
    assert_int_equal(host_state_save(s, "nv", text, strlen(text)), CBIT_OK);
    host_state_close(s);
    snprintf(command, sizeof(command), "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

/* "nv" holds the old text, safely on the medium. */
static struct disk old_disk(void)
{
    struct disk d = {.n_nodes = 1, .live = {0, -1}, .stable = {0, -1}};

    memcpy(d.node[0].cached, "old record", 10);
    memcpy(d.node[0].synced, "old record", 10);
    d.node[0].cached_len = d.node[0].synced_len = 10;
    return d;
}

static void every_prefix_leaves_the_old_or_the_new_file(void **state)
{
    (void)state;
    record_one_save("the new record");
    for (unsigned prefix = 0; prefix <= n_ops; prefix++) {
        struct disk d = old_disk();

        for (unsigned i = 0; i < prefix; i++)
            play(&d, &ops[i]);
        for (unsigned way = 0; way < 6; way++) {
            char seen[128];

            restart(&d, way & 1, way / 2, seen);
            if (strcmp(seen, "old record") != 0 && strcmp(seen, "the new record") != 0)
                fail_msg("after %u calls, way %u: \"%s\"", prefix, way, seen);
            if (prefix == n_ops)
                assert_string_equal(seen, "the new record"); /* success was reported */
        }
    }
}

static void dropping_either_sync_would_be_noticed(void **state)
{
    static const enum kind dropped[] = {SYNC_FILE, SYNC_FOLDER};

    (void)state;
    record_one_save("the new record");
    for (unsigned k = 0; k < 2; k++) {
        bool noticed = false;

        for (unsigned prefix = 0; prefix <= n_ops; prefix++) {
            struct disk d = old_disk();

            for (unsigned i = 0; i < prefix; i++)
                if (ops[i].kind != dropped[k])
                    play(&d, &ops[i]);
            for (unsigned way = 0; way < 6; way++) {
                char seen[128];

                restart(&d, way & 1, way / 2, seen);
                noticed |= prefix == n_ops ? strcmp(seen, "the new record") != 0
                                           : strcmp(seen, "old record") != 0 &&
                                                 strcmp(seen, "the new record") != 0;
            }
        }
        assert_true(noticed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_leaves_the_old_or_the_new_file),
        cmocka_unit_test(dropping_either_sync_would_be_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
