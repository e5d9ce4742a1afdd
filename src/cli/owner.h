/* SPDX-License-Identifier: Apache-2.0 */
/* What the verbs of cbit owner share: files, blobs, version options.  Private to cli. */
#ifndef CLI_OWNER_H
#define CLI_OWNER_H

#include "cli/cli.h"
#include "host/host.h"
#include "owner/owner.h"

/* One verb of cbit owner a row; argv[0] is its name. */
cli_verb_fn cli_owner_verify, cli_owner_session, cli_owner_measure, cli_owner_secret,
    cli_owner_report, cli_owner_pack, cli_owner_oca, cli_owner_sign_csr;

/* Reads a whole file (at most max bytes); false: the message was printed. */
bool cli_owner_read(const char *verb, const char *path, size_t max, struct host_bytes *out);
/* A file of exactly len bytes. */
bool cli_owner_read_exact(const char *verb, const char *path, void *out, size_t len);
/* One SEV certificate of the given usage, padding checked. */
bool cli_owner_read_cert(const char *verb, const char *path, uint32_t usage,
                         struct wire_sev_cert *out);

/* Writes DIR/NAME; mode 0600, since some of what an owner writes is secret. */
bool cli_owner_write(const char *verb, const char *dir, const char *name, const void *data,
                     size_t len);
/* The same as base64 and a newline. */
bool cli_owner_write_base64(const char *verb, const char *dir, const char *name, const void *data,
                            size_t len);
bool cli_owner_make_dir(const char *verb, const char *dir);

/* MEASURE and MNONCE from an option's base64. */
bool cli_owner_measurement(const char *verb, const char *text,
                           uint8_t blob[WIRE_SEV_MEASURE_SIZE]);

void cli_owner_print_hex(FILE *to, const void *data, size_t len);

/* Where a path may be repeated: --vmsa F --vmsa G. */
#define CLI_OWNER_MAX_FILES 64
struct cli_owner_files {
    const char *path[CLI_OWNER_MAX_FILES];
    size_t n;
};
cli_parser cli_owner_file_list;

/* u8 of an API version. */
cli_parser cli_owner_u8;

/* Parses a verb's options; *code is what to return when the answer is false. */
bool cli_owner_options(struct cli_line *line, int argc, char **argv, const char *synopsis,
                       int *code);

/* An option that the verb cannot do without; false: the message was printed. */
bool cli_owner_need(const char *verb, const char *option, const void *value);

#endif
