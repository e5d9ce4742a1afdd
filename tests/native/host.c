/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs an instruction on this processor.  Falling through costs no signal: a
 * jump behind the instruction leads out.  Faults, and int3 at the targets of
 * branches, arrive as signals on a stack of their own, and the handler takes
 * the registers from the frame.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "native.h"

int nt_enter(void); /* 0: fell through, 1: came back by a signal */
extern const char nt_exit[], nt_resume[];
void nt_signal(int sig, siginfo_t *info, void *context);
void nt_signal_c(int sig, siginfo_t *info, void *context);

/* At NT_HOST; offsets are known to enter.S. */
struct area {
    uint64_t in_gpr[16];
    uint64_t in_flags;
    uint64_t target;
    uint64_t host_rsp;
    uint32_t host_mxcsr;
    uint16_t host_cw;
    uint64_t out_gpr[16];
    uint64_t out_flags;
    uint8_t in_fx[512] __attribute__((aligned(64)));
    uint8_t out_fx[512] __attribute__((aligned(512)));
    uint64_t out_rip;
    uint64_t trap, error, cr2;
    uint64_t exit; /* where the jump behind the instruction reads its target */
};
_Static_assert(offsetof(struct area, in_flags) == 128 && offsetof(struct area, out_gpr) == 160 &&
               offsetof(struct area, out_flags) == 288 && offsetof(struct area, in_fx) == 320 &&
               offsetof(struct area, out_fx) == 1024, "enter.S has these offsets");

struct nt_host {
    struct area *area;
    uint8_t *code;   /* writable alias of the code page */
    uint64_t end;    /* of the instruction */
    void *signal_stack;
};

#define EXIT_JUMP 6u /* FF 25 rel32 */

void nt_signal_c(int sig, siginfo_t *info, void *context)
{
    struct area *area = (struct area *)NT_HOST;
    ucontext_t *uc = context;
    greg_t *g = uc->uc_mcontext.gregs;
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI,
                                  REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13,
                                  REG_R14, REG_R15};

    (void)info;
    if ((uint64_t)g[REG_RIP] - NT_CODE > CB_PAGE_SIZE) { /* not the instruction: our own bug */
        signal(sig, SIG_DFL);
        return;
    }
    for (unsigned k = 0; k < 16; k++)
        area->out_gpr[k] = (uint64_t)g[order[k]];
    area->out_flags = (uint64_t)g[REG_EFL];
    area->out_rip = (uint64_t)g[REG_RIP];
    area->trap = (uint64_t)g[REG_TRAPNO];
    area->error = (uint64_t)g[REG_ERR];
    area->cr2 = (uint64_t)g[REG_CR2];
    memcpy(area->out_fx, uc->uc_mcontext.fpregs, 512);
    g[REG_RIP] = (greg_t)(uintptr_t)nt_resume;
    g[REG_RSP] = (greg_t)area->host_rsp;
    g[REG_EFL] = 2;
}

static void *map_at(uint64_t at, size_t len, int prot, int fd)
{
    void *p = mmap((void *)at, len, prot, // NOLINT: the arena's addresses are fixed
                   (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) | MAP_FIXED_NOREPLACE, fd, 0);

    return p == MAP_FAILED || (uint64_t)p != at ? NULL : p;
}

static bool map_arena(struct nt_host *host, int fd)
{
    const size_t before = NT_DATA - NT_SAFE_LOW;
    uint8_t *safe = map_at(NT_SAFE_LOW, NT_SAFE_HIGH - NT_SAFE_LOW, PROT_NONE, -1);

    host->code = mmap(NULL, CB_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    host->area = map_at(NT_HOST, CB_PAGE_SIZE, PROT_READ | PROT_WRITE, -1);
    return safe && host->code != MAP_FAILED && host->area &&
           map_at(NT_CODE, CB_PAGE_SIZE, PROT_READ | PROT_EXEC, fd) &&
           mprotect(safe + before, NT_DATA_SIZE, PROT_READ | PROT_WRITE) == 0 &&
           mprotect(safe + (NT_READONLY - NT_SAFE_LOW), CB_PAGE_SIZE, PROT_READ) == 0;
}

static bool take_signals(struct nt_host *host)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    const size_t size = 256 * 1024;
    stack_t stack = {.ss_size = size, .ss_sp = malloc(size)};
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};

    host->signal_stack = stack.ss_sp;
    if (!stack.ss_sp || sigaltstack(&stack, NULL) != 0)
        return false;
    action.sa_sigaction = nt_signal;
    for (size_t k = 0; k < CB_ARRAY_LEN(signals); k++)
        if (sigaction(signals[k], &action, NULL) != 0)
            return false;
    return true;
}

struct nt_host *nt_host_new(const char **why)
{
    struct nt_host *host = calloc(1, sizeof(*host));
    const int fd = memfd_create("native-code", 0);

    if (!host || fd < 0 || ftruncate(fd, CB_PAGE_SIZE) != 0 || !map_arena(host, fd)) {
        *why = "the arena's addresses are not free";
        return NULL;
    }
    close(fd);
    if (!take_signals(host)) {
        *why = "no signal handlers";
        return NULL;
    }
    host->area->exit = (uint64_t)(uintptr_t)nt_exit;
    return host;
}

/* The arena stays mapped: it is the process's own. */
void nt_host_free(struct nt_host *host)
{
    const stack_t none = {.ss_flags = SS_DISABLE};

    sigaltstack(&none, NULL);
    free(host->signal_stack);
    free(host);
}

void nt_host_load(struct nt_host *host, const struct nt_insn *insn)
{
    const uint64_t exit_pointer = NT_HOST + offsetof(struct area, exit);
    uint8_t *at = host->code + (NT_ENTRY - NT_CODE);

    memset(host->code, 0xcc, CB_PAGE_SIZE);
    memcpy(at, insn->bytes, insn->len);
    host->end = NT_ENTRY + insn->len;
    at[insn->len] = 0xff;
    at[insn->len + 1] = 0x25;
    cb_store_le32(at + insn->len + 2, (uint32_t)(exit_pointer - (host->end + EXIT_JUMP)));
}

uint8_t *nt_host_data(struct nt_host *host)
{
    (void)host;
    return (uint8_t *)NT_DATA;
}

void nt_host_run(struct nt_host *host, const struct nt_state *in, struct nt_state *out)
{
    struct area *area = host->area;

    memcpy(area->in_gpr, in->gpr, sizeof(in->gpr));
    memcpy(area->in_fx, in->fx, sizeof(in->fx));
    area->in_flags = in->rflags;
    area->target = NT_ENTRY;
    out->vector = NT_NO_FAULT;
    out->error = 0;
    out->cr2 = 0;
    out->rip = host->end;
    if (nt_enter() != 0) {
        out->rip = area->out_rip;
        if (area->trap == 3) {
            out->rip--; /* the int3 at a branch's target */
        } else {
            out->vector = (unsigned)area->trap;
            out->error = (uint32_t)area->error;
            out->cr2 = area->trap == 14 ? area->cr2 : 0;
        }
    }
    memcpy(out->gpr, area->out_gpr, sizeof(out->gpr));
    memcpy(out->fx, area->out_fx, sizeof(out->fx));
    out->rflags = area->out_flags;
}
