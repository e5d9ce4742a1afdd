/* SPDX-License-Identifier: Apache-2.0 */
/* ELF executables (System V ABI, chapters 4 and 5): program headers of type PT_LOAD, physical addresses. */
#include "board/loader.h"

enum { EI_CLASS = 4, EI_DATA = 5, CLASS_32 = 1, CLASS_64 = 2, DATA_LE = 1 };
enum { PT_LOAD = 1, EM_386 = 3, EM_X86_64 = 62 };

/* Offsets that differ between the two classes. */
struct layout {
    unsigned header, phentsize;
    unsigned entry, phoff, phnum;               /* in the file header */
    unsigned p_offset, p_paddr, p_filesz, p_memsz; /* in a program header */
    unsigned word;                              /* size of an address */
};

static const struct layout layout_32 = {52, 32, 24, 28, 44, 4, 12, 16, 20, 4};
static const struct layout layout_64 = {64, 56, 24, 32, 56, 8, 24, 32, 40, 8};

bool board_is_elf(struct board_bytes image)
{
    return image.len >= 20 && memcmp(image.data, "\177ELF", 4) == 0;
}

static uint64_t word(const struct layout *l, const uint8_t *at)
{
    return l->word == 8 ? cb_load_le64(at) : cb_load_le32(at);
}

static enum cbit_status add_segment(struct board_bytes image, const struct layout *l,
                                    const uint8_t *ph, struct board_elf *out, unsigned index,
                                    struct board_error *error)
{
    const uint64_t at = word(l, ph + l->p_paddr), offset = word(l, ph + l->p_offset);
    const uint64_t file_len = word(l, ph + l->p_filesz), memory_len = word(l, ph + l->p_memsz);
    uint64_t end;

    if (cb_load_le32(ph) != PT_LOAD || memory_len == 0)
        return CBIT_OK;
    if (out->n_segments == BOARD_MAX_SEGMENTS)
        return board_fail(error, "ELF: more than %u segments to load", BOARD_MAX_SEGMENTS);
    if (!cb_range_ok(offset, file_len, image.len))
        return board_fail(error, "ELF: segment %u, file bytes %#llx + %#llx, exceeds the file (%zu)",
                          index, (unsigned long long)offset, (unsigned long long)file_len,
                          image.len);
    if (file_len > memory_len || !cb_add_ok(at, memory_len, &end))
        return board_fail(error, "ELF: segment %u at %#llx has impossible sizes", index,
                          (unsigned long long)at);
    if (out->n_segments == 0 || at < out->low)
        out->low = at;
    if (end > out->high)
        out->high = end;
    out->segment[out->n_segments].at = at;
    out->segment[out->n_segments].offset = offset;
    out->segment[out->n_segments].file_len = file_len;
    out->segment[out->n_segments++].memory_len = memory_len;
    return CBIT_OK;
}

enum cbit_status board_elf_parse(struct board_bytes image, struct board_elf *out,
                                 struct board_error *error)
{
    const struct layout *l;
    uint64_t phoff;
    unsigned phnum;

    memset(out, 0, sizeof(*out));
    if (!board_is_elf(image))
        return board_fail(error, "ELF: no magic");
    out->is_64 = image.data[EI_CLASS] == CLASS_64;
    l = out->is_64 ? &layout_64 : &layout_32;
    if (image.data[EI_DATA] != DATA_LE || (!out->is_64 && image.data[EI_CLASS] != CLASS_32) ||
        image.len < l->header)
        return board_fail(error, "ELF: neither ELF32 nor ELF64, little-endian");
    if (cb_load_le16(image.data + 18) != (out->is_64 ? EM_X86_64 : EM_386) &&
        cb_load_le16(image.data + 18) != EM_X86_64)
        return board_fail(error, "ELF: machine %u is not x86", cb_load_le16(image.data + 18));
    out->entry = word(l, image.data + l->entry);
    phoff = word(l, image.data + l->phoff);
    phnum = cb_load_le16(image.data + l->phnum);
    if (!cb_range_ok(phoff, (uint64_t)phnum * l->phentsize, image.len))
        return board_fail(error, "ELF: %u program headers at %#llx lie outside the file (%zu bytes)",
                          phnum, (unsigned long long)phoff, image.len);
    for (unsigned i = 0; i < phnum; i++) {
        const enum cbit_status status =
            add_segment(image, l, image.data + phoff + (uint64_t)i * l->phentsize, out, i, error);

        if (status)
            return status;
    }
    if (out->n_segments == 0)
        return board_fail(error, "ELF: nothing to load");
    return CBIT_OK;
}

void board_elf_load(struct board_bytes image, const struct board_elf *elf,
                    const struct board_target *target)
{
    for (unsigned i = 0; i < elf->n_segments; i++) {
        const uint64_t at = elf->segment[i].at, n = elf->segment[i].file_len;

        target->write(target->ctx, at, image.data + elf->segment[i].offset, n);
        target->zero(target->ctx, at + n, elf->segment[i].memory_len - n);
    }
}
