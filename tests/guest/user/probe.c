/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stories need done inside a guest; a static program in the initramfs.
 *
 *   probe page           a page of known text; prints "@page ADDRESS" and holds it
 *   probe secret SEED    computes a secret that stands nowhere in one piece, keeps it
 *                        in a file on tmpfs and in a page of its own; "@secret held"
 *   probe registers HEX  spins with that value in its registers
 *   probe exit N         writes the exit port; the run ends with N * 2 + 1
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096

static unsigned char *page_of_own(void)
{
    unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (page == MAP_FAILED || mlock(page, PAGE)) {
        perror("probe");
        exit(1);
    }
    return page;
}

/* Where a page of this process lies; 0 if the kernel does not say. */
static uint64_t physical(const void *page)
{
    uint64_t entry = 0;
    const int fd = open("/proc/self/pagemap", O_RDONLY);
    const off_t at = (off_t)((uintptr_t)page / PAGE * 8);

    if (fd < 0 || pread(fd, &entry, 8, at) != 8)
        return 0;
    close(fd);
    return (entry & ((UINT64_C(1) << 55) - 1)) * PAGE;
}

/* The caller goes on when the mark is out; a child of its own keeps the memory. */
static int hold(void)
{
    fflush(stdout);
    if (fork() == 0) {
        for (;;)
            pause();
    }
    return 0;
}

static int page(void)
{
    static const char line[] = "This page belongs to the guest: only its key makes it readable. ";
    unsigned char *text = page_of_own();

    for (size_t i = 0; i < PAGE; i++)
        text[i] = (unsigned char)line[i % (sizeof line - 1)];
    printf("@page 0x%llx\n", (unsigned long long)physical(text));
    return hold();
}

/* 48 letters that follow from the seed: tests/e2e/secret.py computes the same. */
static void make_secret(uint32_t seed, char *to)
{
    for (int i = 0; i < 48; i++) {
        seed = seed * 1664525u + 1013904223u;
        to[i] = (char)('a' + (seed >> 24) % 26);
    }
}

static int secret(const char *seed)
{
    unsigned char *mine = page_of_own();
    const int fd = open("/tmp/secret", O_WRONLY | O_CREAT | O_TRUNC, 0600);

    make_secret((uint32_t)strtoul(seed, NULL, 10), (char *)mine);
    if (fd < 0 || write(fd, mine, 48) != 48 || fsync(fd)) {
        perror("/tmp/secret");
        return 1;
    }
    close(fd);
    printf("@secret held\n");
    return hold();
}

/* Until somebody kills it. */
static int registers(const char *value)
{
    const uint64_t v = strtoull(value, NULL, 16);

    for (;;)
        __asm__ volatile("pause" : : "a"(v), "b"(v), "c"(v), "d"(v));
}

static int exit_port(const char *value)
{
    fflush(stdout);
    if (ioperm(0xf4, 1, 1)) {
        perror("ioperm");
        return 1;
    }
    outb((unsigned char)atoi(value), 0xf4);
    return 1;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "page") == 0)
        return page();
    if (argc == 3 && strcmp(argv[1], "secret") == 0)
        return secret(argv[2]);
    if (argc == 3 && strcmp(argv[1], "registers") == 0)
        return registers(argv[2]);
    if (argc == 3 && strcmp(argv[1], "exit") == 0)
        return exit_port(argv[2]);
    fprintf(stderr, "usage: probe page | secret SEED | registers HEX | exit N\n");
    return 2;
}
