/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four guests on one machine, three of them SEV guests: each fills 16 KiB with a
 * sequence, lets the others run, and verifies.  Then the plain one is given the
 * frames of another.
 */
#include "unit/unit.h"

#include <string.h>

#include "attack/guest.h"
#include "wire/vmcb.h"

#define N_GUESTS  4u
#define PLAIN     3u
#define ROUNDS    20u
#define DATA      ((uint32_t)PAGE_SECRET) /* what a guest fills */
#define DATA_LEN  0x4000u
#define COPY      0xc000u                 /* where the plain guest puts what it has read */

struct machine {
    struct attack_scene scene;
    struct attack_victim guest[N_GUESTS];
    uint64_t turns, yields;
};

/*
 * round: a sequence (xorshift) from R12 on into DATA; yield with RAX = 0; compare;
 * yield with RAX = how many quadwords differ; R12 += 1; round.
 */
static const uint8_t worker[] = {
    0x49, 0xbc, 0, 0, 0, 0, 0, 0, 0, 0,                                /* mov r12, seed */
    0x48, 0x8d, 0xbb, 0x00, 0x10, 0x00, 0x00,                          /* lea rdi, [rbx+DATA] */
    0xb9, 0x00, 0x08, 0x00, 0x00, 0x4c, 0x89, 0xe0,                    /* ecx = 2048; rax = r12 */
    0x48, 0x89, 0xc2, 0x48, 0xc1, 0xe2, 0x0d, 0x48, 0x31, 0xd0,        /* rax ^= rax << 13 */
    0x48, 0x89, 0xc2, 0x48, 0xc1, 0xea, 0x07, 0x48, 0x31, 0xd0,        /* rax ^= rax >> 7 */
    0x48, 0x89, 0xc2, 0x48, 0xc1, 0xe2, 0x11, 0x48, 0x31, 0xd0,        /* rax ^= rax << 17 */
    0x48, 0x89, 0x07, 0x48, 0x83, 0xc7, 0x08, 0xff, 0xc9, 0x75, 0xd7,  /* store, next */
    0x31, 0xc0, 0xf4, 0x90,                                            /* yield */
    0x48, 0x8d, 0xbb, 0x00, 0x10, 0x00, 0x00, 0xb9, 0x00, 0x08, 0x00, 0x00,
    0x31, 0xf6, 0x4c, 0x89, 0xe0,                                      /* esi = 0; rax = r12 */
    0x48, 0x89, 0xc2, 0x48, 0xc1, 0xe2, 0x0d, 0x48, 0x31, 0xd0,
    0x48, 0x89, 0xc2, 0x48, 0xc1, 0xea, 0x07, 0x48, 0x31, 0xd0,
    0x48, 0x89, 0xc2, 0x48, 0xc1, 0xe2, 0x11, 0x48, 0x31, 0xd0,
    0x48, 0x39, 0x07, 0x0f, 0x95, 0xc2, 0x0f, 0xb6, 0xd2, 0x01, 0xd6,  /* esi += [rdi] != rax */
    0x48, 0x83, 0xc7, 0x08, 0xff, 0xc9, 0x75, 0xcf,
    0x48, 0x89, 0xf0, 0xf4, 0x90,                                      /* yield */
    0x49, 0xff, 0xc4, 0xe9, 0x75, 0xff, 0xff, 0xff};                   /* inc r12; round */
enum { WORKER_SEED = 2, WORKER_FILLED = 0x44, WORKER_VERIFIED = 0x8b };

/* Copies DATA to COPY, yields, for ever. */
static const uint8_t reader[] = {
    0x48, 0x8d, 0xb3, 0x00, 0x10, 0x00, 0x00, 0x48, 0x8d, 0xbb, 0x00, 0xc0, 0x00, 0x00,
    0xb9, 0x00, 0x08, 0x00, 0x00, 0xf3, 0x48, 0xa5, 0xf4, 0x90, 0xeb, 0xe6};
enum { READER_DONE = 0x16 };

