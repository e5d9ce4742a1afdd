/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a SEV guest does with its launch secret; a static program for initramfs.
 *
 *   launch-secret                    lists the table: GUID and length of each entry
 *   launch-secret GUID               writes the entry's bytes to standard output
 *   launch-secret derive GUID FILE   32 bytes that follow from the entry, to FILE
 *
 * The table's page stands on the measured command line (cbit.secret=0xADDRESS).
 * It is mapped from /dev/mem, and so with the C-bit, like all memory that the
 * kernel maps; read() on /dev/mem would refuse a page that is no RAM.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define HEAD 20u /* GUID and 32-bit length, which counts the head */
#define DERIVED 32u

static const unsigned char table_guid[16] = { /* 1e74f542-71dd-4d66-963e-ef4287ff173b */
    0x42, 0xf5, 0x74, 0x1e, 0xdd, 0x71, 0x66, 0x4d,
    0x96, 0x3e, 0xef, 0x42, 0x87, 0xff, 0x17, 0x3b,
};

static int fail(const char *what)
{
    fprintf(stderr, "launch-secret: %s: %s\n", what, strerror(errno));
    return 1;
}

static unsigned long long address_on_command_line(void)
{
    char line[4096] = "";
    FILE *file = fopen("/proc/cmdline", "r");
    const char *word;

    if (file) {
        line[fread(line, 1, sizeof line - 1, file)] = 0;
        fclose(file);
    }
    word = strstr(line, "cbit.secret=0x");
    return word ? strtoull(word + strlen("cbit.secret="), NULL, 16) : 0;
}

static const unsigned char *map_table(void)
{
    const unsigned long long at = address_on_command_line();
    const int fd = open("/dev/mem", O_RDWR | O_SYNC);
    void *page;

    if (!at || fd < 0)
        return NULL;
    page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)at);
    close(fd);
    return page == MAP_FAILED ? NULL : page;
}

static uint32_t length_at(const unsigned char *entry)
{
    return (uint32_t)entry[16] | (uint32_t)entry[17] << 8 | (uint32_t)entry[18] << 16 |
           (uint32_t)entry[19] << 24;
}

/* The first three fields of a GUID are little-endian. */
static void guid_text(const unsigned char *g, char text[37])
{
    snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3],
             g[2], g[1], g[0], g[5], g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13],
             g[14], g[15]);
}

/* The next entry behind `entry` (the table itself at first); NULL: that was all. */
static const unsigned char *next_entry(const unsigned char *table, const unsigned char *entry)
{
    const uint32_t total = length_at(table);
    const unsigned char *next = entry == table ? table + HEAD : entry + length_at(entry);

    if (total > PAGE || (size_t)(next - table) + HEAD > total || length_at(next) < HEAD ||
        length_at(next) > total - (size_t)(next - table))
        return NULL;
    return next;
}

static const unsigned char *find_entry(const unsigned char *table, const char *guid)
{
    const unsigned char *entry = table;
    char text[37];

    while ((entry = next_entry(table, entry))) {
        guid_text(entry, text);
        if (strcasecmp(text, guid) == 0)
            return entry;
    }
    return NULL;
}

static int list(const unsigned char *table)
{
    const unsigned char *entry = table;
    char text[37];

    while ((entry = next_entry(table, entry))) {
        guid_text(entry, text);
        printf("%s %u\n", text, (unsigned)(length_at(entry) - HEAD));
    }
    return 0;
}

static int write_all(int fd, const unsigned char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, bytes, len);

        if (n <= 0)
            return fail("write");
        bytes += n;
        len -= (size_t)n;
    }
    return 0;
}

/* FNV-1a over the secret and a counter, 64 bits at a time: a value, not cryptography. */
static int derive(const unsigned char *entry, const char *path)
{
    unsigned char out[DERIVED];
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0)
        return fail(path);
    for (unsigned n = 0; n < DERIVED; n += 8) {
        uint64_t h = UINT64_C(0xcbf29ce484222325) ^ n;

        for (uint32_t i = HEAD; i < length_at(entry); i++)
            h = (h ^ entry[i]) * UINT64_C(0x100000001b3);
        memcpy(out + n, &h, 8);
    }
    const int code = write_all(fd, out, sizeof out);

    explicit_bzero(out, sizeof out);
    close(fd);
    return code;
}

int main(int argc, char **argv)
{
    const unsigned char *table = map_table(), *entry;

    if (!table)
        return fail("the secret's page (cbit.secret= on the command line, /dev/mem)");
    if (memcmp(table, table_guid, sizeof table_guid) != 0) {
        fprintf(stderr, "launch-secret: none was injected\n");
        return 2;
    }
    if (argc == 1)
        return list(table);
    entry = find_entry(table, argc == 4 ? argv[2] : argv[1]);
    if (!entry) {
        fprintf(stderr, "launch-secret: no such entry\n");
        return 2;
    }
    if (argc == 4 && strcmp(argv[1], "derive") == 0)
        return derive(entry, argv[3]);
    return write_all(STDOUT_FILENO, entry + HEAD, length_at(entry) - HEAD);
}
