/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox by libseccomp: a list of what is refused, since a C library's own
 * calls change from release to release.
 */
#include "host/sandbox.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/prctl.h>

static const int refused[] = {
    SCMP_SYS(execve),       SCMP_SYS(execveat),    SCMP_SYS(ptrace),       SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev), SCMP_SYS(fork),   SCMP_SYS(vfork),        SCMP_SYS(mount),
    SCMP_SYS(umount2),      SCMP_SYS(pivot_root),  SCMP_SYS(chroot),       SCMP_SYS(setns),
    SCMP_SYS(unshare),      SCMP_SYS(bpf),         SCMP_SYS(kexec_load),   SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(delete_module), SCMP_SYS(reboot),     SCMP_SYS(swapon),
    SCMP_SYS(swapoff),      SCMP_SYS(setuid),      SCMP_SYS(setgid),       SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),    SCMP_SYS(keyctl),      SCMP_SYS(add_key),      SCMP_SYS(request_key),
    SCMP_SYS(perf_event_open), SCMP_SYS(open_by_handle_at), SCMP_SYS(userfaultfd),
    SCMP_SYS(connect),      SCMP_SYS(bind),
};

static bool action_of(const char *option, uint32_t *action)
{
    static const struct {
        const char *name;
        uint32_t action;
    } words[] = {
        {"action=kill", SCMP_ACT_KILL_PROCESS},
        {"action=log", SCMP_ACT_LOG},
        {"action=none", SCMP_ACT_ALLOW},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(words); i++) {
        if (strcmp(option ? option : "action=kill", words[i].name) == 0) {
            *action = words[i].action;
            return true;
        }
    }
    return false;
}

enum cbit_status host_sandbox_service(const char *option)
{
    scmp_filter_ctx filter;
    uint32_t action;
    bool ok = true;

    if (!action_of(option, &action))
        return CBIT_INVALID;
    if (action == SCMP_ACT_ALLOW)
        return CBIT_OK;
    filter = seccomp_init(SCMP_ACT_ALLOW);
    if (filter == NULL)
        return CBIT_NO_MEMORY;
    for (size_t i = 0; ok && i < CB_ARRAY_LEN(refused); i++)
        ok = seccomp_rule_add(filter, action, refused[i], 0) == 0;
    ok = ok && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return ok ? CBIT_OK : CBIT_IO;
}
