/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts the kernel into memory and the CPU at its entry.  A loader knows no
 * keys: everything is written with C=0, so with SME on a kernel finds it as
 * plaintext and encrypts itself.
 */
#include "pc/state.h"

#include <stdlib.h>

static struct mc_access loader_access(void)
{
    return mc_access_host(MC_KIND_DATA, false);
}

static void target_write(void *ctx, uint64_t at, const void *bytes, size_t len)
{
    struct pc *pc = ctx;

    if (len)
        mc_write(pc->mc, spa(at), loader_access(), bytes, len);
}

static void target_zero(void *ctx, uint64_t at, uint64_t len)
{
    static const uint8_t zeroes[CB_PAGE_SIZE];

    while (len) {
        const size_t n = len < sizeof(zeroes) ? (size_t)len : sizeof(zeroes);

        target_write(ctx, at, zeroes, n);
        at += n;
        len -= n;
    }
}

static struct board_bytes bytes_of(struct pc_bytes b)
{
    return (struct board_bytes){b.data, b.len};
}

void pc_tell_image(struct pc *pc)
{
    if (pc->config.image == PC_IMAGE_AUTO && pc->config.kernel.data &&
        board_is_multiboot(bytes_of(pc->config.kernel)))
        pc->config.image = PC_IMAGE_MULTIBOOT;
}

static enum cbit_status prepare_rom(struct pc *pc, struct board_error *why)
{
    const size_t len = pc->config.kernel.len;
    const size_t padded = (size_t)cb_align_up(len, CB_PAGE_SIZE);

    if (len == 0 || len > (16u << 20))
        return board_fail(why, "ROM: %zu bytes; it must have 1 byte to 16 MiB", len);
    pc->rom = malloc(padded);
    if (!pc->rom)
        return CBIT_NO_MEMORY;
    memset(pc->rom, 0xff, padded - len);
    memcpy(pc->rom + (padded - len), pc->config.kernel.data, len);
    pc->fabric.rom = pc->rom;
    pc->fabric.rom_size = padded;
    return CBIT_OK;
}

static enum cbit_status prepare(struct pc *pc, struct board_error *why)
{
    const struct board_bytes kernel = bytes_of(pc->config.kernel);

    if (!kernel.data)
        return board_fail(why, "no kernel given");
    if (pc->config.image == PC_IMAGE_ROM)
        return prepare_rom(pc, why);
    return CBIT_OK;
}

enum cbit_status pc_prepare_images(struct pc *pc, struct pc_error *error)
{
    struct board_error why = {""};
    const enum cbit_status status = prepare(pc, &why);

    memcpy(error->text, why.text, sizeof(error->text));
    return status;
}

/* Unpacks anew at every reset: the ELF is larger than many a guest's memory in use. */
static enum cbit_status load_linux(struct pc *pc, struct board_entry *entry,
                                   struct board_error *why)
{
    const struct board_bytes kernel = bytes_of(pc->config.kernel);
    struct board_linux what = {
        .kernel = kernel,
        .initrd = bytes_of(pc->config.initrd),
        .append = pc->append,
        .map = pc->map,
    };
    uint8_t *unpacked = NULL;
    size_t len = 0;
    enum cbit_status status = CBIT_OK;

    if (pc->config.unpack_kernel && board_is_bzimage(kernel)) {
        status = board_unpack(kernel, &unpacked, &len, why);
        what.bzimage = kernel;
        what.kernel = (struct board_bytes){unpacked, len};
    }
    if (!status)
        status = board_load_linux(&what, &pc->target, entry, why);
    free(unpacked);
    return status;
}

static enum cbit_status load_multiboot(struct pc *pc, struct board_entry *entry,
                                       struct board_error *why)
{
    const struct board_multiboot what = {
        .image = bytes_of(pc->config.kernel),
        .initrd = bytes_of(pc->config.initrd),
        .append = pc->append,
        .map = pc->map,
    };

    return board_load_multiboot(&what, &pc->target, entry, why);
}

static enum cbit_status load_direct(struct pc *pc, struct board_error *why)
{
    struct board_entry entry;
    struct x86_regs regs;
    enum cbit_status status;

    if (!pc->config.no_acpi)
        pc->map.rsdp = board_acpi_write(&pc->map, 1, &pc->target);
    status = pc->config.image == PC_IMAGE_MULTIBOOT ? load_multiboot(pc, &entry, why)
                                                    : load_linux(pc, &entry, why);
    if (status)
        return status;
    dev_lapic_virtual_wire(&pc->platform->lapic);
    x86_firmware_done(pc->cpu, pc->config.sme);
    board_entry_regs(&entry, 0, &regs);
    x86_set_regs(pc->cpu, &regs);
    return CBIT_OK;
}

/* The ROM's end is seen below 1 MiB too, where real-mode code jumps to; in RAM, as firmware shadows it. */
static void shadow_rom(struct pc *pc)
{
    const size_t most = (size_t)(BOARD_HIGH_RAM - BOARD_LEGACY_HOLE_END);
    const size_t len = pc->fabric.rom_size < most ? (size_t)pc->fabric.rom_size : most;

    target_write(pc, BOARD_HIGH_RAM - len, pc->rom + pc->fabric.rom_size - len, len);
}

enum cbit_status pc_load(struct pc *pc, struct pc_error *error)
{
    struct board_error why = {""};
    enum cbit_status status = CBIT_OK;

    pc->target = (struct board_target){.write = target_write, .zero = target_zero, .ctx = pc};
    if (pc->config.image == PC_IMAGE_ROM)
        shadow_rom(pc);
    else
        status = load_direct(pc, &why);
    memcpy(error->text, why.text, sizeof(error->text));
    return status;
}
