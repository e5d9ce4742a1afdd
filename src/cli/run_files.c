/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a run: those read whole before the machine exists, and its disks. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cli/run.h"

#define IMAGE_MAX ((size_t)2 << 30)

static bool load(const char *option, const char *path, struct host_bytes *to)
{
    if (!path)
        return true;
    const enum cbit_status status = host_file_read(path, IMAGE_MAX, to);

    if (!status)
        return true;
    cli_fail("cbit run", "%s %s: %s", option, path,
             cli_status_text(status));
    return false;
}

/* FILE, FILE,ro or FILE,snapshot. */
static bool open_disk(struct run_files *files, const char *text)
{
    static const struct {
        const char *suffix;
        enum host_disk_mode mode;
    } suffixes[] = {{",ro", HOST_DISK_READ_ONLY}, {",snapshot", HOST_DISK_SNAPSHOT}};
    enum host_disk_mode mode = HOST_DISK_WRITE;
    size_t len = strlen(text);
    char path[PATH_MAX];

    for (size_t i = 0; i < CB_ARRAY_LEN(suffixes); i++) {
        const size_t n = strlen(suffixes[i].suffix);

        if (len > n && strcmp(text + len - n, suffixes[i].suffix) == 0) {
            mode = suffixes[i].mode;
            len -= n;
            break;
        }
    }
    snprintf(path, sizeof path, "%.*s", (int)(len < sizeof path ? len : sizeof path - 1), text);
    const enum cbit_status status = host_disk_open(path, mode, &files->disk[files->n_disks]);

    if (status) {
        cli_fail("cbit run", "--disk %s: %s", path,
                 status == CBIT_IO        ? strerror(errno)
                 : status == CBIT_INVALID ? "not a multiple of 512 bytes long"
                                          : cb_status_text(status));
        return false;
    }
    files->disk_read_only[files->n_disks++] = mode == HOST_DISK_READ_ONLY;
    return true;
}

static bool open_disks(struct run_files *files, const struct run_options *o)
{
    for (unsigned i = 0; i < o->n_disks; i++) {
        if (!open_disk(files, o->disk[i]))
            return false;
    }
    return true;
}

/* FILE or FILE,size=N, which makes the file if it is not there. */
static bool open_nvdimm(struct run_files *files, const char *text)
{
    const char *size = text ? strstr(text, ",size=") : NULL;
    const size_t len = size ? (size_t)(size - text) : text ? strlen(text) : 0;
    enum cbit_status status = CBIT_OK;
    struct cli_why why = {{0}};
    uint64_t bytes = 0;
    char path[PATH_MAX];

    if (!text)
        return true;
    if (size && !cli_size(NULL, size + 6, &bytes, &why)) {
        cli_fail("cbit run", "--nvdimm: the size %s", why.text);
        return false;
    }
    snprintf(path, sizeof path, "%.*s", (int)(len < sizeof path ? len : sizeof path - 1), text);
    if (size)
        status = host_disk_extend(path, bytes);
    if (!status)
        status = host_disk_open(path, HOST_DISK_WRITE, &files->nvdimm);
    if (status)
        cli_fail("cbit run", "--nvdimm %s: %s", path,
                 cli_status_text(status));
    return !status;
}

/* The chip decides the profile, unless that was given: then they must agree. */
static bool use_state(struct run_files *files, struct run_options *o)
{
    bool ok;

    if (o->state == NULL) {
        if (o->cpu == NULL)
            o->cpu = "milan";
        return true;
    }
    files->state = cb_secret_new(sizeof *files->state);
    if (files->state == NULL) {
        cli_fail("cbit run", "no memory");
        return false;
    }
    ok = cli_state_use("cbit run", o->state, o->cpu, files->state);
    if (ok)
        o->cpu = files->state->profile;
    return ok;
}

bool run_files_load(struct run_files *files, struct run_options *o)
{
    const char *image = o->kernel ? o->kernel : o->multiboot ? o->multiboot : o->bios;
    const char *name = o->kernel ? "--kernel" : o->multiboot ? "--multiboot" : "--bios";

    *files = (struct run_files){0};
    if (load(name, image, &files->kernel) && load("--initrd", o->initrd, &files->initrd) &&
        load("--tweak", o->tweak, &files->tweak) &&
        load("--input-script", o->input_script, &files->script) && open_disks(files, o) &&
        open_nvdimm(files, o->nvdimm) && use_state(files, o))
        return true;
    run_files_free(files);
    return false;
}

void run_files_free(struct run_files *files)
{
    host_bytes_free(&files->kernel);
    host_bytes_free(&files->initrd);
    host_bytes_free(&files->tweak);
    host_bytes_free(&files->script);
    for (unsigned i = 0; i < files->n_disks; i++)
        host_disk_close(files->disk[i]);
    files->n_disks = 0;
    host_disk_close(files->nvdimm);
    files->nvdimm = NULL;
    if (files->state != NULL)
        cli_state_release(files->state);
    cb_secret_free(files->state, sizeof *files->state);
    files->state = NULL;
}
