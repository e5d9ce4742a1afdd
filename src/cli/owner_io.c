/* SPDX-License-Identifier: Apache-2.0 */
/* Files and values of cbit owner; every failure names the file and what is wrong with it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/owner.h"

bool cli_owner_read(const char *verb, const char *path, size_t max, struct host_bytes *out)
{
    const enum cbit_status status = host_file_read(path, max, out);

    if (status == CBIT_OK)
        return true;
    if (status == CBIT_RANGE)
        cli_fail(verb, "%s: is larger than %zu bytes", path, max);
    else
        cli_fail(verb, "%s: %s", path, cli_status_text(status));
    return false;
}

bool cli_owner_read_exact(const char *verb, const char *path, void *out, size_t len)
{
    struct host_bytes bytes;
    bool ok;

    if (!cli_owner_read(verb, path, 1 << 20, &bytes))
        return false;
    ok = bytes.len == len;
    if (ok)
        memcpy(out, bytes.data, len);
    else
        cli_fail(verb, "%s: has %zu bytes, not %zu", path, bytes.len, len);
    host_bytes_free(&bytes);
    return ok;
}

bool cli_owner_read_cert(const char *verb, const char *path, uint32_t usage,
                         struct wire_sev_cert *out)
{
    uint8_t bytes[WIRE_SEV_CERT_SIZE];

    if (!cli_owner_read_exact(verb, path, bytes, sizeof bytes))
        return false;
    wire_sev_cert_decode(out, bytes);
    if (out->version != WIRE_SEV_CERT_VERSION || out->usage != usage) {
        cli_fail(verb, "%s: is not the kind of certificate wanted here (version %u, usage 0x%x; "
                       "wanted 1, 0x%x)", path, out->version, out->usage, usage);
        return false;
    }
    if (!sev_cert_padding_ok(out)) {
        cli_fail(verb, "%s: reserved or padding bytes are not zero", path);
        return false;
    }
    return true;
}

bool cli_owner_write(const char *verb, const char *dir, const char *name, const void *data,
                     size_t len)
{
    char *path = NULL;
    enum cbit_status status = CBIT_NO_MEMORY;

    if (asprintf(&path, "%s/%s", dir, name) >= 0)
        status = host_file_replace(path, data, len, 0600);
    if (status != CBIT_OK)
        cli_fail(verb, "%s/%s: %s", dir, name,
                 cli_status_text(status));
    free(path);
    return status == CBIT_OK;
}

bool cli_owner_write_base64(const char *verb, const char *dir, const char *name, const void *data,
                            size_t len)
{
    const size_t chars = cb_base64_len(len);
    char *text = malloc(chars + 2);
    bool ok;

    if (text == NULL) {
        cli_fail(verb, "no memory");
        return false;
    }
    cb_base64_encode(data, len, text);
    text[chars] = '\n';
    ok = cli_owner_write(verb, dir, name, text, chars + 1);
    cb_wipe(text, chars + 1);
    free(text);
    return ok;
}

bool cli_owner_make_dir(const char *verb, const char *dir)
{
    const enum cbit_status status = host_folder_make(dir);

    if (status != CBIT_OK)
        cli_fail(verb, "--out %s: %s", dir,
                 cli_status_text(status));
    return status == CBIT_OK;
}

bool cli_owner_measurement(const char *verb, const char *text, uint8_t blob[WIRE_SEV_MEASURE_SIZE])
{
    size_t len;

    if (cb_base64_decode(text, blob, WIRE_SEV_MEASURE_SIZE, &len) && len == WIRE_SEV_MEASURE_SIZE)
        return true;
    cli_fail(verb, "--measurement: is not the base64 of %d bytes (measure and nonce)",
             WIRE_SEV_MEASURE_SIZE);
    return false;
}

void cli_owner_print_hex(FILE *to, const void *data, size_t len)
{
    const uint8_t *b = data;

    for (size_t i = 0; i < len; i++)
        fprintf(to, "%02x", b[i]);
}

bool cli_owner_file_list(const struct cli_option *option, const char *text, void *field,
                         struct cli_why *why)
{
    struct cli_owner_files *files = field;

    (void)option;
    if (files->n == CLI_OWNER_MAX_FILES) {
        snprintf(why->text, sizeof why->text, "is one more than the %d that fit",
                 CLI_OWNER_MAX_FILES);
        return false;
    }
    files->path[files->n++] = text;
    return true;
}

bool cli_owner_u8(const struct cli_option *option, const char *text, void *field,
                  struct cli_why *why)
{
    uint64_t value;

    if (!cli_u64(option, text, &value, why))
        return false;
    if (value > 255) {
        snprintf(why->text, sizeof why->text, "is not within 0 .. 255");
        return false;
    }
    memcpy(field, &(int){(int)value}, sizeof(int));
    return true;
}

bool cli_owner_options(struct cli_line *line, int argc, char **argv, const char *synopsis,
                       int *code)
{
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(line, argc, argv, &why);

    if (parsed == CLI_OK)
        return true;
    *code = cli_usage(parsed, line, synopsis, &why);
    return false;
}

bool cli_owner_need(const char *verb, const char *option, const void *value)
{
    if (value != NULL)
        return true;
    cli_fail(verb, "%s is missing (see %s --help)", option, verb);
    return false;
}
