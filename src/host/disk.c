/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A raw disk image as a file.  A snapshot is a private mapping of the file: reads
 * see it, writes stay in this process and are gone with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <linux/fs.h>
#include <unistd.h>

#include "host/host.h"

#define SECTOR 512u

struct host_disk {
    int fd;
    enum host_disk_mode mode;
    uint64_t size;
    uint8_t *map; /* HOST_DISK_SNAPSHOT */
};

static bool size_of(int fd, uint64_t *size)
{
    struct stat st;

    if (fstat(fd, &st))
        return false;
    if (S_ISBLK(st.st_mode))
        return ioctl(fd, BLKGETSIZE64, size) == 0;
    *size = (uint64_t)st.st_size;
    return S_ISREG(st.st_mode);
}

static enum cbit_status take_file(struct host_disk *disk)
{
    if (!size_of(disk->fd, &disk->size))
        return CBIT_IO;
    if (disk->size == 0 || disk->size % SECTOR || disk->size > INT64_MAX)
        return CBIT_INVALID;
    /* two machines may read one image, but only one may write it */
    if (flock(disk->fd, (disk->mode == HOST_DISK_WRITE ? LOCK_EX : LOCK_SH) | LOCK_NB))
        return errno == EWOULDBLOCK ? CBIT_BUSY : CBIT_IO;
    if (disk->mode != HOST_DISK_SNAPSHOT)
        return CBIT_OK;
    disk->map = mmap(NULL, disk->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE,
                     disk->fd, 0);
    if (disk->map == MAP_FAILED) {
        disk->map = NULL;
        return CBIT_NO_MEMORY;
    }
    return CBIT_OK;
}

enum cbit_status host_disk_extend(const char *path, uint64_t size)
{
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    enum cbit_status status = CBIT_IO;
    struct stat st;

    if (size > INT64_MAX)
        errno = EFBIG;
    else if (fd >= 0 && !fstat(fd, &st) &&
             ((uint64_t)st.st_size >= size || !ftruncate(fd, (off_t)size)))
        status = CBIT_OK;
    if (fd >= 0)
        close(fd);
    return status;
}

enum cbit_status host_disk_open(const char *path, enum host_disk_mode mode, struct host_disk **out)
{
    struct host_disk *disk = calloc(1, sizeof *disk);

    if (!disk)
        return CBIT_NO_MEMORY;
    disk->mode = mode;
    disk->fd = open(path, (mode == HOST_DISK_WRITE ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    const enum cbit_status status = disk->fd < 0 ? CBIT_IO : take_file(disk);

    if (status) {
        const int keep = errno;

        host_disk_close(disk);
        errno = keep;
        return status;
    }
    *out = disk;
    return CBIT_OK;
}

void host_disk_close(struct host_disk *disk)
{
    if (!disk)
        return;
    if (disk->map)
        munmap(disk->map, disk->size);
    if (disk->fd >= 0)
        close(disk->fd);
    free(disk);
}

uint64_t host_disk_size(const struct host_disk *disk)
{
    return disk->size;
}

bool host_disk_read(void *ctx, uint64_t at, void *to, size_t len)
{
    const struct host_disk *disk = ctx;
    uint8_t *bytes = to;

    if (!cb_range_ok(at, len, disk->size))
        return false;
    if (disk->map) {
        memcpy(to, disk->map + at, len);
        return true;
    }
    while (len > 0) {
        const ssize_t n = pread(disk->fd, bytes, len, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

bool host_disk_write(void *ctx, uint64_t at, const void *from, size_t len)
{
    const struct host_disk *disk = ctx;
    const uint8_t *bytes = from;

    if (disk->mode == HOST_DISK_READ_ONLY || !cb_range_ok(at, len, disk->size))
        return false;
    if (disk->map) {
        memcpy(disk->map + at, from, len);
        return true;
    }
    while (len > 0) {
        const ssize_t n = pwrite(disk->fd, bytes, len, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

bool host_disk_flush(void *ctx)
{
    const struct host_disk *disk = ctx;

    return disk->mode != HOST_DISK_WRITE || fdatasync(disk->fd) == 0;
}
