/* SPDX-License-Identifier: Apache-2.0 */
/* One step of a walk: what an entry says.  For neighbours in this room. */
#ifndef MMU_STEP_H
#define MMU_STEP_H

#include "mmu/mmu.h"

#define MMU_PTE_P CB_BIT(0)
#define MMU_PTE_W CB_BIT(1)
#define MMU_PTE_U CB_BIT(2)
#define MMU_PTE_A CB_BIT(5)
#define MMU_PTE_D CB_BIT(6)
#define MMU_PTE_PS CB_BIT(7)
#define MMU_PTE_G CB_BIT(8)
#define MMU_PTE_NX CB_BIT(63)

enum mmu_format { MMU_FORMAT_LONG, MMU_FORMAT_PAE, MMU_FORMAT_32, MMU_N_FORMATS };

/* PTE, PDE, PDPE, PML4E. */
enum mmu_level { MMU_PTE, MMU_PDE, MMU_PDPE, MMU_PML4E };

enum mmu_next { MMU_NOT_PRESENT, MMU_RESERVED, MMU_DESCEND, MMU_LEAF };

struct mmu_step {
    enum mmu_next next;
    uint8_t shift;  /* of the leaf */
    bool c_bit;     /* of the next table or of the page */
    spa_t base;     /* of the next table or of the page, C-bit gone */
};

/* The features of the paging mode that change what an entry means. */
struct mmu_rules {
    enum mmu_format format;
    bool nx;  /* EFER.NXE */
    bool pse; /* 32-bit paging: CR4.PSE */
};

struct mmu_step mmu_step_decode(const struct mmu_geometry *geo, struct mmu_rules rules,
                                enum mmu_level level, uint64_t entry);

#endif
