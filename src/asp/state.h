/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the AMD-SP holds, for the files of this room alone.
 *
 * Invariants: a guest slot is in use exactly when its state isn't UNINIT; an
 * ASID is ALLOCATED or IN_USE exactly when one guest names it; the platform is
 * WORKING exactly when a guest exists.  Commands check first and change then.
 */
#ifndef ASP_STATE_H
#define ASP_STATE_H

#include "asp/asp.h"
#include "mc/keys.h"
#include "sev/sev.h"

/* The persistent record: what the flash holds, sealed. */
struct asp_nv {
    bool owned;             /* externally; then oca.d is zero */
    struct cr_p384_key oca; /* private part only while self-owned */
    struct cr_p384_key pek, pdh;
    struct wire_sev_cert oca_cert, pek_cert, pdh_cert;
};

/* The chip: fuses and what follows from them. */
struct asp_chip {
    uint8_t secret[32];
    bool seeded;
    bool has_root;
    uint8_t root[48];             /* fingerprint of the ARK that the fuses pin */
    uint8_t id[WIRE_SEV_ID_SIZE];
    struct cr_p384_key cek;
    uint8_t seal_key[16], seal_mac_key[32], seal_iv_key[32];
};

enum asp_asid_state {
    ASP_ASID_DIRTY,
    ASP_ASID_CLEAN,
    ASP_ASID_ALLOCATED,
    ASP_ASID_IN_USE,
};

struct asp_guest {
    uint8_t state; /* enum wire_sev_guest_state */
    uint32_t policy;
    uint32_t asid; /* 0: none */
    uint8_t key[MC_KEY_MAX];
    uint8_t offline_key[32]; /* of swap */
    uint64_t swap_counter;
    struct sev_transport transport;
    struct cr_sha256 launch; /* in LUPDATE */
    uint8_t digest[32];      /* from LAUNCH_MEASURE on; zero for a received guest */
    uint8_t measure[32];     /* in LSECRET */
};

/* An encrypted VMSA that the firmware vouches for (SEV-ES); stands for a slot in the TMR. */
struct asp_vmsa {
    uint32_t handle; /* 0: free */
    uint8_t checksum[16];
};
#define ASP_MAX_VMSA 4096

struct asp_ring {
    bool on;
    struct wire_sev_ring_buffer cfg;
    uint32_t head, tail; /* registers RBHead and RBTail */
};

/* The mailbox registers outside ring mode. */
struct asp_regs {
    uint32_t command, low, high, inten, intsts;
};

#define ASP_MAX_ASIDS 1024

struct asp {
    struct mc *mc;
    const struct asp_profile *profile;
    bool tsme;
    bool standalone;
    bool exposed;
    bool has_tweak;
    struct mc_tweak tweak; /* of --tweak */
    unsigned min_sev_asid;
    unsigned n_cpus;
    struct cr_random random;
    asp_trace_fn *trace;
    void *trace_ctx;
    asp_touch_fn *touch;
    void *touch_ctx;
    struct asp_chip chip;
    bool has_flash;
    struct asp_flash flash;
    uint8_t ram_flash[ASP_FLASH_MAX]; /* has_flash false: takes its place */
    size_t ram_flash_len;

    uint8_t platform; /* enum wire_sev_platform_state */
    bool es;
    bool tmr_fresh; /* given, not initialised yet */
    uint64_t tmr, tmr_len;
    bool nv_in_memory; /* INIT_EX gave an area */
    uint64_t nv_paddr;
    struct asp_nv nv; /* valid unless UNINIT */
    uint8_t wbinvd[ASP_MAX_CPUS];
    uint8_t asid_state[ASP_MAX_ASIDS];
    struct asp_guest guest[WIRE_SEV_MAX_HANDLE]; /* handle - 1 */
    uint32_t n_guests;
    struct asp_vmsa vmsa[ASP_MAX_VMSA];
    struct asp_ring ring;
    struct asp_regs regs; /* the transport's: not part of the saved state */
};

/* One command on its way. */
struct asp_call {
    struct asp *asp;
    const struct wire_sev_command *command;
    uint8_t *b; /* the copy of the command buffer */
    const struct asp_mem *mem;
};

