/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ring mode: two queues of commands in DRAM in place of the single mailbox
 * (AMD publication 55766, RING_BUFFER).
 *
 * A write to RBTail runs what lies between head and tail, the high-priority
 * queue first.  A failing command without its continue flag pauses its queue
 * until RBCtl resumes it.  Linux does not use this mode, so no driver decides
 * what the specification leaves open; the reading here is the plain one.
 */
#include "asp/state.h"

#define ENTRY_SIZE 16u
#define N_ENTRIES 256u

#define CTL_LO_NEAR_EMPTY (1u << 0)
#define CTL_HI_NEAR_EMPTY (1u << 1)
#define CTL_RESUME_LO (1u << 8)
#define CTL_RESUME_HI (1u << 9)
#define CTL_CLEAR_INT (1u << 29)
#define CTL_RING_ON (1u << 30)
#define CTL_OWNED (1u << 31)

#define HEAD_EMPTY (1u << 28)
#define HEAD_DONE (1u << 29)
#define HEAD_PAUSED (1u << 30)
#define HEAD_NEAR_EMPTY (1u << 31)
#define HEAD_INTERRUPTS (HEAD_DONE | HEAD_NEAR_EMPTY)

#define ENTRY_INTERRUPT (1u << 0)
#define ENTRY_CONTINUE (1u << 1)
#define CFG_INT_ON_EMPTY (1u << 0)

struct queue {
    unsigned shift; /* of its head and tail in the registers */
    uint64_t commands, results;
    uint32_t near_empty; /* bit of RBCtl that asks for the interrupt */
    uint16_t threshold;
};

static struct queue queue_of(const struct asp *asp, bool high)
{
    const struct wire_sev_ring_buffer *cfg = &asp->ring.cfg;

    return high ? (struct queue){16, cfg->hi_cmdptr, cfg->hi_statval, CTL_HI_NEAR_EMPTY,
                                 cfg->hi_threshold}
                : (struct queue){0, cfg->lo_cmdptr, cfg->lo_statval, CTL_LO_NEAR_EMPTY,
                                 cfg->lo_threshold};
}

static unsigned index_in(uint32_t reg, const struct queue *q)
{
    return reg >> q->shift & 0xff;
}

static void set_head(struct asp *asp, const struct queue *q, unsigned index)
{
    asp->ring.head = (asp->ring.head & ~(0xffu << q->shift)) | index << q->shift;
}

/* Runs one entry.  False: it failed and its queue pauses. */
static bool run_entry(struct asp *asp, const struct queue *q, unsigned index, bool *raise)
{
    uint8_t entry[ENTRY_SIZE], result[ENTRY_SIZE] = {0};
    enum wire_sev_status status;

    asp_dram_read(asp, q->commands + (uint64_t)index * ENTRY_SIZE, entry, sizeof(entry));
    status = asp_mailbox(asp, cb_load_le16(entry), cb_load_le64(entry + 8));
    cb_store_le16(result, (uint16_t)status);
    asp_dram_write(asp, q->results + (uint64_t)index * ENTRY_SIZE, result, sizeof(result));
    if (cb_load_le16(entry + 2) & ENTRY_INTERRUPT) {
        asp->ring.head |= HEAD_DONE;
        *raise = true;
    }
    return status == WIRE_SEV_SUCCESS || (cb_load_le16(entry + 2) & ENTRY_CONTINUE) != 0;
}

/* At most one turn of the ring.  False: paused. */
static bool run_queue(struct asp *asp, bool high, bool *raise)
{
    const struct queue q = queue_of(asp, high);

    for (unsigned n = 0; n < N_ENTRIES && asp->ring.on; n++) {
        const unsigned head = index_in(asp->ring.head, &q);
        bool good;

        if (head == index_in(asp->ring.tail, &q))
            break;
        good = run_entry(asp, &q, head, raise);
        set_head(asp, &q, (head + 1) % N_ENTRIES);
        if (!good)
            return false;
    }
    return true;
}

static unsigned waiting(const struct asp *asp, bool high)
{
    const struct queue q = queue_of(asp, high);

    return (index_in(asp->ring.tail, &q) - index_in(asp->ring.head, &q)) % N_ENTRIES;
}

static bool note_emptiness(struct asp *asp)
{
    bool raise = false;

    for (unsigned high = 0; high < 2; high++) {
        const struct queue q = queue_of(asp, high != 0);

        if ((asp->regs.command & q.near_empty) && waiting(asp, high != 0) <= q.threshold) {
            asp->ring.head |= HEAD_NEAR_EMPTY;
            raise = true;
        }
    }
    asp->ring.head &= ~HEAD_EMPTY;
    if (waiting(asp, false) == 0 && waiting(asp, true) == 0) {
        asp->ring.head |= HEAD_EMPTY;
        raise = raise || (asp->ring.cfg.flags & CFG_INT_ON_EMPTY) != 0;
    }
    return raise;
}

static bool run_queues(struct asp *asp)
{
    bool raise = false;

    if (asp->ring.head & HEAD_PAUSED)
        return false;
    if ((asp->ring.cfg.hi_size > 0 && !run_queue(asp, true, &raise)) ||
        !run_queue(asp, false, &raise))
        asp->ring.head |= HEAD_PAUSED;
    return (asp->ring.on && note_emptiness(asp)) || raise;
}

bool asp_ring_tail(struct asp *asp, uint32_t value)
{
    asp->ring.tail = value & 0x00ff00ff;
    return run_queues(asp);
}

bool asp_ring_control(struct asp *asp, uint32_t value)
{
    if (!(value & CTL_RING_ON) || !(value & CTL_OWNED)) {
        memset(&asp->ring, 0, sizeof(asp->ring));
        asp->regs.command = CTL_OWNED | WIRE_SEV_RB_MODE_EXITED;
        asp_trace(asp, "ring mode left");
        return false;
    }
    asp->regs.command = value & ~(CTL_RESUME_LO | CTL_RESUME_HI | CTL_CLEAR_INT);
    if (value & CTL_CLEAR_INT)
        asp->ring.head &= ~HEAD_INTERRUPTS;
    if (!(value & (CTL_RESUME_LO | CTL_RESUME_HI)))
        return false;
    asp->ring.head &= ~HEAD_PAUSED;
    return run_queues(asp);
}
