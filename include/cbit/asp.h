/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libcbit: an AMD Secure Processor without a machine round it.  It has DRAM of its
 * own (encrypted for real), answers the SEV API, and keeps its chip and flash
 * wherever the caller keeps them.  Bytes in, bytes out, as in cbit.h.
 */
#ifndef CBIT_ASP_H
#define CBIT_ASP_H

#include "cbit/cbit.h"

#ifdef __cplusplus
extern "C" {
#endif

struct cbit_asp;

/*
 * The flash (file nv of a state directory): sealed bytes.  save must be atomic
 * and durable.  load: CBIT_E_NOT_FOUND when nothing was ever saved.
 */
struct cbit_asp_flash {
    void *ctx;
    enum cbit_error (*load)(void *ctx, void *to, size_t size, size_t *len);
    enum cbit_error (*save)(void *ctx, const void *from, size_t len);
};

struct cbit_asp_config {
    size_t struct_size;
    const char *profile;    /* NULL: the chip's, else milan */
    struct cbit_bytes chip; /* from cbit_chip_make; none: a chip of its own */
    const struct cbit_asp_flash *flash; /* NULL: forgotten at the end */
    uint64_t memory;        /* bytes of DRAM, a multiple of 4096 */
    bool tsme;
    bool seeded;
    uint64_t seed;
    unsigned min_sev_asid;
    void *ctx;
    void (*trace)(void *ctx, const char *line);
};
CBIT_API void cbit_asp_config_init(struct cbit_asp_config *config);

/* Resets it once: it answers commands in state UNINIT. */
CBIT_API enum cbit_error cbit_asp_new(const struct cbit_asp_config *config, struct cbit_asp **out,
                                      struct cbit_why *why);
CBIT_API void cbit_asp_free(struct cbit_asp *asp);
CBIT_API void cbit_asp_reset(struct cbit_asp *asp);

/* Where a command's buffers are, if not in the platform's DRAM. */
struct cbit_asp_space {
    void *ctx;
    bool (*covers)(void *ctx, uint64_t paddr, uint64_t len);
    void (*read)(void *ctx, uint64_t paddr, void *to, size_t len);
    void (*write)(void *ctx, uint64_t paddr, const void *from, size_t len);
};
/* Returns the SEV status code; outputs are written into buffer.  space NULL: DRAM. */
CBIT_API unsigned cbit_asp_command(struct cbit_asp *asp, unsigned id, void *buffer, size_t len,
                                   const struct cbit_asp_space *space);

/* Names of the SEV API; NULL or false for what it does not know. */
CBIT_API const char *cbit_asp_status_name(unsigned status);
struct cbit_asp_command_info {
    unsigned id;
    const char *name;
    size_t size; /* of the command buffer */
};
CBIT_API bool cbit_asp_command_find(const char *name, struct cbit_asp_command_info *out);
CBIT_API bool cbit_asp_command_at(unsigned i, struct cbit_asp_command_info *out);

/* DRAM as a host program sees it (C-bit in the address as Linux would set it). */
CBIT_API enum cbit_error cbit_asp_read(struct cbit_asp *asp, uint64_t paddr, void *to, size_t len);
CBIT_API enum cbit_error cbit_asp_write(struct cbit_asp *asp, uint64_t paddr, const void *from,
                                        size_t len);
/* A look through any view that changes nothing. */
CBIT_API enum cbit_error cbit_asp_peek(const struct cbit_asp *asp, uint64_t address, cbit_view view,
                                       void *to, size_t len);
CBIT_API uint64_t cbit_asp_memory(const struct cbit_asp *asp);

struct cbit_asp_info {
    const char *profile;
    unsigned api_major, api_minor, build;
    unsigned state; /* 0 UNINIT, 1 INIT, 2 WORKING */
    bool owned, es;
    unsigned guests;
    uint8_t id[64]; /* GET_ID */
    bool seeded, exposed, persistent;
};
CBIT_API void cbit_asp_info(const struct cbit_asp *asp, struct cbit_asp_info *out);

/* ---- making chips (cbit asp setup) ---- */

#define CBIT_CHIP_MAX 8192
#define CBIT_CA_MAX 8192
#define CBIT_BUNDLE_MAX 4096
#define CBIT_CERT_SIZE 2084

struct cbit_maker {
    const char *profile;
    const char *ark_key_id; /* "naples", "rome", "milan", "genoa", 32 hex digits, or NULL: our own */
    bool seeded;
    uint64_t seed;
};
/* A test ARK and ASK, with their private keys: as secret as a CA is. */
CBIT_API enum cbit_error cbit_ca_make(const struct cbit_maker *maker, void *blob, size_t *len);
/* A chip whose CEK that CA signs. */
CBIT_API enum cbit_error cbit_chip_make(const struct cbit_maker *maker, struct cbit_bytes ca,
                                        void *blob, size_t *len);

struct cbit_chip_info {
    const char *profile;
    bool seeded;
    uint8_t id[64];
    uint8_t cek[CBIT_CERT_SIZE];      /* signed by the ASK */
    uint8_t bundle[CBIT_BUNDLE_MAX];  /* ASK, then ARK */
    size_t bundle_len, ask_len;
};
CBIT_API enum cbit_error cbit_chip_read(struct cbit_bytes chip, struct cbit_chip_info *out);

#ifdef __cplusplus
}
#endif

#endif