static size_t append(struct attack_program *p, const void *code, size_t len)
{
    const size_t at = p->len;

    memcpy(p->code + at, code, len);
    p->len += len;
    return at;
}

static void yields_at(struct attack_program *p, size_t at)
{
    p->yield[p->n_yields++] = at;
}

/* Returns where the reader begins. */
static size_t write_program(struct attack_victim *v, uint64_t seed)
{
    struct attack_program *p = &v->program;
    const size_t begin = append(p, worker, sizeof(worker));
    const size_t reads = append(p, reader, sizeof(reader));

    cb_store_le64(p->code + begin + WORKER_SEED, seed);
    yields_at(p, begin + WORKER_FILLED);
    yields_at(p, begin + WORKER_VERIFIED);
    yields_at(p, reads + READER_DONE);
    return reads;
}

static size_t open_machine(struct machine *m)
{
    struct attack_scene *s = &m->scene;
    size_t reads = 0;

    memset(m, 0, sizeof(*m));
    s->profile = x86_profile_find("milan");
    s->protection = ATTACK_SEV;
    s->smee = true;
    assert_int_equal(attack_scene_open(s), CBIT_OK);
    for (unsigned i = 0; i < N_GUESTS; i++) {
        struct attack_victim *v = &m->guest[i];

        attack_guest_new(s, v, AT_VICTIM + ((uint64_t)i << 20));
        if (i == PLAIN)
            v->sev = v->c = false;
        reads = write_program(v, UINT64_C(0x0123456789abcdef) * (i + 1));
        assert_int_equal(attack_victim_start(s, v), CBIT_OK);
    }
    return reads;
}

/* Every guest in turn to its next yield: all fill, then all verify. */
static void round_robin(struct machine *m)
{
    for (unsigned half = 0; half < 2; half++)
        for (unsigned i = 0; i < N_GUESTS; i++) {
            assert_true(attack_victim_run(&m->scene, &m->guest[i]));
            assert_int_equal(attack_vmcb_get(&m->scene, &m->guest[i], VMCB_RAX), 0);
            m->yields++;
        }
}

/* Does any block of the guest's own plaintext stand in these bytes? */
static bool leaks(struct machine *m, const struct attack_victim *v, const uint8_t *bytes)
{
    uint8_t plain[DATA_LEN];

    assert_int_equal(mc_peek(m->scene.mc, spa(attack_spa(v, DATA)), MC_VIEW_ASID(v->asid), plain,
                             sizeof(plain)), CBIT_OK);
    for (size_t at = 0; at < DATA_LEN; at += ATTACK_BLOCK)
        if (memcmp(plain + at, bytes + at, ATTACK_BLOCK) == 0)
            return true;
    return false;
}

/* The plain guest gets the victim's frames (with nested C or without) and reads them. */
static void read_victim(struct machine *m, struct attack_victim *victim, bool c, size_t reads,
                        uint8_t *seen)
{
    struct attack_scene *s = &m->scene;
    struct attack_victim *plain = &m->guest[PLAIN];
    const uint64_t rip = attack_vmcb_get(s, plain, VMCB_RIP);
    uint64_t gpr[16];

    memcpy(gpr, plain->gpr, sizeof(gpr));
    plain->pages_shared = !c; /* decides the nested C-bit of what is mapped now */
    for (uint64_t page = DATA; page < DATA + DATA_LEN; page += CB_PAGE_SIZE)
        attack_nested_map(s, plain, page, attack_spa(victim, page));
    attack_host_write(s, plain->vmcb + VMCB_TLB_CONTROL, false, (const uint8_t[1]){1}, 1);
    attack_vmcb_set(s, plain, VMCB_RIP, reads);
    assert_true(attack_victim_run(s, plain));
    attack_host_read(s, attack_spa(plain, COPY), true, seen, DATA_LEN);
    plain->pages_shared = false;
    for (uint64_t page = DATA; page < DATA + DATA_LEN; page += CB_PAGE_SIZE)
        attack_nested_map(s, plain, page, attack_spa(plain, page));
    attack_host_write(s, plain->vmcb + VMCB_TLB_CONTROL, false, (const uint8_t[1]){1}, 1);
    attack_vmcb_set(s, plain, VMCB_RIP, rip);
    memcpy(plain->gpr, gpr, sizeof(gpr));
}

