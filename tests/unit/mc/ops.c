/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Each operation is done to mc and to the eager oracle, and what can be seen of it
 * is compared.  Besides, the harness behaves as a CPU would: it keeps host pointers
 * and copies of watched frames until a listener hears of the frame, uses them without
 * asking mc again, and so finds any event that should have come and did not.
 */
#include "unit/mc/ops.h"

#include <stdlib.h>
#include <string.h>

#include "unit/mc/eager.h"

#define N_ASIDS  4
#define N_VIEWS  (2 + N_ASIDS)
#define N_FRAMES 24
#define FRAME    4096u
#define MAX_LEN  (3 * FRAME)

/* Two stretches of DRAM that do not touch, the second above 4 GiB and near the top bit. */
static const struct eager_span spans[] = {
    {0x10000, 16 * FRAME},
    {UINT64_C(0xffffffff8000), 8 * FRAME},
};

/* A host pointer, or a copy of the bytes, that somebody keeps for an access. */
struct pointer {
    uint8_t *p;
    struct mc_access access;
};

struct copy {
    bool valid;
    struct mc_access access;
    uint8_t bytes[FRAME];
};

struct world {
    struct mc *mc;
    struct eager eager;
    ops_source *source;
    void *ctx;
    bool over;              /* the source has ended */
    const char *difference; /* the first */
    struct pointer reader[N_FRAMES];
    struct pointer writer[N_FRAMES];
    struct copy copy[N_FRAMES];
    bool known[N_FRAMES]; /* mapped or watched: mc may tell of it */
    uint64_t seed;        /* for bytes that are no choices */
};

static uint64_t choose(struct world *w, uint64_t n)
{
    uint64_t word = 0;

    if (!w->over && !w->source(w->ctx, &word))
        w->over = true;
    return word % n;
}

static void check(struct world *w, bool ok, const char *what)
{
    if (!ok && !w->difference)
        w->difference = what;
}

static void fill(void *ctx, void *buf, size_t len)
{
    struct world *w = ctx;
    uint8_t *p = buf;

    for (size_t i = 0; i < len; i++) {
        w->seed = w->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        p[i] = (uint8_t)(w->seed >> 56);
    }
}

static uint64_t frame_address(unsigned frame)
{
    return frame < 16 ? spans[0].base + frame * FRAME : spans[1].base + (frame - 16) * FRAME;
}

static unsigned frame_of(uint64_t at)
{
    return (unsigned)(at < spans[1].base ? (at - spans[0].base) / FRAME
                                         : 16 + (at - spans[1].base) / FRAME);
}

static void hear(void *ctx, spa_t at, enum mc_event event)
{
    struct world *w = ctx;
    const unsigned frame = frame_of(at.v);

    check(w, at.v % FRAME == 0 && frame < N_FRAMES, "an event of no frame");
    if (w->difference)
        return;
    check(w, w->known[frame], "an event of a frame that nobody had mapped or watched");
    check(w, event == MC_EVENT_TURN || w->copy[frame].valid, "a write event of an unwatched frame");
    w->copy[frame].valid = false;
    if (event != MC_EVENT_TURN)
        return;
    w->reader[frame].p = w->writer[frame].p = NULL;
    w->known[frame] = false;
}

static struct mc_access some_access(struct world *w)
{
    const uint64_t r = choose(w, UINT64_C(1) << 32);

    return (struct mc_access){
        .asid = (uint16_t)(1 + (r >> 8) % N_ASIDS),
        .kind = (uint8_t)((r >> 16) % 6),
        .sev = r & 1,
        .guest_c = r & 2,
        .guest_c_exists = (r & 12) != 0,
        .host_c = r & 16,
    };
}

struct stretch {
    uint64_t at;
    size_t len;
};

/* Mostly small and in few frames; sometimes whole frames, sometimes over several. */
static struct stretch some_stretch(struct world *w)
{
    const uint64_t r = choose(w, UINT64_C(1) << 48);
    const unsigned frame =
        (r & 1) ? (unsigned)(r >> 1 & 0xff) % 4 : (unsigned)(r >> 1 & 0xff) % N_FRAMES;
    struct stretch s = {frame_address(frame) + (r >> 16 & 0xfff), 1 + (r >> 32) % 40};
    uint64_t end;

