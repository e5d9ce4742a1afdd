/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are read whole before the machine exists. */
#include <errno.h>
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
             status == CBIT_IO ? strerror(errno) : cb_status_text(status));
    return false;
}

bool run_files_load(struct run_files *files, const struct run_options *o)
{
    const char *image = o->kernel ? o->kernel : o->multiboot ? o->multiboot : o->bios;
    const char *name = o->kernel ? "--kernel" : o->multiboot ? "--multiboot" : "--bios";

    *files = (struct run_files){0};
    if (load(name, image, &files->kernel) && load("--initrd", o->initrd, &files->initrd) &&
        load("--tweak", o->tweak, &files->tweak))
        return true;
    run_files_free(files);
    return false;
}

void run_files_free(struct run_files *files)
{
    host_bytes_free(&files->kernel);
    host_bytes_free(&files->initrd);
    host_bytes_free(&files->tweak);
}