static void four_guests_verify_their_memory_and_a_mapped_victim_is_ciphertext(void **state)
{
    static struct machine m;
    static uint8_t seen[DATA_LEN], pins[DATA_LEN];
    const size_t reads = open_machine(&m);

    (void)state;
    for (unsigned i = 0; i < ROUNDS; i++)
        round_robin(&m);
    for (unsigned i = 0; i < N_GUESTS; i++) {
        struct attack_victim *v = &m.guest[i];

        if (i == PLAIN)
            continue;
        attack_pins_read(&m.scene, attack_spa(v, DATA), pins, sizeof(pins));
        read_victim(&m, v, false, reads, seen);
        assert_memory_equal(seen, pins, sizeof(seen)); /* all of it, as it is on the DIMM */
        assert_false(leaks(&m, v, seen));
        read_victim(&m, v, true, reads, seen);
        assert_memory_not_equal(seen, pins, sizeof(seen));
        assert_false(leaks(&m, v, seen));
    }
    for (unsigned i = 0; i < ROUNDS; i++)
        round_robin(&m);
    assert_int_equal(m.yields, 2 * 2 * ROUNDS * N_GUESTS);
    attack_scene_close(&m.scene);
}

static void a_plain_guest_with_nested_c_is_ciphertext_at_the_pins_and_unaware(void **state)
{
    static struct machine m;
    static uint8_t pins[DATA_LEN], host[DATA_LEN], other[DATA_LEN];
    const size_t reads = open_machine(&m);
    const uint64_t at = attack_spa(&m.guest[PLAIN], DATA);

    (void)state;
    (void)reads;
    round_robin(&m);
    attack_pins_read(&m.scene, at, pins, sizeof(pins));
    attack_host_read(&m.scene, at, true, host, sizeof(host));
    assert_memory_not_equal(pins, host, sizeof(pins));
    /* what the host's C=1 shows is the sequence: its first step from the seed */
    {
        uint64_t x = UINT64_C(0x0123456789abcdef) * (PLAIN + 1);

        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        assert_int_equal(cb_load_le64(host), x);
    }
    /* and a guest with a key of its own shows it under that key alone */
    attack_host_read(&m.scene, attack_spa(&m.guest[0], DATA), true, other, sizeof(other));
    assert_false(leaks(&m, &m.guest[0], other));
    attack_scene_close(&m.scene);
}

static void a_changed_byte_is_noticed_by_its_guest_alone(void **state)
{
    static struct machine m;
    const size_t reads = open_machine(&m);
    uint8_t byte;

    (void)state;
    (void)reads;
    for (unsigned i = 0; i < N_GUESTS; i++)
        assert_true(attack_victim_run(&m.scene, &m.guest[i]));
    attack_pins_read(&m.scene, attack_spa(&m.guest[1], DATA + 0x100), &byte, 1);
    byte ^= 1;
    attack_pins_write(&m.scene, attack_spa(&m.guest[1], DATA + 0x100), &byte, 1);
    for (unsigned i = 0; i < N_GUESTS; i++) {
        assert_true(attack_victim_run(&m.scene, &m.guest[i]));
        assert_int_equal(attack_vmcb_get(&m.scene, &m.guest[i], VMCB_RAX), i == 1 ? 2 : 0);
    }
    attack_scene_close(&m.scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_guests_verify_their_memory_and_a_mapped_victim_is_ciphertext),
        cmocka_unit_test(a_plain_guest_with_nested_c_is_ciphertext_at_the_pins_and_unaware),
        cmocka_unit_test(a_changed_byte_is_noticed_by_its_guest_alone),
    };

    return cmocka_run_group_tests_name("several guests", tests, NULL, NULL);
}
