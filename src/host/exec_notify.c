/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers any program by seccomp's user notification: calls that may name
 * /dev/sev wait until this supervisor has looked at them.  Whatever is not about
 * the device goes on in the kernel as if nobody had asked.
 *
 * This adds a device, it guards nothing: a program that changes a path between
 * our look and the kernel's only deceives itself.
 */
#include "host/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

struct host_exec_notify {
    int fd;
    char token[128];
    struct stat token_stat;
    const struct host_devsev_firmware *firmware;
    struct seccomp_notif *ask;
    struct seccomp_notif_resp *answer;
};

/*
 * Which arguments are the folder and the path; -1: none.  Where dir is given and
 * the path is empty, or is not given, the call is about the descriptor dir.
 */
struct watched {
    int call;
    signed char dir, path;
    bool (*act)(struct host_exec_notify *notify, const struct watched *row);
};

static bool act_open(struct host_exec_notify *notify, const struct watched *row);
static bool act_stat(struct host_exec_notify *notify, const struct watched *row);
static bool act_statx(struct host_exec_notify *notify, const struct watched *row);
static bool act_access(struct host_exec_notify *notify, const struct watched *row);
static bool act_fstat(struct host_exec_notify *notify, const struct watched *row);

static const struct watched watched[] = {
    {SCMP_SYS(openat), 0, 1, act_open},        {SCMP_SYS(open), -1, 0, act_open},
    {SCMP_SYS(newfstatat), 0, 1, act_stat},    {SCMP_SYS(stat), -1, 0, act_stat},
    {SCMP_SYS(lstat), -1, 0, act_stat},        {SCMP_SYS(statx), 0, 1, act_statx},
    {SCMP_SYS(faccessat), 0, 1, act_access},   {SCMP_SYS(faccessat2), 0, 1, act_access},
    {SCMP_SYS(access), -1, 0, act_access},     {SCMP_SYS(fstat), 0, -1, act_fstat},
};

bool host_exec_notify_offered(void)
{
    struct seccomp_notif_sizes sizes;

    return syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0;
}

int host_exec_notify_install(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool ok = filter != NULL;
    int fd = -1;

    for (size_t i = 0; ok && i < CB_ARRAY_LEN(watched); i++)
        ok = seccomp_rule_add(filter, SCMP_ACT_NOTIFY, watched[i].call, 0) == 0;
    ok = ok && seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), 1, /* of its type */
                                SCMP_A1(SCMP_CMP_MASKED_EQ, 0xff00,
                                        WIRE_DEVSEV_ISSUE_CMD & 0xff00)) == 0;
    if (ok && seccomp_load(filter) == 0)
        fd = fcntl(seccomp_notify_fd(filter), F_DUPFD_CLOEXEC, 3);
    if (filter != NULL)
        seccomp_release(filter);
    return fd;
}

/* ---- what the asking process means ---- */

static struct host_exec_memory memory_of(const struct host_exec_notify *notify)
{
    return (struct host_exec_memory){(int)notify->ask->pid};
}

/* A NUL-terminated string of at most size bytes, read a page at a time. */
static bool read_text(struct host_exec_notify *notify, uint64_t at, char *to, size_t size)
{
    struct host_exec_memory memory = memory_of(notify);
    const struct host_devsev_user user = host_exec_user(&memory);
    size_t done = 0;

    while (done < size) {
        size_t n = CB_PAGE_SIZE - ((at + done) & (CB_PAGE_SIZE - 1));

        if (n > size - done)
            n = size - done;
        if (!user.read(user.ctx, at + done, to + done, n))
            return false;
        if (memchr(to + done, 0, n) != NULL)
            return true;
        done += n;
    }
    return false;
}

static bool dir_is_dev(const struct host_exec_notify *notify, const struct watched *row)
{
    char link[64];
    char target[8];
    ssize_t n;
    const int dir = row->dir < 0 ? AT_FDCWD : (int)notify->ask->data.args[row->dir];

    if (dir == AT_FDCWD)
        snprintf(link, sizeof(link), "/proc/%u/cwd", notify->ask->pid);
    else
        snprintf(link, sizeof(link), "/proc/%u/fd/%d", notify->ask->pid, dir);
    n = readlink(link, target, sizeof(target));
    return n == 4 && memcmp(target, "/dev", 4) == 0;
}

/* Is the descriptor one of the token, and open for writing? */
static bool is_token_fd(const struct host_exec_notify *notify, int fd, bool *writable)
{
    char path[64];
    char line[128];
    struct stat st;
    unsigned flags = 0;
    FILE *info;

    snprintf(path, sizeof(path), "/proc/%u/fd/%d", notify->ask->pid, fd);
    if (stat(path, &st) != 0 || st.st_dev != notify->token_stat.st_dev ||
        st.st_ino != notify->token_stat.st_ino)
        return false;
    snprintf(path, sizeof(path), "/proc/%u/fdinfo/%d", notify->ask->pid, fd);
    info = fopen(path, "re");
    while (info != NULL && fgets(line, sizeof(line), info) != NULL) {
        if (sscanf(line, "flags: %o", &flags) == 1)
            break;
    }
    if (info != NULL)
        fclose(info);
    *writable = (flags & O_ACCMODE) != O_RDONLY;
    return true;
}

