/* SPDX-License-Identifier: Apache-2.0 */
/* Files: whole reads, replacement that a crash cannot tear, sparse dumps. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host.h"

static enum cbit_status read_until_end(int fd, size_t max, struct host_bytes *out)
{
    size_t room = 0;

    for (;;) {
        if (out->len == room) {
            room = room ? room * 2 : 65536;
            uint8_t *more = realloc(out->data, room + 1);

            if (!more)
                return CBIT_NO_MEMORY;
            out->data = more;
        }
        const ssize_t n = read(fd, out->data + out->len, room - out->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CBIT_IO;
        if (n == 0)
            break;
        out->len += (size_t)n;
        if (out->len > max)
            return CBIT_RANGE;
    }
    out->data[out->len] = 0;
    return CBIT_OK;
}

enum cbit_status host_file_read(const char *path, size_t max, struct host_bytes *out)
{
    *out = (struct host_bytes){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return CBIT_IO;
    const enum cbit_status status = read_until_end(fd, max, out);
    const int keep = errno;

    close(fd);
    if (status)
        host_bytes_free(out);
    errno = keep;
    return status;
}

void host_bytes_free(struct host_bytes *bytes)
{
    if (bytes->data)
        cb_wipe(bytes->data, bytes->len);
    free(bytes->data);
    *bytes = (struct host_bytes){0};
}

enum cbit_status host_write_all(int fd, const void *data, size_t len)
{
    const uint8_t *at = data;

    while (len > 0) {
        const ssize_t n = write(fd, at, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return CBIT_IO;
        at += n;
        len -= (size_t)n;
    }
    return CBIT_OK;
}

static enum cbit_status sync_folder_of(const char *path)
{
    char copy[PATH_MAX];

    if (strlen(path) >= sizeof copy)
        return CBIT_RANGE;
    memcpy(copy, path, strlen(path) + 1);
    const int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return CBIT_IO;
    const int failed = fsync(fd);

    close(fd);
    return failed ? CBIT_IO : CBIT_OK;
}

static enum cbit_status write_and_sync(int fd, const void *data, size_t len, mode_t mode)
{
    if (fchmod(fd, mode) || host_write_all(fd, data, len) || fsync(fd))
        return CBIT_IO;
    return CBIT_OK;
}

enum cbit_status host_file_replace(const char *path, const void *data, size_t len, mode_t mode)
{
    char beside[PATH_MAX];
    const int n = snprintf(beside, sizeof beside, "%s.XXXXXX", path);

    if (n < 0 || (size_t)n >= sizeof beside)
        return CBIT_RANGE;
    const int fd = mkostemp(beside, O_CLOEXEC);

    if (fd < 0)
        return CBIT_IO;
    enum cbit_status status = write_and_sync(fd, data, len, mode);

    if (close(fd) && !status)
        status = CBIT_IO;
    if (!status && rename(beside, path))
        status = CBIT_IO;
    if (status) {
        const int keep = errno;

        unlink(beside);
        errno = keep;
        return status;
    }
    return sync_folder_of(path);
}

int host_dump_open(const char *path, uint64_t len)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    if (len > INT64_MAX || ftruncate(fd, (off_t)len)) {
        const int keep = errno;

        close(fd);
        errno = keep;
        return -1;
    }
    return fd;
}

enum cbit_status host_dump_write(int fd, uint64_t at, const void *data, size_t len)
{
    const uint8_t *bytes = data;

    for (size_t done = 0; done < len;) {
        const size_t part = len - done < CB_PAGE_SIZE ? len - done : CB_PAGE_SIZE;

        if (!cb_all_zero(bytes + done, part)) {
            const ssize_t n = pwrite(fd, bytes + done, part, (off_t)(at + done));

            if (n < 0 && errno == EINTR)
                continue;
            if (n != (ssize_t)part)
                return CBIT_IO;
        }
        done += part;
    }
    return CBIT_OK;
}

static bool make_one(const char *path, mode_t mode)
{
    return mkdir(path, mode) == 0 || errno == EEXIST;
}

enum cbit_status host_folder_make(const char *path)
{
    char part[PATH_MAX];

    if (strlen(path) >= sizeof part || !*path)
        return CBIT_RANGE;
    memcpy(part, path, strlen(path) + 1);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        if (!make_one(part, 0700))
            return CBIT_IO;
        *slash = '/';
    }
    return make_one(part, 0700) ? CBIT_OK : CBIT_IO;
}
