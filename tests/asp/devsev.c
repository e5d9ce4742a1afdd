/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every command of <linux/psp-sev.h> against whatever answers /dev/sev: prints
 * what came back in a form that is the same on every chip, so that two answers
 * can be compared as text.  Knows nothing of cbit.
 *
 *   devsev            the whole walk; exit 0 if every answer was what Linux's driver gives
 *   devsev time N     N times PLATFORM_STATUS, prints microseconds a call
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/psp-sev.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SEV_STATE_UNINIT, SEV_STATE_INIT }; /* the header leaves them to the specification */

static int wrong;

static const char *errno_name(int result)
{
    if (result == 0)
        return "ok";
    switch (errno) {
    case EIO: return "EIO";
    case EINVAL: return "EINVAL";
    case EPERM: return "EPERM";
    case EFAULT: return "EFAULT";
    case EBUSY: return "EBUSY";
    default: return strerror(errno);
    }
}

/* Issues cmd, prints its outcome, and checks it against what is wanted. */
static int issue(int fd, const char *name, unsigned cmd, void *data, const char *want, unsigned fw)
{
    struct sev_issue_cmd arg = {.cmd = cmd, .data = (uintptr_t)data, .error = 0xabcd};
    const int result = ioctl(fd, SEV_ISSUE_CMD, &arg);
    const char *got = errno_name(result);

    printf("%-24s %-7s firmware %#x\n", name, got, arg.error);
    if (strcmp(got, want) != 0 || arg.error != fw) {
        printf("  WRONG: wanted %s, firmware %#x\n", want, fw);
        wrong++;
    }
    return result;
}

static void check(const char *what, int holds)
{
    printf("%-24s %s\n", what, holds ? "yes" : "NO");
    wrong += !holds;
}

#define UNTOUCHED 0xabcd /* no command was sent: the field is as it was */
#define INVALID_LEN 4

static void status(int fd, const char *name, unsigned state)
{
    struct sev_user_data_status s = {0};

    issue(fd, name, SEV_PLATFORM_STATUS, &s, "ok", 0);
    printf("  api %u.%u build %u state %u flags %#x guests %u\n", s.api_major, s.api_minor, s.build,
           s.state, s.flags, s.guest_count);
    check("  state as expected", s.state == state);
}

static uint8_t pdh[2][0x4000], chain[2][0x4000], csr[0x4000];

static void export_chain(int fd, int slot)
{
    struct sev_user_data_pdh_cert_export e = {0};

    issue(fd, "PDH_CERT_EXPORT query", SEV_PDH_CERT_EXPORT, &e, "EIO", INVALID_LEN);
    printf("  lengths %#x %#x\n", e.pdh_cert_len, e.cert_chain_len);
    e.pdh_cert_address = (uintptr_t)pdh[slot];
    e.cert_chain_address = (uintptr_t)chain[slot];
    e.pdh_cert_len--;
    issue(fd, "PDH_CERT_EXPORT short", SEV_PDH_CERT_EXPORT, &e, "EIO", INVALID_LEN);
    issue(fd, "PDH_CERT_EXPORT", SEV_PDH_CERT_EXPORT, &e, "ok", 0);
    check("  PDH, version 1", pdh[slot][0] == 1 && pdh[slot][8] == 3 && pdh[slot][9] == 0x10);
}

static void identity(int fd)
{
    static uint8_t id[128], id2[128];
    struct sev_user_data_get_id2 g = {0};

    issue(fd, "GET_ID", SEV_GET_ID, id, "ok", 0);
    issue(fd, "GET_ID2 query", SEV_GET_ID2, &g, "EIO", INVALID_LEN);
    printf("  length %u\n", g.length);
    g.address = (uintptr_t)id2;
    issue(fd, "GET_ID2", SEV_GET_ID2, &g, "ok", 0);
    check("  both ids agree", memcmp(id, id2, 64) == 0 && g.length == 64);
}

