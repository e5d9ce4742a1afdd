/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dump-guest-memory: an ELF core file of physical memory and the processor's
 * registers, as gdb and crash open it.  Memory is what the host's CPU would read.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "monitor/qmp.h"

#define MAX_RANGES 8u
#define EHDR 64u
#define PHDR 56u
#define NOTE_HEAD 20u /* three words, "CORE\0" padded to 8 */
#define PRSTATUS 336u
#define PR_REG 112u
#define CHUNK (UINT64_C(1) << 20)

/* struct user_regs_struct of x86-64: indices of gpr, then the rest by name. */
static const uint8_t reg_order[15] = {15, 14, 13, 12, 5, 3, 11, 10, 9, 8, 0, 1, 2, 6, 7};

static void put_regs(uint8_t *to, const struct cbit_regs *regs)
{
    const uint64_t rest[] = {regs->gpr[0] /* orig_rax */, regs->rip, regs->segment[1], regs->rflags,
                             regs->gpr[4], regs->segment[2], regs->fs_base, regs->gs_base,
                             regs->segment[3], regs->segment[0], regs->segment[4],
                             regs->segment[5]};

    for (unsigned i = 0; i < 15; i++)
        cb_store_le64(to + 8 * i, regs->gpr[reg_order[i]]);
    for (unsigned i = 0; i < CB_ARRAY_LEN(rest); i++)
        cb_store_le64(to + 8 * (15 + i), rest[i]);
}

static void put_phdr(uint8_t *to, uint32_t type, uint64_t offset, uint64_t address, uint64_t size)
{
    cb_store_le32(to, type);
    cb_store_le32(to + 4, type == 1 ? 7 : 0);
    cb_store_le64(to + 8, offset);
    cb_store_le64(to + 16, address);
    cb_store_le64(to + 24, address);
    cb_store_le64(to + 32, size);
    cb_store_le64(to + 40, size);
}

struct plan {
    struct cbit_range range[MAX_RANGES];
    size_t n;
    uint64_t data; /* file offset of the first range */
};

/* Everything in front of memory itself; all of it fits a page or two. */
static size_t put_head(uint8_t *to, const struct plan *plan, const struct cbit_regs *regs)
{
    const size_t note = EHDR + PHDR * (plan->n + 1);
    uint64_t offset = plan->data;

    memcpy(to, "\177ELF\2\1\1", 7);
    cb_store_le16(to + 16, 4);  /* ET_CORE */
    cb_store_le16(to + 18, 62); /* x86-64 */
    cb_store_le32(to + 20, 1);
    cb_store_le64(to + 32, EHDR);
    cb_store_le16(to + 52, EHDR);
    cb_store_le16(to + 54, PHDR);
    cb_store_le16(to + 56, (uint16_t)(plan->n + 1));
    put_phdr(to + EHDR, 4, note, 0, NOTE_HEAD + PRSTATUS);
    for (size_t i = 0; i < plan->n; i++) {
        put_phdr(to + EHDR + PHDR * (i + 1), 1, offset, plan->range[i].base, plan->range[i].size);
        offset += plan->range[i].size;
    }
    cb_store_le32(to + note, 5);
    cb_store_le32(to + note + 4, PRSTATUS);
    cb_store_le32(to + note + 8, 1); /* NT_PRSTATUS */
    memcpy(to + note + 12, "CORE", 5);
    cb_store_le32(to + note + NOTE_HEAD + 32, 1); /* pr_pid: the first CPU */
    put_regs(to + note + NOTE_HEAD + PR_REG, regs);
    return note + NOTE_HEAD + PRSTATUS;
}

static enum cbit_error put_range(const struct mon_config *config, int fd, struct cbit_range range,
                                 uint64_t offset, uint8_t *chunk)
{
    for (uint64_t done = 0; done < range.size; done += CHUNK) {
        const uint64_t left = range.size - done;
        const size_t part = (size_t)(left < CHUNK ? left : CHUNK);
        const enum cbit_error error =
            config->ops->core_peek(config->ctx, range.base + done, chunk, part);

        if (error)
            return error;
        if (host_dump_write(fd, offset + done, chunk, part))
            return CBIT_E_IO;
    }
    return CBIT_E_OK;
}

static enum cbit_error put_all(const struct mon_config *config, int fd, const struct plan *plan,
                               uint8_t *chunk)
{
    struct cbit_regs regs;
    uint64_t offset = plan->data;
    enum cbit_error error = CBIT_E_OK;

    config->ops->regs(config->ctx, &regs);
    memset(chunk, 0, CHUNK);
    const size_t head = put_head(chunk, plan, &regs);

    if (host_dump_write(fd, 0, chunk, head))
        return CBIT_E_IO;
    for (size_t i = 0; i < plan->n && !error; i++) {
        error = put_range(config, fd, plan->range[i], offset, chunk);
        offset += plan->range[i].size;
    }
    return error;
}