static bool names_device(struct host_exec_notify *notify, const struct watched *row)
{
    const int fd = row->dir < 0 ? -1 : (int)notify->ask->data.args[(int)row->dir];
    char path[64] = "";
    bool writable;

    if (row->path >= 0 &&
        !read_text(notify, notify->ask->data.args[(int)row->path], path, sizeof(path)))
        return false;
    if (path[0] == '\0')
        return fd >= 0 && is_token_fd(notify, fd, &writable);
    if (path[0] != '/')
        return strcmp(path, "sev") == 0 && dir_is_dev(notify, row);
    return strcmp(path, WIRE_DEVSEV_PATH) == 0;
}

/* ---- one answer a kind of call; false: the call goes on in the kernel ---- */

static bool answer(struct host_exec_notify *notify, int error)
{
    notify->answer->error = error;
    notify->answer->val = 0;
    return true;
}

static bool act_open(struct host_exec_notify *notify, const struct watched *row)
{
    const int flags = (int)notify->ask->data.args[row->path + 1];
    const int fd = open(notify->token, (flags & (O_ACCMODE | O_NONBLOCK)) | O_CLOEXEC);
    struct seccomp_notif_addfd add = {.id = notify->ask->id, .srcfd = (uint32_t)fd,
                                      .newfd_flags = flags & O_CLOEXEC ? O_CLOEXEC : 0};
    int theirs;

    if (fd < 0)
        return answer(notify, -errno);
    theirs = ioctl(notify->fd, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
    if (theirs < 0)
        answer(notify, -errno);
    else
        notify->answer->val = theirs;
    close(fd);
    return true;
}

static bool give(struct host_exec_notify *notify, uint64_t at, const void *from, size_t len)
{
    struct host_exec_memory memory = memory_of(notify);
    const struct host_devsev_user user = host_exec_user(&memory);

    return answer(notify, user.write(user.ctx, at, from, len) ? 0 : -EFAULT);
}

static bool act_stat(struct host_exec_notify *notify, const struct watched *row)
{
    struct stat st = notify->token_stat; /* the kernel's layout on x86-64 */

    st.st_mode = S_IFCHR | WIRE_DEVSEV_MODE;
    st.st_rdev = makedev(WIRE_DEVSEV_MAJOR, WIRE_DEVSEV_MINOR);
    return give(notify, notify->ask->data.args[row->path + 1], &st, sizeof(st));
}

static bool act_fstat(struct host_exec_notify *notify, const struct watched *row)
{
    (void)row; /* the buffer follows the descriptor, as it would follow a path there */
    return act_stat(notify, &(const struct watched){.path = 0});
}

static bool act_statx(struct host_exec_notify *notify, const struct watched *row)
{
    struct statx st;

    if (statx(AT_FDCWD, notify->token, 0, (unsigned)notify->ask->data.args[3], &st) != 0)
        return answer(notify, -errno);
    st.stx_mode = S_IFCHR | WIRE_DEVSEV_MODE;
    st.stx_rdev_major = WIRE_DEVSEV_MAJOR;
    st.stx_rdev_minor = WIRE_DEVSEV_MINOR;
    return give(notify, notify->ask->data.args[row->path + 3], &st, sizeof(st));
}

static bool act_access(struct host_exec_notify *notify, const struct watched *row)
{
    const int mode = (int)notify->ask->data.args[row->path + 1];

    return answer(notify, access(notify->token, mode) == 0 ? 0 : -errno);
}

static bool act_ioctl(struct host_exec_notify *notify)
{
    struct host_exec_memory memory = memory_of(notify);
    const struct host_devsev_user user = host_exec_user(&memory);
    bool writable;

    if (!is_token_fd(notify, (int)notify->ask->data.args[0], &writable))
        return false;
    return answer(notify, host_devsev_ioctl(notify->firmware, &user, writable,
                                            notify->ask->data.args[1], notify->ask->data.args[2]));
}

static bool act(struct host_exec_notify *notify)
{
    const int call = notify->ask->data.nr;

    if (call == SCMP_SYS(ioctl))
        return act_ioctl(notify);
    for (size_t i = 0; i < CB_ARRAY_LEN(watched); i++) {
        if (watched[i].call == call)
            return names_device(notify, &watched[i]) && watched[i].act(notify, &watched[i]);
    }
    return false;
}

/* ---- */

enum cbit_status host_exec_notify_new(int fd, const char *dir,
                                      const struct host_devsev_firmware *firmware,
                                      struct host_exec_notify **out)
{
    struct host_exec_notify *notify = calloc(1, sizeof(*notify));

    if (notify == NULL)
        return CBIT_NO_MEMORY;
    *out = notify;
    notify->fd = fd;
    notify->firmware = firmware;
    snprintf(notify->token, sizeof(notify->token), "%s/" WIRE_DEVSEV_TOKEN, dir);
    if (stat(notify->token, &notify->token_stat) != 0 ||
        seccomp_notify_alloc(&notify->ask, &notify->answer) != 0)
        return CBIT_IO;
    return CBIT_OK;
}

bool host_exec_notify_ready(struct host_exec_notify *notify)
{
    memset(notify->ask, 0, sizeof(*notify->ask)); /* the kernel insists */
    if (seccomp_notify_receive(notify->fd, notify->ask) != 0)
        return errno == EINTR || errno == ENOENT; /* that process is gone, others may be there */
    notify->answer->id = notify->ask->id;
    notify->answer->flags = 0;
    notify->answer->error = 0;
    notify->answer->val = 0;
    if (!act(notify))
        notify->answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
    (void)!seccomp_notify_respond(notify->fd, notify->answer); /* fails if the process was killed */
    return true;
}

void host_exec_notify_free(struct host_exec_notify *notify)
{
    if (notify == NULL)
        return;
    if (notify->ask != NULL)
        seccomp_notify_free(notify->ask, notify->answer);
    free(notify);
}
