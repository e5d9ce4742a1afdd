/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The architectural TLB: what a real one would remember, until INVLPG, a write
 * of a control register or eviction, whatever has become of the tables.
 *
 * Three set-associative arrays, by size of page, so that INVLPG finds a large
 * page by its own number.  A 4 MiB page is kept as two of 2 MiB.  An entry is
 * valid while its stamp equals that of its kind (global or not): flushing all
 * of a kind is an increment, which MOV CR3 needs, being frequent.  Host pointers
 * are not here (fast.c).
 * APM vol. 2, 5.5 (Translation-Lookaside Buffer) and 15.16 (TLB control).
 */
#include <stdlib.h>

#include "mmu/mmu.h"

#define WAYS 4u
#define SMALL_SETS 512u
#define MEDIUM_SETS 64u
#define HUGE_SETS 4u
#define SEEN_WORDS 64u

struct line {
    uint64_t number; /* linear address >> shift of the array */
    uint64_t stamp;
    struct mmu_page page; /* frame: the first one of the line's range */
};

struct array {
    uint8_t shift;
    unsigned n_sets;
    struct line *line;  /* n_sets * WAYS */
    uint8_t *victim;    /* per set: next way to go */
};

enum { SMALL, MEDIUM, HUGE, N_ARRAYS };

struct mmu_tlb {
    struct array array[N_ARRAYS];
    uint64_t stamp[2];      /* [page.global] */
    bool used[N_ARRAYS];    /* since the last flush of all */
    uint64_t seen[N_ARRAYS][SEEN_WORDS]; /* large pages inserted since then, by hash */
    uint8_t medium_shift;   /* 22 once a 4 MiB page was inserted */
    bool mixed;             /* entries of several ASIDs or PCIDs */
    bool tagged;            /* asid and pcid are meaningful */
    uint16_t asid, pcid;    /* of all entries, unless mixed */
    struct line lines[(SMALL_SETS + MEDIUM_SETS + HUGE_SETS) * WAYS];
    uint8_t victims[SMALL_SETS + MEDIUM_SETS + HUGE_SETS];
};

struct mmu_tlb *mmu_tlb_new(void)
{
    static const struct { uint8_t shift; unsigned n_sets; } shape[N_ARRAYS] = {
        [SMALL] = {12, SMALL_SETS}, [MEDIUM] = {21, MEDIUM_SETS}, [HUGE] = {30, HUGE_SETS},
    };
    struct mmu_tlb *tlb = calloc(1, sizeof(*tlb));
    unsigned sets = 0;

    if (!tlb)
        return NULL;
    for (unsigned k = 0; k < N_ARRAYS; k++) {
        tlb->array[k] = (struct array){shape[k].shift, shape[k].n_sets, &tlb->lines[sets * WAYS],
                                       &tlb->victims[sets]};
        sets += shape[k].n_sets;
    }
    mmu_tlb_flush_all(tlb);
    return tlb;
}

void mmu_tlb_free(struct mmu_tlb *tlb)
{
    free(tlb);
}

static bool valid(const struct mmu_tlb *tlb, const struct line *line)
{
    return line->stamp == tlb->stamp[line->page.global];
}

static struct line *find(const struct mmu_tlb *tlb, const struct array *a, uint64_t at,
                         uint16_t asid, uint16_t pcid)
{
    const uint64_t number = at >> a->shift;
    struct line *line = &a->line[(number & (a->n_sets - 1)) * WAYS];

    for (unsigned way = 0; way < WAYS; way++, line++)
        if (line->number == number && valid(tlb, line) && line->page.asid == asid &&
            (line->page.global || line->page.pcid == pcid))
            return line;
    return NULL;
}

bool mmu_tlb_find(const struct mmu_tlb *tlb, gva_t at, uint16_t asid, uint16_t pcid,
                  struct mmu_page *out)
{
    for (unsigned k = 0; k < N_ARRAYS; k++) {
        const struct array *a = &tlb->array[k];
        const struct line *line = tlb->used[k] ? find(tlb, a, at.v, asid, pcid) : NULL;

        if (line) {
            *out = line->page;
            out->frame.v |= at.v & CB_MASK(a->shift) & CB_PAGE_MASK;
            return true;
        }
    }
    return false;
}

static struct line *make_room(struct mmu_tlb *tlb, struct array *a, uint64_t number)
{
    const unsigned set = (unsigned)(number & (a->n_sets - 1));
    struct line *line = &a->line[set * WAYS];

    for (unsigned way = 0; way < WAYS; way++)
        if (!valid(tlb, &line[way]))
            return &line[way];
    return &line[a->victim[set]++ % WAYS];
}

