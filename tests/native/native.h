/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The native instruction tester: one random user-mode instruction runs on this
 * processor and in the interpreter, from the same state, and everything that
 * the manual defines must be equal afterwards.
 *
 *   generate.c   a random instruction, and random states in which its memory
 *                accesses stay within the arena
 *   host.c       runs it here (enter.S: in and out; signals tell of faults)
 *   guest.c      runs it in the interpreter, faults delivered through an IDT
 *   compare.c    what must be equal, and what the manual leaves undefined
 */
#ifndef NATIVE_H
#define NATIVE_H

#include <Zydis/Zydis.h>

#include "base/base.h"

/*
 * The arena: the same linear addresses on both sides.  Nothing else lies within
 * SAFE_LOW .. SAFE_HIGH, so a stray access faults there on both sides too.
 */
#define NT_CODE UINT64_C(0x10000000)      /* a page, read and execute */
#define NT_ENTRY (NT_CODE + 0x800)        /* where the instruction starts */
#define NT_SAFE_LOW UINT64_C(0x1ff00000)
#define NT_DATA UINT64_C(0x20000000)      /* two pages, read and write; unmapped before and after */
#define NT_DATA_SIZE 0x2000u
#define NT_READONLY UINT64_C(0x20010000)  /* a page */
#define NT_UNMAPPED UINT64_C(0x20020000)
#define NT_SAFE_HIGH UINT64_C(0x20200000)
#define NT_HOST UINT64_C(0x30000000)      /* enter.S keeps its state here; this process only */
#define NT_NOT_CANONICAL UINT64_C(0x8000000000000000)

#define NT_NO_FAULT 256 /* as vector: reached the end, or the target of a branch */

struct nt_state {
    uint64_t gpr[16];     /* RAX RCX RDX RBX RSP RBP RSI RDI R8 .. R15 */
    uint64_t rip, rflags;
    uint8_t fx[512] __attribute__((aligned(64))); /* FXSAVE64's image */
    unsigned vector;      /* of the fault, or NT_NO_FAULT */
    uint32_t error;       /* error code, 0 where there is none */
    uint64_t cr2;         /* of a page fault, else 0 */
};

/* FXSAVE's image */
#define NT_FX_FCW 0
#define NT_FX_FSW 2
#define NT_FX_FTW 4
#define NT_FX_MXCSR 24
#define NT_FX_ST 32
#define NT_FX_XMM 160

struct nt_random { uint64_t s; };

static inline uint64_t nt_rand(struct nt_random *r)
{
    uint64_t z = r->s += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static inline uint64_t nt_below(struct nt_random *r, uint64_t n)
{
    return (nt_rand(r) >> 11) % n;
}

static inline bool nt_chance(struct nt_random *r, unsigned percent)
{
    return nt_below(r, 100) < percent;
}

struct nt_insn {
    uint8_t bytes[16];
    unsigned len;
    bool invalid;         /* one that every processor refuses: #UD */
    ZydisDecodedInstruction d;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};


/* Which optional instructions both sides have. */
struct nt_features {
    bool sse4a, sha;
};

/* ---- generate.c ---- */

void nt_insn_random(struct nt_random *r, const ZydisDecoder *decoder, struct nt_features has,
                    struct nt_insn *out);
/* Linear address of a memory operand, from the state before the instruction. */
uint64_t nt_address_of(const struct nt_insn *insn, const ZydisDecodedOperand *op,
                       const struct nt_state *s);
/* The arena's data as it is when the instruction starts. */
void nt_data_random(struct nt_random *r, uint8_t *data, size_t len);
/* False: no state was found that keeps the instruction within the arena; draw again. */
bool nt_state_random(struct nt_random *r, const struct nt_insn *insn, struct nt_state *out,
                     uint8_t *data);

/* ---- host.c ---- */

struct nt_host;
/* NULL and a reason in *why when this machine cannot. */
struct nt_host *nt_host_new(const char **why);
void nt_host_free(struct nt_host *host);
void nt_host_load(struct nt_host *host, const struct nt_insn *insn);
void nt_host_run(struct nt_host *host, const struct nt_state *in, struct nt_state *out);
uint8_t *nt_host_data(struct nt_host *host);

/* ---- guest.c ---- */

struct nt_guest;
struct nt_guest *nt_guest_new(void);
struct nt_features nt_features_of(const struct nt_guest *guest);
void nt_guest_free(struct nt_guest *guest);
void nt_guest_load(struct nt_guest *guest, const struct nt_insn *insn);
void nt_guest_run(struct nt_guest *guest, const struct nt_state *in, struct nt_state *out);
uint8_t *nt_guest_data(struct nt_guest *guest);

/* ---- compare.c ---- */

/*
 * Processors record FIP, FDP and FOP in ways of their own; forgets them in an image that
 * the instruction stored, on one side.
 */
void nt_forget_pointers(const struct nt_insn *insn, const struct nt_state *in, uint8_t *data);
/* Number of differences that the manual does not allow; text: one line each. */
unsigned nt_compare(const struct nt_insn *insn, const struct nt_state *in,
                    const struct nt_state *host, const struct nt_state *guest,
                    const uint8_t *host_data, const uint8_t *guest_data, char *text, size_t len);

#endif
