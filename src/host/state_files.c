/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The folder that is a chip: small files that are read whole and replaced
 * whole, mode 0600, one owner at a time.
 *
 * A replacement is write, fsync, rename, fsync of the folder: after a kill or a
 * power loss at any instant the file is the old one or the new one.  The lock
 * is flock() on the folder itself, so it ends with the process and leaves no
 * file behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"

struct host_state {
    int fd; /* of the folder, locked */
};

static enum cbit_status lock_folder(int fd)
{
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return CBIT_OK;
    return errno == EWOULDBLOCK ? CBIT_BUSY : CBIT_IO;
}

enum cbit_status host_state_open(const char *path, bool create, struct host_state **out)
{
    struct host_state *state;
    enum cbit_status status = create ? host_folder_make(path) : CBIT_OK;

    if (status != CBIT_OK)
        return status;
    state = malloc(sizeof(*state));
    if (!state)
        return CBIT_NO_MEMORY;
    state->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (state->fd < 0)
        status = errno == ENOENT ? CBIT_NOT_FOUND : CBIT_IO;
    else
        status = lock_folder(state->fd);
    if (status != CBIT_OK) {
        const int keep = errno;

        host_state_close(state);
        errno = keep;
        return status;
    }
    *out = state;
    return CBIT_OK;
}

void host_state_close(struct host_state *state)
{
    if (!state)
        return;
    if (state->fd >= 0)
        close(state->fd);
    free(state);
}

/* Up to size bytes and one more, to see that there are no more. */
static enum cbit_status read_all(int fd, uint8_t *buf, size_t size, size_t *len)
{
    *len = 0;
    for (;;) {
        uint8_t beyond;
        const bool full = *len == size;
        const ssize_t n = full ? read(fd, &beyond, 1) : read(fd, buf + *len, size - *len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CBIT_IO;
        if (n == 0)
            return CBIT_OK;
        if (full)
            return CBIT_RANGE;
        *len += (size_t)n;
    }
}

enum cbit_status host_state_load(const struct host_state *state, const char *name, uint8_t *buf,
                                 size_t size, size_t *len)
{
    const int fd = openat(state->fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum cbit_status status;
    int keep;

    if (fd < 0)
        return errno == ENOENT ? CBIT_NOT_FOUND : CBIT_IO;
    status = read_all(fd, buf, size, len);
    keep = errno;
    close(fd);
    errno = keep;
    return status;
}

static enum cbit_status write_new(int folder, const char *name, const void *data, size_t len)
{
    /* A killed writer may have left one; the lock says that nobody else writes it now. */
    const int fd = openat(folder, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    enum cbit_status status;

    if (fd < 0)
        return CBIT_IO;
    status = host_write_all(fd, data, len);
    if (status == CBIT_OK && (fchmod(fd, 0600) != 0 || fsync(fd) != 0))
        status = CBIT_IO;
    if (close(fd) != 0 && status == CBIT_OK)
        status = CBIT_IO;
    return status;
}

enum cbit_status host_state_save(const struct host_state *state, const char *name,
                                 const void *data, size_t len)
{
    char beside[NAME_MAX + 1];
    enum cbit_status status;
    const int n = snprintf(beside, sizeof(beside), "%s.new", name);

    if (n < 0 || (size_t)n >= sizeof(beside))
        return CBIT_RANGE;
    status = write_new(state->fd, beside, data, len);
    if (status == CBIT_OK && renameat(state->fd, beside, state->fd, name) != 0)
        status = CBIT_IO;
    if (status != CBIT_OK) {
        const int keep = errno;

        unlinkat(state->fd, beside, 0);
        errno = keep;
        return status;
    }
    return fsync(state->fd) == 0 ? CBIT_OK : CBIT_IO;
}