static unsigned seen_bit(uint64_t number)
{
    return (unsigned)((number ^ number >> 12 ^ number >> 24) & (SEEN_WORDS * 64 - 1));
}

static void note_seen(struct mmu_tlb *tlb, unsigned k, uint64_t number)
{
    const unsigned bit = seen_bit(number);

    if (k != SMALL)
        tlb->seen[k][bit / 64] |= CB_BIT(bit % 64);
}

static bool was_seen(const struct mmu_tlb *tlb, unsigned k, uint64_t at)
{
    const unsigned bit = seen_bit(at >> tlb->array[k].shift);

    return (tlb->seen[k][bit / 64] & CB_BIT(bit % 64)) != 0;
}

static void note_tags(struct mmu_tlb *tlb, const struct mmu_page *page)
{
    if (!tlb->tagged) {
        tlb->tagged = true;
        tlb->asid = page->asid;
        tlb->pcid = page->pcid;
    }
    tlb->mixed |= page->asid != tlb->asid || page->pcid != tlb->pcid;
}

void mmu_tlb_insert(struct mmu_tlb *tlb, gva_t at, const struct mmu_page *page)
{
    const unsigned k = page->shift == 12 ? SMALL : page->shift == 30 ? HUGE : MEDIUM;
    struct array *a = &tlb->array[k];
    struct line *line = find(tlb, a, at.v, page->asid, page->pcid);

    if (!line)
        line = make_room(tlb, a, at.v >> a->shift);
    line->number = at.v >> a->shift;
    line->stamp = tlb->stamp[page->global];
    line->page = *page;
    line->page.frame.v &= ~CB_MASK(a->shift);
    tlb->used[k] = true;
    note_seen(tlb, k, line->number);
    if (k == MEDIUM && page->shift > tlb->medium_shift)
        tlb->medium_shift = page->shift;
    note_tags(tlb, page);
}

/* Stamps start at 1 and never repeat: cleared lines, stamp 0, are never valid. */
void mmu_tlb_flush_all(struct mmu_tlb *tlb)
{
    tlb->stamp[0] = tlb->stamp[1] = (tlb->stamp[0] > tlb->stamp[1] ? tlb->stamp[0] : tlb->stamp[1]) + 1;
    memset(tlb->used, 0, sizeof(tlb->used));
    memset(tlb->seen, 0, sizeof(tlb->seen));
    tlb->medium_shift = 21;
    tlb->mixed = tlb->tagged = false;
}

static void sweep(struct mmu_tlb *tlb, uint16_t asid, bool any_pcid, uint16_t pcid, bool global_too)
{
    for (unsigned k = 0; k < CB_ARRAY_LEN(tlb->lines); k++) {
        struct line *line = &tlb->lines[k];

        if (line->page.asid == asid && (any_pcid || line->page.pcid == pcid) &&
            (global_too || !line->page.global))
            line->stamp = 0;
    }
}

void mmu_tlb_flush_asid(struct mmu_tlb *tlb, uint16_t asid, bool global_too)
{
    if (tlb->mixed) {
        sweep(tlb, asid, true, 0, global_too);
    } else if (tlb->asid == asid) {
        tlb->stamp[0]++;
        tlb->stamp[1] += global_too;
    }
}

void mmu_tlb_flush_pcid(struct mmu_tlb *tlb, uint16_t asid, uint16_t pcid)
{
    if (tlb->mixed)
        sweep(tlb, asid, false, pcid, false);
    else if (tlb->asid == asid && tlb->pcid == pcid)
        tlb->stamp[0]++;
}

static void drop(struct mmu_tlb *tlb, unsigned k, uint64_t at, uint16_t asid, uint16_t pcid)
{
    struct line *line;

    while ((line = find(tlb, &tlb->array[k], at, asid, pcid)) != NULL)
        line->stamp = 0;
}

unsigned mmu_tlb_flush_page(struct mmu_tlb *tlb, gva_t at, uint16_t asid, uint16_t pcid)
{
    for (unsigned k = 0; k < N_ARRAYS; k++)
        drop(tlb, k, at.v, asid, pcid);
    if (tlb->medium_shift == 22)
        drop(tlb, MEDIUM, at.v ^ CB_BIT(21), asid, pcid);
    if (was_seen(tlb, HUGE, at.v))
        return 30;
    if (was_seen(tlb, MEDIUM, at.v) ||
        (tlb->medium_shift == 22 && was_seen(tlb, MEDIUM, at.v ^ CB_BIT(21))))
        return tlb->medium_shift;
    return 12;
}
