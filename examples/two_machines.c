/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two machines in one process, both with TSME: each runs the same small program,
 * which copies a text to 2 MiB, prints it and ends.  Under its key each machine
 * holds the text; on the two DIMMs lie different bytes, neither of them the text.
 *
 *     cc two_machines.c $(pkg-config --cflags --libs cbit) && ./a.out
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cbit/cbit.h>

#define TEXT_AT 0x200000u
#define TEXT "Known text, copied by the guest."

/* 64-bit code; the text follows it. */
static const unsigned char code[44] = {
    0x48, 0x8d, 0x35, 0x25, 0, 0, 0,          /* lea rsi, [rip + text] */
    0xbf, 0x00, 0x00, 0x20, 0x00,             /* mov edi, TEXT_AT */
    0xb9, sizeof TEXT, 0, 0, 0,               /* mov ecx, length */
    0xfc, 0xf3, 0xa4,                         /* cld; rep movsb */
    0x48, 0x8d, 0x35, 0x11, 0, 0, 0,          /* lea rsi, [rip + text] */
    0x66, 0xba, 0xf8, 0x03,                   /* mov dx, 3f8h */
    0xac, 0x84, 0xc0, 0x74, 0x03, 0xee,       /* next: lodsb; test al, al; jz end; out dx, al */
    0xeb, 0xf8,                               /* jmp next */
    0xb0, 0x00, 0xe6, 0xf4, 0xf4,             /* end: mov al, 0; out f4h, al; hlt */
};

struct image {
    unsigned char bytes[64 + 56 + sizeof code + sizeof TEXT];
};

static void put(unsigned char *at, unsigned long long value, int n)
{
    for (int i = 0; i < n; i++)
        at[i] = (unsigned char)(value >> (8 * i));
}

/* An ELF64 file with one segment at 16 MiB that holds the whole file. */
static void make_image(struct image *image)
{
    const unsigned long long base = 0x1000000, size = sizeof image->bytes;
    unsigned char *e = image->bytes, *p = e + 64;

    memset(image, 0, sizeof *image);
    memcpy(e, "\177ELF\2\1\1", 7);
    put(e + 16, 2, 2);           /* ET_EXEC */
    put(e + 18, 62, 2);          /* EM_X86_64 */
    put(e + 20, 1, 4);
    put(e + 24, base + 120, 8);  /* entry */
    put(e + 32, 64, 8);          /* program headers */
    put(e + 52, 64, 2);
    put(e + 54, 56, 2);
    put(e + 56, 1, 2);
    put(p, 1, 4);                /* PT_LOAD */
    put(p + 4, 7, 4);
    put(p + 16, base, 8);
    put(p + 24, base, 8);
    put(p + 32, size, 8);
    put(p + 40, size, 8);
    put(p + 48, 4096, 8);
    memcpy(e + 120, code, sizeof code);
    memcpy(e + 120 + sizeof code, TEXT, sizeof TEXT);
}

static void print(void *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    fwrite(bytes, 1, len, stdout);
}

static struct cbit_machine *start(const struct image *image)
{
    struct cbit_config config;
    struct cbit_machine *machine;
    struct cbit_why why;

    cbit_config_init(&config);
    config.memory = 64u << 20;
    config.tsme = CBIT_ON;
    config.kernel = (struct cbit_bytes){image->bytes, sizeof image->bytes};
    config.console = print;
    if (cbit_machine_new(&config, &machine, &why)) {
        fprintf(stderr, "%s\n", why.text);
        exit(2);
    }
    return machine;
}

/* Runs to the end; true: the program wrote the exit port, as it should. */
static int finish(struct cbit_machine *machine)
{
    const struct cbit_slice slice = {.max_insns = 1000000};
    enum cbit_stop stop;

    while ((stop = cbit_machine_run(machine, slice)) == CBIT_STOP_SLICE)
        ;
    printf("\n-- %s\n", cbit_stop_text(stop));
    return stop == CBIT_STOP_EXIT_PORT;
}

static void look(const struct cbit_machine *machine, cbit_view view, unsigned char *to)
{
    if (cbit_machine_peek(machine, TEXT_AT, view, to, sizeof TEXT))
        exit(2);
    for (size_t i = 0; i < 16; i++)
        printf("%02x%c", to[i], i == 15 ? '\n' : ' ');
}

int main(void)
{
    struct image image;
    struct cbit_machine *machine[2];
    unsigned char pins[2][sizeof TEXT], plain[2][sizeof TEXT];
    int good = 1;

    make_image(&image);
    for (int i = 0; i < 2; i++)
        machine[i] = start(&image);
    for (int i = 0; i < 2; i++) {
        good = finish(machine[i]) && good;
        printf("machine %d, under its key: ", i);
        look(machine[i], CBIT_VIEW_HOST, plain[i]);
        printf("machine %d, at the pins:   ", i);
        look(machine[i], CBIT_VIEW_RAW, pins[i]);
        good = good && memcmp(plain[i], TEXT, sizeof TEXT) == 0 &&
               memcmp(pins[i], TEXT, 16) != 0;
    }
    good = good && memcmp(pins[0], pins[1], 16) != 0;
    for (int i = 0; i < 2; i++)
        cbit_machine_free(machine[i]);
    return good ? 0 : 1;
}
