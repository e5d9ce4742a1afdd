/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine of one run, and what each role can do with it.  A role reaches
 * memory as the real one does: host software with a C-bit of its choice, a device
 * by bus address, a probe at the pins.  None has a way to a key.
 */
#include "attack/scene.h"

#include <stdlib.h>
#include <sys/random.h>

#include "board/board.h"
#include "mc/probe.h"

void attack_draw(uint8_t block[ATTACK_BLOCK])
{
    for (size_t done = 0; done < ATTACK_BLOCK;) {
        const ssize_t n = getrandom(block + done, ATTACK_BLOCK - done, 0);

        if (n > 0)
            done += (size_t)n;
    }
}

/* ---- the NVDIMM's file ---- */

static bool nvdimm_read(void *ctx, uint64_t offset, void *to, size_t len)
{
    memcpy(to, (const uint8_t *)ctx + offset, len);
    return true;
}

static bool nvdimm_write(void *ctx, uint64_t offset, const void *from, size_t len)
{
    memcpy((uint8_t *)ctx + offset, from, len);
    return true;
}

static bool nvdimm_flush(void *ctx)
{
    (void)ctx;
    return true;
}

static const struct dev_disk_ops nvdimm_ops = {nvdimm_read, nvdimm_write, nvdimm_flush};

/* ---- the machine ---- */

/* What firmware and a hypervisor set up: SMEE as chosen, SVM, 64-bit mode, memory mapped one to one. */
static void start_host(struct attack_scene *s)
{
    static const uint64_t present = 3, large = 0x80;
    const struct board_entry entry = {.mode = BOARD_ENTRY_64, .rip = AT_VICTIM, .cr3 = AT_HOST_TABLES};
    struct x86_regs regs;
    uint8_t page[CB_PAGE_SIZE] = {0};

    x86_firmware_done(pc_cpu(s->pc), s->smee);
    cb_store_le64(page, (AT_HOST_TABLES + CB_PAGE_SIZE) | present);
    attack_host_write(s, AT_HOST_TABLES, false, page, sizeof(page));
    cb_store_le64(page, (AT_HOST_TABLES + 2 * CB_PAGE_SIZE) | present);
    attack_host_write(s, AT_HOST_TABLES + CB_PAGE_SIZE, false, page, sizeof(page));
    for (unsigned i = 0; i < CB_PAGE_SIZE / 8; i++)
        cb_store_le64(page + 8 * i, (uint64_t)i << 21 | large | present);
    attack_host_write(s, AT_HOST_TABLES + 2 * CB_PAGE_SIZE, false, page, sizeof(page));
    board_entry_regs(&entry, 0, &regs);
    x86_set_regs(pc_cpu(s->pc), &regs);
}

enum cbit_status attack_scene_open(struct attack_scene *s)
{
    struct pc_error error;
    struct pc_config config = {
        .cpu = s->profile->name,
        .memory = ATTACK_MEMORY,
        .sme = s->smee,
        .tsme = s->protection == ATTACK_TSME && !s->pages_exposed,
        .no_acpi = true,
        .image = PC_IMAGE_ROM,
        .kernel = {s->rom, sizeof(s->rom)},
        .tweak = s->tweak_known ? &s->tweak[0][0] : NULL,
    };
    enum cbit_status status;

    memset(s->rom, 0xf4, sizeof(s->rom)); /* hlt: nobody runs it */
    if (s->nvdimm)
        config.nvdimm = (struct dev_disk){&nvdimm_ops, s->nvdimm, ATTACK_NVDIMM, false};
    status = pc_new(&config, &s->pc, &error);
    if (status)
        return status;
    s->mc = pc_mc(s->pc);
    start_host(s);
    return CBIT_OK;
}

void attack_scene_close(struct attack_scene *s)
{
    pc_free(s->pc);
    s->pc = NULL;
    s->mc = NULL;
    s->firmware_up = false;
}

enum cbit_status attack_reboot(struct attack_scene *s)
{
    struct pc_error error;
    const enum cbit_status status = pc_reset(s->pc, &error);

    s->firmware_up = false;
    if (!status)
        start_host(s);
    return status;
}

/* ---- roles ---- */

void attack_host_read(struct attack_scene *s, uint64_t at, bool c, void *to, size_t len)
{
    mc_read(s->mc, spa(at), mc_access_host(MC_KIND_DATA, c), to, len);
}

void attack_host_write(struct attack_scene *s, uint64_t at, bool c, const void *from, size_t len)
{
    mc_write(s->mc, spa(at), mc_access_host(MC_KIND_DATA, c), from, len);
}

void attack_device_read(struct attack_scene *s, uint64_t at, bool c, void *to, size_t len)
{
    mc_read(s->mc, spa(at), mc_access_host(MC_KIND_DMA, c && s->smee), to, len);
}

void attack_device_write(struct attack_scene *s, uint64_t at, bool c, const void *from, size_t len)
{
    mc_write(s->mc, spa(at), mc_access_host(MC_KIND_DMA, c && s->smee), from, len);
}

void attack_pins_read(struct attack_scene *s, uint64_t at, void *to, size_t len)
{
    const enum cbit_status status = mc_probe_read(s->mc, spa(at), to, len);

    CBIT_ASSERT(status == CBIT_OK); /* only addresses of this room come here */
}

void attack_pins_write(struct attack_scene *s, uint64_t at, const void *from, size_t len)
{
    const enum cbit_status status = mc_probe_write(s->mc, spa(at), from, len);

    CBIT_ASSERT(status == CBIT_OK);
}

void attack_raw_read(struct attack_scene *s, uint64_t at, uint8_t block[ATTACK_BLOCK])
{
    if (s->protection == ATTACK_SEV)
        attack_host_read(s, at, false, block, ATTACK_BLOCK);
    else
        attack_pins_read(s, at, block, ATTACK_BLOCK);
}

void attack_raw_write(struct attack_scene *s, uint64_t at, const uint8_t block[ATTACK_BLOCK])
{
    if (s->protection == ATTACK_SEV)
        attack_host_write(s, at, false, block, ATTACK_BLOCK);
    else
        attack_pins_write(s, at, block, ATTACK_BLOCK);
}

void attack_loot(struct attack_claim *claim, const uint8_t block[ATTACK_BLOCK])
{
    CBIT_ASSERT(claim->n_loot < CB_ARRAY_LEN(claim->loot));
    memcpy(claim->loot[claim->n_loot++], block, ATTACK_BLOCK);
}

void attack_host_loot(struct attack_scene *s, uint64_t at, struct attack_claim *claim)
{
    uint8_t block[ATTACK_BLOCK];

    for (int c = 0; c <= 1; c++) {
        attack_host_read(s, at, c != 0, block, sizeof(block));
        attack_loot(claim, block);
    }
}
