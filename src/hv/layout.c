/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loader runs twice: first to learn which pages it touches, then into
 * buffers of that size.  So no image of the whole memory is needed, and a page
 * is launched if and only if the loader has put something there.
 */
#include "hv/layout.h"

#include <stdio.h>
#include <stdlib.h>

#define LOW_MEMORY  (UINT64_C(3) << 30) /* between it and 4 GiB are devices */
#define MIN_MEMORY  (UINT64_C(4) << 20)
#define MAX_MEMORY  (UINT64_C(1) << 40)
#define LOW_PAGES   UINT64_C(0xa000) /* page 0, page tables, zero page, GDT, command line */

/* Pages, merged where they touch. */
struct extents {
    struct hv_region at[HV_LAYOUT_REGIONS];
    unsigned n;
    bool overflow;
};

static void merge_down(struct extents *e, unsigned i)
{
    while (i + 1 < e->n && e->at[i].at + e->at[i].len >= e->at[i + 1].at) {
        const uint64_t end = e->at[i + 1].at + e->at[i + 1].len;

        if (end > e->at[i].at + e->at[i].len)
            e->at[i].len = (size_t)(end - e->at[i].at);
        e->n--;
        memmove(&e->at[i + 1], &e->at[i + 2], (e->n - i - 1) * sizeof(e->at[0]));
    }
}

static void add_extent(struct extents *e, uint64_t at, uint64_t len)
{
    const uint64_t from = cb_align_down(at, CB_PAGE_SIZE);
    const uint64_t to = cb_align_up(at + len, CB_PAGE_SIZE);
    unsigned i = 0;

    if (len == 0)
        return;
    while (i < e->n && e->at[i].at + e->at[i].len < from)
        i++;
    if (i < e->n && e->at[i].at <= from) {
        if (to > e->at[i].at + e->at[i].len)
            e->at[i].len = (size_t)(to - e->at[i].at);
        merge_down(e, i);
        return;
    }
    if (e->n == HV_LAYOUT_REGIONS) {
        e->overflow = true;
        return;
    }
    memmove(&e->at[i + 1], &e->at[i], (e->n - i) * sizeof(e->at[0]));
    e->at[i] = (struct hv_region){.at = from, .len = (size_t)(to - from)};
    e->n++;
    merge_down(e, i);
}

static void note_write(void *ctx, uint64_t at, const void *bytes, size_t len)
{
    (void)bytes;
    add_extent(ctx, at, len);
}

static void note_zero(void *ctx, uint64_t at, uint64_t len)
{
    add_extent(ctx, at, len);
}

/* Where [at, at + len) is kept: the first pass saw the same range. */
static uint8_t *find(struct hv_layout *layout, uint64_t at, uint64_t len)
{
    for (unsigned i = 0; i < layout->n_regions; i++) {
        const struct hv_region *r = &layout->region[i];

        if (at >= r->at && at + len <= r->at + r->len)
            return r->bytes + (at - r->at);
    }
    CBIT_ASSERT(len == 0);
    return NULL;
}

static void put_write(void *ctx, uint64_t at, const void *bytes, size_t len)
{
    uint8_t *to = find(ctx, at, len);

    if (len)
        memcpy(to, bytes, len);
}

static void put_zero(void *ctx, uint64_t at, uint64_t len)
{
    uint8_t *to = find(ctx, at, len);

    if (len)
        memset(to, 0, (size_t)len);
}

/* What one pass of the loader needs. */
struct plan {
    const struct hv_layout_input *input;
    struct board_linux what;
    uint64_t kernel_low, kernel_high; /* an ELF is launched from end to end, gaps too */
};

static enum cbit_status run_loader(const struct plan *plan, const struct board_target *target,
                                   struct hv_layout *out, struct board_error *error)
{
    struct board_linux what = plan->what;

    target->zero(target->ctx, 0, LOW_PAGES);
    target->zero(target->ctx, plan->kernel_low, plan->kernel_high - plan->kernel_low);
    if (out->secret)
        target->zero(target->ctx, out->secret, HV_SECRET_SIZE);
    target->zero(target->ctx, out->map.tables, out->map.below_4g - out->map.tables);
    out->map.rsdp = board_acpi_write_guest(&out->map, plan->input->n_cpus, target);
    what.map = out->map;
    return board_load_linux(&what, target, &out->entry, error);
}

static enum cbit_status allocate(const struct extents *extents, struct hv_layout *out)
{
    for (unsigned i = 0; i < extents->n; i++) {
        out->region[i] = extents->at[i];
        out->region[i].bytes = calloc(1, extents->at[i].len);
        out->n_regions++;
        if (!out->region[i].bytes)
            return CBIT_NO_MEMORY;
    }
    return CBIT_OK;
}

