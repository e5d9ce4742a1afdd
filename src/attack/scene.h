/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an attack takes place: one machine, a victim, perhaps a second guest,
 * and the attacker's roles.  For files of this room.
 */
#ifndef ATTACK_SCENE_H
#define ATTACK_SCENE_H

#include "attack/attack.h"
#include "attack/program.h"
#include "pc/pc.h"

/* How the attack is run: in earnest, or as one of the two controls. */
enum attack_mode {
    ATTACK_EARNEST,
    ATTACK_DISARMED, /* what the attack needs is left out */
    ATTACK_EXPOSED,  /* what protects is left out */
};

#define ATTACK_BLOCK 16u /* a secret, and a block of the cipher */

/* What lies where in DRAM. */
#define AT_HOST_TABLES   UINT64_C(0x100000)
#define AT_COMMAND       UINT64_C(0x110000) /* to the AMD-SP */
#define AT_ANSWER        UINT64_C(0x111000) /* from it */
#define AT_HSAVE         UINT64_C(0x112000)
#define AT_VICTIM        UINT64_C(0x400000)
#define AT_INTRUDER      UINT64_C(0x500000)
#define AT_NVDIMM        CB_BIT(32)
#define ATTACK_MEMORY    (UINT64_C(16) << 20)
#define ATTACK_NVDIMM    (UINT64_C(2) << 20)

/* Pages of a victim, as offsets into its memory. */
enum {
    PAGE_CODE = 0x0000,
    PAGE_SECRET = 0x1000, /* first block: the secret */
    PAGE_SEEN = 0x2000,   /* what the victim has seen, for the judge */
    PAGE_PUBLIC = 0x3000, /* private memory with content that everybody knows */
    PAGE_BUFFER = 0x4000, /* private memory that the victim works in */
    PAGE_SHARED = 0x5000, /* C=0: what the victim shares with the host */
    PAGE_CODE_2 = 0x6000,
    PAGE_TABLES = 0x8000, /* four pages: the victim's own page tables */
    VICTIM_SIZE = 0x10000
};

/* Somebody who runs a program: host software, or a guest. */
struct attack_victim {
    struct attack_program program;
    uint64_t at;           /* SPA of its memory, one stretch */
    uint64_t origin;       /* the virtual address of its first byte */
    uint32_t program_page; /* where its program lies */
    uint64_t rip;
    bool is_guest;
    bool sev;
    bool c;                /* its private pages have the C-bit in its own tables */
    bool pages_shared;     /* ... but for data: an exposed victim */

    /* Guests only. */
    unsigned asid;
    bool unlaunched;       /* SEV: not by attack_victim_start */
    uint32_t handle;       /* of the AMD-SP; 0: none */
    uint64_t vmcb;         /* address without C-bit */
    uint64_t nested;       /* nested tables, four pages */
    uint64_t gpr[16];      /* RAX and RSP are in the VMCB */
};

/* What the attack claims to have reached. */
struct attack_claim {
    uint8_t loot[4][ATTACK_BLOCK]; /* candidates for the secret */
    unsigned n_loot;
    bool plants;                   /* the victim has seen this: */
    uint8_t planted[ATTACK_BLOCK];
    bool replays;                  /* the victim has seen the secret that the judge noted */
    bool undone;                   /* a condition of the attack failed: it did not work */
};

struct attack_scene {
    const struct x86_profile *profile;
    enum attack_protection protection;
    enum attack_mode mode;
    bool smee;
    bool pages_exposed;            /* the victim's pages have no protection at all */
    bool debug_allowed;            /* the policy of SEV guests */
    struct pc *pc;
    struct mc *mc;
    uint8_t rom[ATTACK_BLOCK];
    uint8_t *nvdimm;               /* what the NVDIMM's file holds; NULL: none */
    uint8_t tweak[48][ATTACK_BLOCK];
    bool tweak_known;              /* the machine uses tweak[] */
    bool firmware_up;
    struct attack_victim victim, intruder;
    uint8_t secret[ATTACK_BLOCK];  /* the judge's note */
    bool noted;
};

/* ---- the machine: scene.c ---- */

/* A machine of its own for one run. */
enum cbit_status attack_scene_open(struct attack_scene *s) CBIT_MUST_CHECK;
void attack_scene_close(struct attack_scene *s);
/* RESET#; then the firmware's settings and the attacker's own software. */
enum cbit_status attack_reboot(struct attack_scene *s) CBIT_MUST_CHECK;
/* Bytes that an attacker draws for himself. */
void attack_draw(uint8_t block[ATTACK_BLOCK]);

/* ---- roles: scene.c ---- */

/* Hypervisor, administrator: host software, with the C-bit of its choice. */
void attack_host_read(struct attack_scene *s, uint64_t at, bool c, void *to, size_t len);
void attack_host_write(struct attack_scene *s, uint64_t at, bool c, const void *from, size_t len);
/* A device; c: its bus address carries the C-bit. */
void attack_device_read(struct attack_scene *s, uint64_t at, bool c, void *to, size_t len);
void attack_device_write(struct attack_scene *s, uint64_t at, bool c, const void *from, size_t len);
/* A probe at the pins of the DIMM. */
void attack_pins_read(struct attack_scene *s, uint64_t at, void *to, size_t len);
void attack_pins_write(struct attack_scene *s, uint64_t at, const void *from, size_t len);

/* Adds a candidate for the secret. */
void attack_loot(struct attack_claim *claim, const uint8_t block[ATTACK_BLOCK]);
/* Both views of a block that host software has. */
void attack_host_loot(struct attack_scene *s, uint64_t at, struct attack_claim *claim);

/* ---- victims: victim.c ---- */

/* A victim's program did not do what it does on any machine: the run says nothing. */
#define ATTACK_STRAYED CBIT_CORRUPT

/* The victim of the scene, at this address: an SEV guest where there is SEV, else host software. */
void attack_victim_new(struct attack_scene *s, uint64_t at);
/*
 * Writes its program, the public text, its page tables; a guest gets VMCB and
 * nested tables too, and an SEV guest is launched.
 */
enum cbit_status attack_victim_start(struct attack_scene *s, struct attack_victim *v) CBIT_MUST_CHECK;
/* Runs up to the next place where the program yields; false: it did not get there. */
bool attack_victim_run(struct attack_scene *s, struct attack_victim *v);
/*
 * Completes the program of s->victim with: draw a secret, yield; starts it, and
 * runs it so far.  The judge takes note.  Disarmed: it has then wiped the secret.
 */
enum cbit_status attack_keep_secret(struct attack_scene *s) CBIT_MUST_CHECK;
/* SPA of a byte of its memory. */
static inline uint64_t attack_spa(const struct attack_victim *v, uint64_t offset)
{
    return v->at + offset;
}

/*
 * The DIMM's bytes of a block, as whoever is nearest gets at them: an SEV guest's
 * hypervisor with C=0, for others a probe at the pins.
 */
void attack_raw_read(struct attack_scene *s, uint64_t at, uint8_t block[ATTACK_BLOCK]);
void attack_raw_write(struct attack_scene *s, uint64_t at, const uint8_t block[ATTACK_BLOCK]);

/* ---- the judge: judge.c; no attack uses what it sees ---- */

void attack_judge_note(struct attack_scene *s);
bool attack_judge(const struct attack_scene *s, const struct attack_claim *claim);

#endif