    switch (r >> 9 & 15) {
    case 0:
        s.at = frame_address(frame);
        s.len = FRAME;
        break;
    case 1:
        s.len = 1 + (r >> 32) % MAX_LEN;
        break;
    case 2:
        s.at &= ~UINT64_C(15);
        s.len = 16;
        break;
    case 3:
    case 4:
    case 5:
    case 6:
        s.at &= ~UINT64_C(7);
        s.len = 8;
        break;
    default:
        break;
    }
    end = frame < 16 ? spans[0].base + spans[0].size : spans[1].base + spans[1].size;
    if (s.len > end - s.at)
        s.len = (size_t)(end - s.at);
    return s;
}

static void do_write(struct world *w)
{
    const struct mc_access access = some_access(w);
    const struct stretch s = some_stretch(w);
    uint8_t bytes[MAX_LEN];

    fill(w, bytes, s.len);
    mc_write(w->mc, spa(s.at), access, bytes, s.len);
    eager_write(&w->eager, s.at, eager_view(&w->eager, access), bytes, s.len);
}

static void do_read(struct world *w)
{
    const struct mc_access access = some_access(w);
    const struct stretch s = some_stretch(w);
    uint8_t got[MAX_LEN], want[MAX_LEN];

    mc_read(w->mc, spa(s.at), access, got, s.len);
    eager_read(&w->eager, s.at, eager_view(&w->eager, access), want, s.len);
    check(w, memcmp(got, want, s.len) == 0, "mc_read");
}

static void do_map(struct world *w, bool write)
{
    const struct mc_access access = some_access(w);
    const unsigned frame = frame_of(some_stretch(w).at);
    uint8_t *p = mc_map(w->mc, spa(frame_address(frame) + 5), access, write);

    if (!p)
        return;
    w->known[frame] = true;
    check(w, !write || !w->copy[frame].valid, "a write pointer to a watched frame");
    if (write)
        w->writer[frame] = (struct pointer){p, access};
    else
        w->reader[frame] = (struct pointer){p, access};
}

static void use_reader(struct world *w, const struct pointer *pointer, unsigned frame)
{
    uint8_t want[FRAME];

    eager_read(&w->eager, frame_address(frame), eager_view(&w->eager, pointer->access), want,
               FRAME);
    check(w, memcmp(pointer->p, want, FRAME) == 0, "a host pointer for reading");
}

static void use_writer(struct world *w, const struct pointer *pointer, unsigned frame)
{
    const size_t offset = choose(w, FRAME), len = 1 + choose(w, FRAME - offset);
    uint8_t bytes[FRAME];

    fill(w, bytes, len);
    memcpy(pointer->p + offset, bytes, len);
    eager_write(&w->eager, frame_address(frame) + offset, eager_view(&w->eager, pointer->access),
                bytes, len);
}

static void use_copy(struct world *w, const struct copy *copy, unsigned frame)
{
    uint8_t want[FRAME];

    eager_read(&w->eager, frame_address(frame), eager_view(&w->eager, copy->access), want, FRAME);
    check(w, memcmp(copy->bytes, want, FRAME) == 0, "a copy of a watched frame");
}

static void do_use(struct world *w)
{
    const unsigned frame = frame_of(some_stretch(w).at);

    if (w->reader[frame].p)
        use_reader(w, &w->reader[frame], frame);
    if (w->copy[frame].valid)
        use_copy(w, &w->copy[frame], frame);
    if (w->writer[frame].p)
        use_writer(w, &w->writer[frame], frame);
}

static void do_watch(struct world *w)
{
    const struct mc_access access = some_access(w);
    const unsigned frame = frame_of(some_stretch(w).at);
    struct copy *copy = &w->copy[frame];

    mc_read(w->mc, spa(frame_address(frame)), access, copy->bytes, FRAME);
    copy->access = access;
    copy->valid = true;
    w->writer[frame].p = NULL;
    w->known[frame] = true;
    mc_watch(w->mc, spa(frame_address(frame) + 9));
    use_copy(w, copy, frame);
}