/* trace.c */
void asp_trace(const struct asp *asp, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void asp_trace_command(const struct asp *asp, const struct wire_sev_command *command,
                       const uint8_t *b, enum wire_sev_status status);

/* memory.c: buffers of the caller */
bool asp_mem_ok(const struct asp_call *call, uint64_t paddr, uint64_t len);
void asp_mem_read(const struct asp_call *call, uint64_t paddr, void *to, size_t len);
void asp_mem_write(const struct asp_call *call, uint64_t paddr, const void *from, size_t len);
/* DRAM, as the host's C-bit in paddr says */
bool asp_dram_ok(const struct asp *asp, uint64_t paddr, uint64_t len);
void asp_dram_read(const struct asp *asp, uint64_t paddr, void *to, size_t len);
void asp_dram_write(const struct asp *asp, uint64_t paddr, const void *from, size_t len);
/* DRAM under the key of the guest's ASID; the C-bit of paddr is dropped */
void asp_guest_read(const struct asp *asp, const struct asp_guest *guest, uint64_t paddr, void *to,
                    size_t len);
void asp_guest_write(const struct asp *asp, const struct asp_guest *guest, uint64_t paddr,
                     const void *from, size_t len);

/* guest.c */
struct asp_guest *asp_guest_of(struct asp *asp, uint32_t handle); /* NULL: INVALID_GUEST */
uint32_t asp_guest_handle(const struct asp *asp, const struct asp_guest *guest);
bool asp_guest_may(const struct asp_guest *guest, unsigned command); /* by the state table */
struct asp_guest *asp_guest_free_slot(struct asp *asp);              /* NULL: RESOURCE_LIMIT */
void asp_guest_destroy(struct asp *asp, struct asp_guest *guest);    /* slot, keys, VMSA slots */
void asp_guest_all_gone(struct asp *asp);                            /* SHUTDOWN, reset */
void asp_guest_forget_transport(struct asp_guest *guest);
void asp_asid_bind(struct asp *asp, struct asp_guest *guest, uint32_t asid);
void asp_asid_unbind(struct asp *asp, struct asp_guest *guest);
void asp_asid_start_use(struct asp *asp, struct asp_guest *guest);   /* pending becomes in use */
void asp_random_key(struct asp *asp, void *key, size_t len);

/* ring.c: the registers while ring mode is on; writes give true to raise the interrupt */
bool asp_ring_control(struct asp *asp, uint32_t value);
bool asp_ring_tail(struct asp *asp, uint32_t value);

/* start.c: what LAUNCH_START and RECEIVE_START share */
struct asp_new_guest {
    struct wire_sev_start cmd;
    struct asp_guest *slot;
    const struct asp_guest *shares; /* NULL: a key of its own */
    struct sev_transport transport;
};
enum wire_sev_status asp_start_check(struct asp_call *call, bool session, struct asp_new_guest *n);
void asp_start_perform(struct asp_call *call, struct asp_new_guest *n, uint8_t state);

/* vmsa.c */
struct asp_vmsa *asp_vmsa_free_slot(struct asp *asp); /* NULL: RESOURCE_LIMIT */
/* Writes the page, with its pointer to the slot, under the guest's key. */
void asp_vmsa_store(struct asp *asp, struct asp_guest *guest, struct asp_vmsa *slot,
                    uint64_t paddr, uint8_t page[WIRE_SEV_VMSA_SIZE]);
/* Reads it, pointer taken out.  NULL: the checksum is wrong. */
struct asp_vmsa *asp_vmsa_load(struct asp *asp, struct asp_guest *guest, uint64_t paddr,
                               uint8_t page[WIRE_SEV_VMSA_SIZE]);

/* chip.c */
enum cbit_status asp_chip_load(const uint8_t *blob, size_t len, struct asp_chip *chip,
                               const struct asp_profile **profile) CBIT_MUST_CHECK;

/* identity.c: keys and certificates of the platform */
void asp_chip_derive(struct asp_chip *chip); /* all that follows from the secret */
void asp_cek_cert(const struct asp *asp, struct wire_sev_cert *cert); /* unsigned, as exported */
void asp_nv_make_owner(struct asp *asp, struct asp_nv *nv); /* OCA, PEK, PDH, self-owned */
void asp_nv_make_pdh(struct asp *asp, struct asp_nv *nv);

/* seal.c */
#define ASP_SEAL_OVERHEAD 64
enum asp_seal_kind {
    ASP_SEAL_NV = 1,
    ASP_SEAL_STATE = 2,
};
size_t asp_seal(const struct asp_chip *chip, enum asp_seal_kind kind, const uint8_t *plain,
                size_t len, uint8_t *out);
/* In place: the plaintext takes the place of the sealed bytes, at *plain. */
enum cbit_status asp_unseal(const struct asp_chip *chip, enum asp_seal_kind kind, uint8_t *sealed,
                            size_t len, uint8_t **plain, size_t *plain_len) CBIT_MUST_CHECK;

/* nv.c: the flash, or the memory area that INIT_EX gave in its place */
#define ASP_NV_RECORD_SIZE (4 + 3 * CR_P384_LEN + 3 * WIRE_SEV_CERT_SIZE)
#define ASP_NV_SEALED_SIZE (ASP_NV_RECORD_SIZE + ASP_SEAL_OVERHEAD)
void asp_nv_encode(const struct asp_nv *nv, uint8_t record[ASP_NV_RECORD_SIZE]);
bool asp_nv_decode(struct asp_nv *nv, const uint8_t record[ASP_NV_RECORD_SIZE]);
/* CBIT_NOT_FOUND: empty; CBIT_CORRUPT: not sealed by this chip; CBIT_VERSION: newer. */
enum cbit_status asp_nv_load(struct asp_call *call, struct asp_nv *nv) CBIT_MUST_CHECK;
enum cbit_status asp_nv_save(struct asp_call *call, const struct asp_nv *nv) CBIT_MUST_CHECK;
enum cbit_status asp_nv_erase(struct asp_call *call) CBIT_MUST_CHECK;
/* Is the flash legible to this version?  CBIT_VERSION: no. */
enum cbit_status asp_nv_probe(struct asp *asp) CBIT_MUST_CHECK;
/* Makes nv the platform's, in the flash first; HWERROR_PLATFORM: it could not be stored. */
enum wire_sev_status asp_nv_commit(struct asp_call *call, const struct asp_nv *nv);

#endif
