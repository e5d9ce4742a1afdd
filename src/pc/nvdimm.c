/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persistent memory: a stretch of DRAM whose pins are read from a file at
 * power-on and written back at power-off.  The file holds what the DIMM holds,
 * so what was written with C=1 is ciphertext under a key that is gone.
 */
#include "pc/state.h"

#include "mc/probe.h"

#define CHUNK 65536u

enum cbit_status pc_nvdimm_load(struct pc *pc)
{
    const struct dev_disk *file = &pc->config.nvdimm;
    uint8_t bytes[CHUNK];

    for (uint64_t at = 0; at < file->size; at += CHUNK) {
        enum cbit_status status;

        if (!file->ops->read(file->ctx, at, bytes, CHUNK))
            return CBIT_IO;
        if (cb_all_zero(bytes, CHUNK))
            continue; /* as untouched DRAM is */
        status = mc_probe_write(pc->mc, spa(pc->map.pmem + at), bytes, CHUNK);
        if (status)
            return status;
    }
    pc->nvdimm_loaded = true;
    return CBIT_OK;
}

static bool touched(const struct pc *pc, uint64_t at)
{
    for (uint64_t i = 0; i < CHUNK; i += CB_PAGE_SIZE)
        if (mc_frame_touched(pc->mc, spa(at + i)))
            return true;
    return false;
}

void pc_nvdimm_save(struct pc *pc)
{
    const struct dev_disk *file = &pc->config.nvdimm;
    uint8_t bytes[CHUNK];
    bool ok = true;

    if (!pc->nvdimm_loaded || file->read_only)
        return;
    for (uint64_t at = 0; at < file->size; at += CHUNK) {
        if (!touched(pc, pc->map.pmem + at))
            continue;
        ok &= mc_probe_read(pc->mc, spa(pc->map.pmem + at), bytes, CHUNK) == CBIT_OK &&
              file->ops->write(file->ctx, at, bytes, CHUNK);
    }
    ok &= file->ops->flush(file->ctx);
    if (!ok)
        pc_trace(pc, "pc", "nvdimm: the file could not be written");
}