static enum cbit_status both_passes(const struct plan *plan, struct hv_layout *out,
                                    struct board_error *error)
{
    struct extents extents = {.n = 0};
    const struct board_target note = {note_write, note_zero, &extents};
    const struct board_target put = {put_write, put_zero, out};
    enum cbit_status status = run_loader(plan, &note, out, error);

    if (status)
        return status;
    if (extents.overflow)
        return board_fail(error, "kernel: more than %d stretches of memory", HV_LAYOUT_REGIONS);
    status = allocate(&extents, out);
    return status ? status : run_loader(plan, &put, out, error);
}

static void lay_out_memory(const struct hv_layout_input *input, struct hv_layout *out)
{
    out->map.below_4g = input->memory < LOW_MEMORY ? input->memory : LOW_MEMORY;
    out->map.above_4g = input->memory - out->map.below_4g;
    out->map.tables = out->map.below_4g - BOARD_ACPI_SIZE;
    out->secret = input->sev ? out->map.tables - HV_SECRET_SIZE : 0;
    out->map.secret = out->secret;
}

/* A SEV guest is told where its secret page is; nothing else is ever added. */
static enum cbit_status make_append(const struct hv_layout_input *input, struct hv_layout *out,
                                    struct board_error *error)
{
    char addition[40] = "";
    int n;

    if (input->sev)
        snprintf(addition, sizeof(addition), "%scbit.secret=0x%llx", *input->append ? " " : "",
                 (unsigned long long)out->secret);
    n = snprintf(out->append, sizeof(out->append), "%s%s", input->append, addition);
    if (n < 0 || (size_t)n >= sizeof(out->append))
        return board_fail(error, "command line: more than %u bytes with%s", HV_LAYOUT_APPEND_MAX,
                          addition);
    return CBIT_OK;
}

static enum cbit_status check(const struct hv_layout_input *input, struct board_error *error)
{
    if (input->memory % CB_PAGE_SIZE || input->memory < MIN_MEMORY || input->memory > MAX_MEMORY)
        return board_fail(error, "guest memory: %llu bytes; whole pages from 4 MiB to 1 TiB are needed",
                          (unsigned long long)input->memory);
    if (input->n_cpus == 0 || input->n_cpus > 64)
        return board_fail(error, "guest: %u processors; 1 to 64 are possible", input->n_cpus);
    return CBIT_OK;
}

/* Takes the kernel apart as far as the passes need it; *unpacked is the caller's to free. */
static enum cbit_status prepare(struct plan *plan, const struct hv_layout *layout,
                                uint8_t **unpacked, struct board_error *error)
{
    const struct hv_layout_input *input = plan->input;
    struct board_elf elf;
    enum cbit_status status = CBIT_OK;
    size_t len = 0;

    plan->what = (struct board_linux){
        .kernel = input->kernel,
        .initrd = input->initrd,
        .append = layout->append,
        .c_mask = input->sev ? CB_BIT(input->c_bit) : 0,
    };
    if (input->unpack_kernel && board_is_bzimage(input->kernel)) {
        status = board_unpack(input->kernel, unpacked, &len, error);
        plan->what.bzimage = input->kernel;
        plan->what.kernel = (struct board_bytes){*unpacked, len};
    }
    if (status || !board_is_elf(plan->what.kernel))
        return status;
    status = board_elf_parse(plan->what.kernel, &elf, error);
    if (status)
        return status;
    plan->kernel_low = elf.low;
    plan->kernel_high = elf.high;
    if (elf.low < BOARD_HIGH_RAM || elf.high > board_ram_end(&layout->map))
        return board_fail(error, "kernel: needs memory %#llx-%#llx, RAM there is %#llx-%#llx",
                          (unsigned long long)elf.low, (unsigned long long)elf.high,
                          (unsigned long long)BOARD_HIGH_RAM,
                          (unsigned long long)board_ram_end(&layout->map));
    return CBIT_OK;
}

enum cbit_status hv_layout_make(const struct hv_layout_input *input, struct hv_layout *out,
                                struct board_error *error)
{
    struct plan plan = {.input = input};
    uint8_t *unpacked = NULL;
    enum cbit_status status = check(input, error);

    memset(out, 0, sizeof(*out));
    if (status)
        return status;
    lay_out_memory(input, out);
    status = make_append(input, out, error);
    if (!status)
        status = prepare(&plan, out, &unpacked, error);
    if (!status)
        status = both_passes(&plan, out, error);
    if (!status && out->entry.mode != BOARD_ENTRY_64)
        status = board_fail(error, "kernel: no 64-bit entry; a guest is entered there");
    free(unpacked);
    if (status)
        hv_layout_free(out);
    return status;
}

void hv_layout_free(struct hv_layout *layout)
{
    for (unsigned i = 0; i < layout->n_regions; i++)
        free(layout->region[i].bytes);
    layout->n_regions = 0;
}