/* What of DRAM lies in the part that is wanted; CBIT_E_RANGE: nothing. */
static enum cbit_error make_plan(const struct mon_config *config, struct cbit_range part,
                                 struct plan *plan)
{
    struct cbit_range all[MAX_RANGES];
    const size_t n = config->ops->dram(config->ctx, all, MAX_RANGES);

    CBIT_ASSERT(n <= MAX_RANGES);
    *plan = (struct plan){.data = 2 * CB_PAGE_SIZE};
    for (size_t i = 0; i < n; i++) {
        const uint64_t from = all[i].base > part.base ? all[i].base : part.base;
        const uint64_t all_end = all[i].base + all[i].size, end = part.base + part.size;
        const uint64_t to = all_end < end ? all_end : end;

        if (from < to)
            plan->range[plan->n++] = (struct cbit_range){from, to - from};
    }
    return plan->n ? CBIT_E_OK : CBIT_E_RANGE;
}

static enum cbit_error write_core(const struct mon_config *config, struct cbit_range part,
                                  const char *path)
{
    struct plan plan;
    uint64_t size = 2 * CB_PAGE_SIZE;

    if (make_plan(config, part, &plan))
        return CBIT_E_RANGE;
    for (size_t i = 0; i < plan.n; i++)
        size += plan.range[i].size;
    uint8_t *chunk = malloc(CHUNK);
    const int fd = chunk ? host_dump_open(path, size) : -1;

    if (fd < 0) {
        const bool had_memory = chunk != NULL;

        free(chunk);
        return had_memory ? CBIT_E_IO : CBIT_E_NO_MEMORY;
    }
    enum cbit_error error = config->ops->core_begin(config->ctx);

    if (!error) {
        error = put_all(config, fd, &plan, chunk);
        config->ops->core_end(config->ctx);
    }
    close(fd);
    cb_wipe(chunk, CHUNK);
    free(chunk);
    return error;
}

/* "begin" and "length" come together; without them: everything. */
static bool part_of(json_t *args, struct cbit_range *part, struct mon_reply *reply)
{
    const json_t *begin = json_object_get(args, "begin"), *length = json_object_get(args, "length");
    const json_int_t at = json_integer_value(begin), size = json_integer_value(length);
    uint64_t end;

    *part = (struct cbit_range){0, UINT64_MAX};
    if (!begin && !length)
        return true;
    if (!begin || !length)
        mon_refuse(reply, "Parameter '%s' is missing", begin ? "length" : "begin");
    else if (at < 0 || size <= 0 || !cb_add_ok((uint64_t)at, (uint64_t)size, &end))
        mon_refuse(reply, "Parameters 'begin' and 'length' are no range");
    else
        *part = (struct cbit_range){(uint64_t)at, (uint64_t)size};
    return !*reply->reason;
}

static bool options_ok(json_t *args, struct mon_reply *reply)
{
    const char *format = json_string_value(json_object_get(args, "format"));

    if (json_is_true(json_object_get(args, "paging")))
        mon_refuse(reply, "paging: dumps by virtual address are not built yet");
    else if (json_is_true(json_object_get(args, "detach")))
        mon_refuse(reply, "detach: dumps in the background are not built yet");
    else if (format && strcmp(format, "elf") != 0)
        mon_refuse(reply, "Parameter 'format': only elf is built");
    return !*reply->reason;
}

void mon_dump_guest_memory(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    static const char scheme[] = "file:";
    const char *protocol = json_string_value(json_object_get(args, "protocol"));
    struct cbit_range part;

    if (!options_ok(args, reply) || !part_of(args, &part, reply))
        return;
    if (strncmp(protocol, scheme, strlen(scheme)) != 0) {
        mon_refuse(reply, "Parameter 'protocol' is not file:PATH");
        return;
    }
    const enum cbit_error error = write_core(mon_config_of(mon), part, protocol + strlen(scheme));

    if (error == CBIT_E_IO)
        mon_refuse(reply, "%.150s: %s", protocol, strerror(errno));
    else if (error)
        mon_refuse(reply, "%s", cbit_error_text(error));
}

void mon_query_dump_capability(struct mon *mon, json_t *args, struct mon_reply *reply)
{
    (void)mon;
    (void)args;
    reply->answer = json_pack("{s:[s]}", "formats", "elf");
}