static void do_peek(struct world *w)
{
    const struct stretch s = some_stretch(w);
    const unsigned view = (unsigned)choose(w, N_VIEWS);
    const struct mc_stats before = mc_stats(w->mc);
    const bool touched = mc_frame_touched(w->mc, spa(s.at));
    const mc_view_t stored = mc_frame_view(w->mc, spa(s.at));
    uint8_t got[MAX_LEN], want[MAX_LEN];
    struct mc_stats after;

    check(w, mc_peek(w->mc, spa(s.at), (mc_view_t)view, got, s.len) == CBIT_OK, "mc_peek");
    eager_read(&w->eager, s.at, view, want, s.len);
    check(w, memcmp(got, want, s.len) == 0, "mc_peek's bytes");
    after = mc_stats(w->mc);
    check(w,
          memcmp(&before, &after, sizeof(after)) == 0 &&
              touched == mc_frame_touched(w->mc, spa(s.at)) &&
              stored == mc_frame_view(w->mc, spa(s.at)),
          "mc_peek changed something");
}

static void probe_write(struct world *w)
{
    const struct stretch s = some_stretch(w);
    uint8_t bytes[MAX_LEN];

    fill(w, bytes, s.len);
    check(w, mc_probe_write(w->mc, spa(s.at), bytes, s.len) == CBIT_OK, "mc_probe_write");
    eager_write(&w->eager, s.at, 0, bytes, s.len);
}

static void probe_flip(struct world *w)
{
    const struct stretch s = some_stretch(w);
    const uint8_t mask = (uint8_t)choose(w, 256);
    uint8_t byte;

    check(w, mc_probe_flip(w->mc, spa(s.at), mask) == CBIT_OK, "mc_probe_flip");
    eager_read(&w->eager, s.at, 0, &byte, 1);
    byte ^= mask;
    eager_write(&w->eager, s.at, 0, &byte, 1);
}

static void probe_copy(struct world *w)
{
    struct stretch to = some_stretch(w);
    const struct stretch from = some_stretch(w);
    const size_t len = to.len < from.len ? to.len : from.len;
    uint8_t bytes[MAX_LEN];

    check(w, mc_probe_copy(w->mc, spa(to.at), spa(from.at), len) == CBIT_OK, "mc_probe_copy");
    eager_read(&w->eager, from.at, 0, bytes, len);
    eager_write(&w->eager, to.at, 0, bytes, len);
}

static void do_probe(struct world *w)
{
    switch (choose(w, 3)) {
    case 0:
        probe_write(w);
        break;
    case 1:
        probe_flip(w);
        break;
    default:
        probe_copy(w);
        break;
    }
}

static void do_key(struct world *w)
{
    const unsigned view = 1 + (unsigned)choose(w, N_VIEWS - 1);
    const size_t len = mc_key_len(w->mc);
    uint8_t key[MC_KEY_MAX];
    enum cbit_status status;

    fill(w, key, len);
    status = choose(w, 2) ? mc_key_install(w->mc, (mc_view_t)view, key, len)
                          : mc_key_drop(w->mc, (mc_view_t)view, key, len);
    check(w, status == CBIT_OK, "a key was refused");
    eager_set_key(&w->eager, view, key);
}

static void do_policy(struct world *w)
{
    if (choose(w, 2)) {
        w->eager.tsme = !w->eager.tsme;
        mc_set_tsme(w->mc, w->eager.tsme);
    } else {
        w->eager.smee = choose(w, 4) != 0;
        mc_set_smee(w->mc, w->eager.smee);
    }
}

static void do_tweak(struct world *w)
{
    struct mc_tweak tweak;

    if (choose(w, 4) == 0)
        mc_tweak_published(&tweak);
    else
        fill(w, &tweak, sizeof(tweak));
    mc_tweak_install(w->mc, &tweak);
    eager_set_tweaks(&w->eager, tweak.t[0]);
}

