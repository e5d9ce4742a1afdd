/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding for a hypervisor: which access to memory was an instruction about to
 * make, given its bytes alone.
 */
#ifndef X86_MMIO_H
#define X86_MMIO_H

#include <stdbool.h>
#include <stdint.h>

enum x86_mmio_kind { X86_MMIO_LOAD, X86_MMIO_STORE };

struct x86_mmio {
    enum x86_mmio_kind kind;
    uint8_t len;      /* of the instruction */
    uint8_t size;     /* bytes of memory: 1, 2, 4, 8 */
    uint8_t reg;      /* load: destination, store: source; 0 .. 15 */
    bool high_byte;   /* AH CH DH BH: reg is 0 .. 3 */
    uint8_t width;    /* load: bytes of the destination */
    bool sign;        /* load: extends the sign */
    bool immediate;   /* store: imm, not reg */
    uint64_t imm;
};

enum x86_mmio_mode { X86_MMIO_16, X86_MMIO_32, X86_MMIO_64 };

/* False: no MOV, MOVZX, MOVSX or MOVSXD between one register or immediate and memory. */
bool x86_mmio_decode(enum x86_mmio_mode mode, const uint8_t *bytes, unsigned n,
                     struct x86_mmio *out);

#endif