static void ownership(int fd)
{
    struct sev_user_data_pek_csr c = {0};
    struct sev_user_data_pek_cert_import i = {0};

    export_chain(fd, 0);
    issue(fd, "PDH_GEN", SEV_PDH_GEN, NULL, "ok", 0);
    export_chain(fd, 1);
    check("  PDH_GEN changed the PDH", memcmp(pdh[0], pdh[1], 2084) != 0);
    check("  but not the chain", memcmp(chain[0], chain[1], 3 * 2084) == 0);
    issue(fd, "PEK_GEN", SEV_PEK_GEN, NULL, "ok", 0);
    export_chain(fd, 0);
    check("  PEK_GEN changed the chain", memcmp(chain[0], chain[1], 3 * 2084) != 0);
    issue(fd, "PEK_CSR query", SEV_PEK_CSR, &c, "EIO", INVALID_LEN);
    printf("  length %#x\n", c.length);
    c.address = (uintptr_t)csr;
    issue(fd, "PEK_CSR", SEV_PEK_CSR, &c, "ok", 0);
    check("  it is the PEK's body", memcmp(csr + 8, chain[0] + 8, 0x40c) == 0);
    issue(fd, "PEK_CERT_IMPORT nothing", SEV_PEK_CERT_IMPORT, &i, "EINVAL", UNTOUCHED);
    i = (struct sev_user_data_pek_cert_import){(uintptr_t)csr, 2084, (uintptr_t)pdh[0], 2084};
    issue(fd, "PEK_CERT_IMPORT unsigned", SEV_PEK_CERT_IMPORT, &i, "EIO", 6);
}

static void refusals(int fd)
{
    const int reader = open("/dev/sev", O_RDONLY);

    issue(fd, "no such command", 99, NULL, "EINVAL", UNTOUCHED);
    issue(fd, "PLATFORM_STATUS to NULL", SEV_PLATFORM_STATUS, NULL, "EFAULT", 0);
    issue(fd, "PEK_CSR from NULL", SEV_PEK_CSR, NULL, "EFAULT", UNTOUCHED);
    check("ioctl of another kind", ioctl(fd, _IO('S', 1), 0) < 0 && errno == EINVAL);
    check("argument at NULL", ioctl(fd, SEV_ISSUE_CMD, NULL) < 0 && errno == EFAULT);
    issue(reader, "reader: PEK_GEN", SEV_PEK_GEN, NULL, "EPERM", UNTOUCHED);
    status(reader, "reader: PLATFORM_STATUS", SEV_STATE_INIT);
    close(reader);
}

/* A child that inherited the descriptor has memory of its own. */
static void forked(int fd)
{
    const pid_t child = fork();
    int code = 1;

    if (child == 0) {
        struct sev_user_data_status s = {0};
        struct sev_issue_cmd arg = {.cmd = SEV_PLATFORM_STATUS, .data = (uintptr_t)&s};

        _exit(ioctl(dup(fd), SEV_ISSUE_CMD, &arg) != 0 || s.api_major + s.api_minor == 0);
    }
    waitpid(child, &code, 0);
    check("a forked process, too", code == 0);
}

static int timing(int fd, int n)
{
    struct sev_user_data_status s;
    struct sev_issue_cmd arg = {.cmd = SEV_PLATFORM_STATUS, .data = (uintptr_t)&s};
    struct timespec a, b;

    clock_gettime(CLOCK_MONOTONIC, &a);
    for (int i = 0; i < n; i++) {
        if (ioctl(fd, SEV_ISSUE_CMD, &arg) != 0)
            return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &b);
    printf("%.2f\n", ((double)(b.tv_sec - a.tv_sec) * 1e6 + (double)(b.tv_nsec - a.tv_nsec) / 1e3) / n);
    return 0;
}

int main(int argc, char **argv)
{
    struct stat st;
    const int fd = open("/dev/sev", O_RDWR);

    if (fd < 0) {
        perror("/dev/sev");
        return 2;
    }
    if (argc == 3 && strcmp(argv[1], "time") == 0)
        return timing(fd, atoi(argv[2]));
    check("a character device", stat("/dev/sev", &st) == 0 && S_ISCHR(st.st_mode));
    check("its descriptor, too", fstat(fd, &st) == 0 && S_ISCHR(st.st_mode));
    status(fd, "PLATFORM_STATUS", SEV_STATE_INIT);
    identity(fd);
    ownership(fd);
    refusals(fd);
    forked(fd);
    issue(fd, "FACTORY_RESET", SEV_FACTORY_RESET, NULL, "ok", 0);
    status(fd, "PLATFORM_STATUS after", SEV_STATE_UNINIT);
    export_chain(fd, 0);
    status(fd, "PLATFORM_STATUS at last", SEV_STATE_INIT);
    printf("%d wrong\n", wrong);
    return wrong != 0;
}