/* The oracle draws the same filler again. */
static void do_reset(struct world *w)
{
    const uint64_t seed = w->seed;
    uint8_t key[MC_KEY_MAX];
    struct mc_policy policy;

    mc_reset(w->mc, fill, w);
    w->seed = seed;
    for (unsigned view = 1; view < N_VIEWS; view++) {
        fill(w, key, mc_key_len(w->mc));
        eager_set_key(&w->eager, view, key);
    }
    w->eager.smee = w->eager.tsme = false;
    policy = mc_policy(w->mc);
    check(w, !policy.smee && !policy.tsme, "SMEE or TSME survived a reset");
}

static void do_rare(struct world *w)
{
    const uint64_t r = choose(w, 256);

    if (r < 4)
        do_tweak(w);
    else if (r < 12)
        do_reset(w);
    else if (r < 128)
        do_key(w);
    else
        do_policy(w);
}

static void step(struct world *w)
{
    static void (*const plain[])(struct world *) = {do_use, do_use, do_watch, do_peek, do_probe};
    const uint64_t r = choose(w, 64);

    if (r < 20)
        do_write(w);
    else if (r < 40)
        do_read(w);
    else if (r < 50)
        do_map(w, r & 1);
    else if (r < 60)
        plain[r - 50 < 5 ? r - 50 : 0](w);
    else if (r < 61)
        do_rare(w);
    else
        do_use(w);
}

static void compare_all(struct world *w)
{
    uint8_t got[FRAME], want[FRAME];

    for (unsigned frame = 0; frame < N_FRAMES && !w->difference; frame++) {
        const uint64_t at = frame_address(frame);

        for (unsigned view = 0; view < N_VIEWS; view++) {
            eager_read(&w->eager, at, view, want, FRAME);
            check(w,
                  mc_peek(w->mc, spa(at), (mc_view_t)view, got, FRAME) == CBIT_OK &&
                      memcmp(got, want, FRAME) == 0,
                  "a view of a frame at the end");
        }
        check(w,
              mc_probe_read(w->mc, spa(at), got, FRAME) == CBIT_OK &&
                  memcmp(got, w->eager.stored + frame * FRAME, FRAME) == 0,
              "the pins at the end");
        if (w->reader[frame].p)
            use_reader(w, &w->reader[frame], frame);
        if (w->copy[frame].valid)
            use_copy(w, &w->copy[frame], frame);
    }
}

static bool set_up(struct world *w, enum mc_cipher cipher)
{
    static const enum eager_cipher same[] = {
        [MC_CIPHER_XE] = EAGER_XE, [MC_CIPHER_XEX] = EAGER_XEX, [MC_CIPHER_XTS] = EAGER_XTS};
    const struct mc_config config = {
        .cipher = cipher,
        .range = {{spa(spans[0].base), spans[0].size}, {spa(spans[1].base), spans[1].size}},
        .n_ranges = 2,
        .n_asids = N_ASIDS,
        .flip_limit = 6,
        .flip_window = 40,
    };

    if (mc_new(&config, &w->mc) != CBIT_OK)
        return false;
    mc_listen(w->mc, hear, w);
    eager_init(&w->eager, same[cipher], spans, 2, N_ASIDS);
    do_reset(w);
    do_tweak(w);
    return true;
}

struct ops_result ops_run(enum mc_cipher cipher, ops_source *source, void *ctx, uint64_t max_ops)
{
    struct ops_result result = {.difference = "out of memory"};
    struct world *w = calloc(1, sizeof(*w));

    if (!w)
        return result;
    w->source = source;
    w->ctx = ctx;
    if (set_up(w, cipher)) {
        for (result.n_ops = 0; result.n_ops < max_ops && !w->over && !w->difference; result.n_ops++)
            step(w);
        compare_all(w);
        result.difference = w->difference;
        result.stats = mc_stats(w->mc);
        eager_fini(&w->eager);
        mc_free(w->mc);
    } else {
        result.difference = "mc_new failed";
    }
    free(w);
    return result;
}
