/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of asp, the AMD Secure Processor: it keeps the keys of the memory
 * controller and answers the SEV API (AMD publication 55766, API 0.24).
 *
 * Bytes in, bytes out.  Transports (mailbox registers, ioctl, socket) are
 * elsewhere; so are the files that its flash lives in.  Memory is reached
 * through mc.  No call returns a key, and no trace line can hold one.
 */
#ifndef ASP_ASP_H
#define ASP_ASP_H

#include "asp/chip.h"
#include "asp/profile.h"
#include "wire/sev_cmd.h"

struct asp;

/* One line without a newline; names steps, decoded commands and outcomes, never a secret. */
typedef void asp_trace_fn(void *ctx, const char *line);
/* Hears of each access to DRAM before it happens: for machines whose caches it must meet. */
typedef void asp_touch_fn(void *ctx, spa_t at, size_t len, struct mc_access access, bool write);

/*
 * The SPI flash that the platform's ownership lives in (file nv of a state
 * directory).  The content is sealed; who keeps it only keeps bytes.
 */
struct asp_flash {
    void *ctx;
    /* Reads it whole.  CBIT_NOT_FOUND: never written; CBIT_RANGE: larger than size. */
    enum cbit_status (*load)(void *ctx, uint8_t *buf, size_t size, size_t *len);
    /* Replaces it.  After CBIT_OK the new content survives a power loss, after a failure the old. */
    enum cbit_status (*save)(void *ctx, const uint8_t *buf, size_t len);
};
#define ASP_FLASH_MAX WIRE_SEV_NV_SIZE

#define ASP_MAX_CPUS 256

struct asp_config {
    struct mc *mc;                     /* outlives the asp; n_asids >= the profile's */
    const struct asp_profile *profile; /* NULL: the chip's */
    const uint8_t *chip;               /* file chip of a state directory; NULL: a chip of its own */
    size_t chip_len;
    const struct asp_flash *flash;     /* NULL: forgotten with the asp */
    unsigned n_cpus;                   /* whose WBINVD a DF_FLUSH waits for; 0: 1 */
    bool tsme;                         /* every access that would be RAW is HOST */
    bool standalone;                   /* no CPU: WBINVD counts as done, SMEE is set at reset */
    bool seeded;                       /* all randomness follows from seed; shown in the status */
    uint64_t seed;
    const uint8_t *tweak;              /* 48 x 16 bytes that replace the profile's tweak constants */
    bool expose;                       /* asp_exposed_keys may answer; marks the platform EXPOSED */
    unsigned min_sev_asid;             /* first ASID of plain SEV guests; 0: 1 */
    asp_trace_fn *trace;               /* NULL: silent */
    void *trace_ctx;
    asp_touch_fn *touch;               /* NULL: nobody asks */
    void *touch_ctx;
};

/*
 * Copies config.  CBIT_INVALID: mc, profile and chip do not fit each other;
 * CBIT_CORRUPT, CBIT_VERSION: chip is damaged, or chip or flash was written by a
 * newer cbit; what flash->load returns besides CBIT_NOT_FOUND.
 */
enum cbit_status asp_new(const struct asp_config *config, struct asp **out) CBIT_MUST_CHECK;
void asp_free(struct asp *asp); /* wipes; NULL is allowed */

/*
 * Power-on and every later reset of the machine: memory controller reset (DRAM
 * keeps its ciphertext), a new SME key, a new tweak where the generation has
 * one, random filler in every ASID slot, TSME.  All guests are gone, the
 * platform is UNINIT.  Call it once before the CPU runs.
 */
void asp_reset(struct asp *asp);

const struct asp_profile *asp_profile_of(const struct asp *asp);

/*
 * The memory keys in force, as text; wiped and freed by the caller.  CBIT_DENIED
 * unless the configuration said expose.  A reset makes new ones.
 */
enum cbit_status asp_exposed_keys(const struct asp *asp, char **text) CBIT_MUST_CHECK;

/*
 * Where a command's buffers are: system physical addresses as its fields name
 * them, C-bit included.  NULL everywhere it may be given: DRAM through mc, with
 * the C-bit as the address says.  A transport whose callers have their buffers
 * elsewhere (an ioctl) gives its own; guest memory is always DRAM.
 */
struct asp_mem {
    void *ctx;
    bool (*covers)(void *ctx, uint64_t paddr, uint64_t len);
    void (*read)(void *ctx, uint64_t paddr, void *to, size_t len);
    void (*write)(void *ctx, uint64_t paddr, const void *from, size_t len);
};

/*
 * Runs a command.  buffer is the command buffer, at least as long as
 * wire_sev_command_of(id)->size (INVALID_LENGTH otherwise; NULL where that is
 * 0); what goes back to the caller is written into it.
 */
enum wire_sev_status asp_command(struct asp *asp, unsigned id, uint8_t *buffer, size_t len,
                                 const struct asp_mem *mem);

/* The same with the command buffer in DRAM at paddr, as the mailbox registers give it. */
enum wire_sev_status asp_mailbox(struct asp *asp, unsigned id, uint64_t paddr);

/*
 * The mailbox as registers (C2PMSG 32, 56, 57, 59, 63, P2CMSG INTEN and INTSTS),
 * for the PCI function of a machine; where they lie in its BAR is the
 * function's business.  A command is done when the write that started it returns.
 */
enum asp_reg {
    ASP_REG_COMMAND,    /* command and response; RBCtl in ring mode */
    ASP_REG_ADDR_LOW,   /* of the command buffer; RBHead in ring mode */
    ASP_REG_ADDR_HIGH,  /* of the command buffer; RBTail in ring mode */
    ASP_REG_BOOTLOADER, /* version; reads 0 */
    ASP_REG_FEATURES,
    ASP_REG_INTEN,
    ASP_REG_INTSTS,     /* bit 1: SEV command complete; write 1 to clear */
};
#define ASP_N_REGS 7
uint32_t asp_reg_read(const struct asp *asp, enum asp_reg reg);
/* True: the function shall raise its interrupt now. */
bool asp_reg_write(struct asp *asp, enum asp_reg reg, uint32_t value);

/* A core has executed WBINVD. */
void asp_note_wbinvd(struct asp *asp, unsigned cpu);

/* May VMRUN enter with this ASID?  (A guest that is being launched has its key in, but may not run.) */
bool asp_asid_runnable(const struct asp *asp, unsigned asid);

/* What an administrator may know; for status lines. */
struct asp_info {
    const struct asp_profile *profile;
    struct wire_sev_platform_status status;
    uint8_t id[WIRE_SEV_ID_SIZE];
    bool seeded;  /* chip or random source come from a seed: every key is guessable */
    bool exposed; /* keys were written to a file at creation */
    bool persistent;
};
void asp_info_get(const struct asp *asp, struct asp_info *out);

/*
 * Everything that commands change, guests and their keys included, sealed
 * under the chip's key: the same state gives the same bytes.  DRAM and the key
 * slots of mc are not in it.  save: CBIT_RANGE with *len set when size is too
 * small.  load: CBIT_CORRUPT (damaged or another chip's), CBIT_VERSION; on
 * failure nothing changed; on success the guests' keys are in mc again.
 */
enum cbit_status asp_state_save(const struct asp *asp, uint8_t *buf, size_t size,
                                size_t *len) CBIT_MUST_CHECK;
enum cbit_status asp_state_load(struct asp *asp, const uint8_t *buf, size_t len) CBIT_MUST_CHECK;

#endif
