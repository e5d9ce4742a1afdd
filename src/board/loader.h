/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Direct boot: kernels, initial RAM disks and the tables they expect, placed
 * in memory as a boot loader would.
 *
 * Images are hostile.  Whatever is wrong with one ends in CBIT_INVALID and a
 * message that says what and where.  Addresses are a function of the files,
 * the memory map and nothing else.  Memory is written through a function, so
 * that the same loader serves the bare-metal machine and a guest that is
 * launched encrypted.
 */
#ifndef BOARD_LOADER_H
#define BOARD_LOADER_H

#include "base/base.h"
#include "wire/boot_params.h"

struct board_error {
    char text[256];
};

/* Fills error->text, returns CBIT_INVALID; error may be NULL. */
enum cbit_status board_fail(struct board_error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A borrowed buffer. */
struct board_bytes {
    const uint8_t *data;
    size_t len;
};

/* RAM as the guest sees it. */
struct board_memory_map {
    uint64_t below_4g;   /* RAM is [0, below_4g) but for the legacy hole A0000h-BFFFFh */
    uint64_t above_4g;   /* and [4 GiB, 4 GiB + above_4g) */
    uint64_t tables;     /* ACPI tables: [tables, below_4g); equal to it: none */
    uint64_t secret;     /* a reserved page for a launch secret, right below the tables; 0: none */
    uint64_t rsdp;       /* address of the RSDP, 0: none */
    uint64_t pmem, pmem_size; /* persistent memory, size 0: none */
};

#define BOARD_LEGACY_HOLE     UINT64_C(0xa0000)
#define BOARD_LEGACY_HOLE_END UINT64_C(0xc0000)
#define BOARD_EBDA            UINT64_C(0x9fc00)
#define BOARD_BIOS_AREA       UINT64_C(0xf0000)
#define BOARD_HIGH_RAM        UINT64_C(0x100000)

/* Where RAM that an image may use ends, below 4 GiB. */
static inline uint64_t board_ram_end(const struct board_memory_map *map)
{
    return map->secret ? map->secret : map->tables;
}

#define BOARD_MAX_E820 12
/* Returns how many entries were made. */
unsigned board_e820(const struct board_memory_map *map, struct wire_e820 out[BOARD_MAX_E820]);

/* Where an image goes.  Every range was checked against the memory map before. */
struct board_target {
    void (*write)(void *ctx, uint64_t at, const void *bytes, size_t len);
    void (*zero)(void *ctx, uint64_t at, uint64_t len);
    void *ctx;
};

/* bzImage. */
struct board_bzimage {
    unsigned version;
    bool entry_64;          /* has the 64-bit entry */
    bool relocatable;
    uint64_t setup_len;     /* real-mode part, protected-mode part behind it */
    uint64_t header_end;    /* end of the setup header */
    uint64_t pref_address, alignment, init_size, initrd_max, cmdline_max;
    struct board_bytes payload; /* compressed kernel, with its 4-byte size behind */
};
bool board_is_bzimage(struct board_bytes image);
enum cbit_status board_bzimage_parse(struct board_bytes image, struct board_bzimage *out,
                                     struct board_error *error) CBIT_MUST_CHECK;
/* Unpacks the payload of a bzImage into malloc'ed memory. */
enum cbit_status board_unpack(struct board_bytes image, uint8_t **out, size_t *out_len,
                              struct board_error *error) CBIT_MUST_CHECK;

/* ELF: a list of segments to load. */
#define BOARD_MAX_SEGMENTS 32
struct board_elf {
    bool is_64;
    uint64_t entry;
    uint64_t low, high; /* all segments lie in [low, high) */
    unsigned n_segments;
    struct {
        uint64_t at, offset, file_len, memory_len;
    } segment[BOARD_MAX_SEGMENTS];
};
bool board_is_elf(struct board_bytes image);
enum cbit_status board_elf_parse(struct board_bytes image, struct board_elf *out,
                                 struct board_error *error) CBIT_MUST_CHECK;
void board_elf_load(struct board_bytes image, const struct board_elf *elf,
                    const struct board_target *target);

/* What the CPU starts with. */
enum board_entry_mode { BOARD_ENTRY_64, BOARD_ENTRY_32 };

struct board_entry {
    enum board_entry_mode mode;
    uint64_t rip;
    uint64_t rsi;  /* Linux: zero page */
    uint32_t eax, ebx; /* Multiboot */
    uint64_t cr3;  /* 64-bit: identity map of the low 4 GiB; without C-bit */
    uint64_t gdt;  /* null, -, 10h code, 18h data */
    uint16_t gdt_limit;
};

struct board_linux {
    struct board_bytes kernel;    /* bzImage, or ELF64 kernel */
    struct board_bytes bzimage;   /* of an unpacked kernel: where the setup header comes from; may be empty */
    struct board_bytes initrd;
    const char *append;
    struct board_memory_map map;
    uint64_t c_mask;              /* or-ed into page-table entries */
};
enum cbit_status board_load_linux(const struct board_linux *what, const struct board_target *target,
                                  struct board_entry *entry,
                                  struct board_error *error) CBIT_MUST_CHECK;

/* A Multiboot 1 header where the specification says, and no bzImage. */
bool board_is_multiboot(struct board_bytes image);

/* Multiboot 1: ELF, or an image with its own addresses. */
struct board_multiboot {
    struct board_bytes image, initrd; /* the latter becomes module 0 */
    const char *append;
    struct board_memory_map map;
};
enum cbit_status board_load_multiboot(const struct board_multiboot *what,
                                      const struct board_target *target, struct board_entry *entry,
                                      struct board_error *error) CBIT_MUST_CHECK;

#endif
