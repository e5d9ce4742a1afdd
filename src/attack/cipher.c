/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks on the cipher's mode of use: no freshness, no integrity, and the same
 * ciphertext for the same plaintext at the same address.
 */
#include "attack/rows.h"

#include "asp/asp.h"

/* ---- replay ---- */

/* The DIMM's old content is put back after the victim has replaced it. */
enum cbit_status attack_replay(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    uint8_t old[ATTACK_BLOCK], now[ATTACK_BLOCK];
    uint64_t at;
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    at = attack_spa(v, PAGE_SECRET);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_SECRET);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_judge_note(s);
    attack_pins_read(s, at, old, sizeof(old));
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_pins_read(s, at, now, sizeof(now));
    attack_pins_write(s, at, s->mode == ATTACK_DISARMED ? now : old, ATTACK_BLOCK);
    claim->replays = true;
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}

/* ---- block move ---- */

/*
 * The tweak constants t_4 .. t_31 of Zen 1 as the SEVurity paper's tool has them;
 * four bytes each, repeated.  All an attacker knows of the others is nothing.
 */
#define KNOWN_FIRST 4u
static const uint8_t known_tweak[28][4] = {
    {0x82, 0x25, 0x38, 0x38}, {0xec, 0x09, 0x07, 0x9c}, {0x40, 0x00, 0x00, 0x18},
    {0x81, 0x02, 0xa2, 0x3a}, {0x77, 0xd9, 0x10, 0x77}, {0xb0, 0x10, 0xb2, 0xc0},
    {0x53, 0x6d, 0x54, 0x4d}, {0x15, 0x68, 0xee, 0x53}, {0xb0, 0x92, 0x30, 0xc2},
    {0x96, 0x70, 0xff, 0x8e}, {0x36, 0x1b, 0x90, 0xd5}, {0x04, 0x00, 0xc2, 0x36},
    {0xe8, 0x18, 0x29, 0x85}, {0xbd, 0x31, 0xf9, 0x2a}, {0xa5, 0x0d, 0x37, 0x44},
    {0xf4, 0x31, 0xd8, 0x4c}, {0x02, 0x04, 0x31, 0x81}, {0xb3, 0x71, 0x32, 0xa1},
    {0x50, 0x8a, 0xc0, 0x6c}, {0x16, 0x8a, 0x80, 0x20}, {0x7f, 0x9b, 0xc0, 0x07},
    {0x00, 0xdb, 0x04, 0x07}, {0x7f, 0x00, 0x04, 0x04}, {0x70, 0xfa, 0x01, 0xbe},
    {0xbb, 0x3d, 0x28, 0x90}, {0xbd, 0x2d, 0xd5, 0x26}, {0x1c, 0x5d, 0x6c, 0xe2},
    {0x4f, 0x5c, 0xe7, 0x27},
};

void attack_expose_tweak(struct attack_scene *s)
{
    for (unsigned i = 0; i < CB_ARRAY_LEN(known_tweak); i++)
        for (unsigned b = 0; b < ATTACK_BLOCK; b++)
            s->tweak[i][b] = known_tweak[i][b % 4];
    s->tweak_known = true;
}

/* block ^= T(p) ^ T(q), as far as it is known; p and q agree above bit 31. */
static void add_tweak(uint8_t block[ATTACK_BLOCK], uint64_t p, uint64_t q)
{
    for (unsigned i = 0; i < CB_ARRAY_LEN(known_tweak); i++)
        if ((p ^ q) >> (i + KNOWN_FIRST) & 1)
            for (unsigned b = 0; b < ATTACK_BLOCK; b++)
                block[b] ^= known_tweak[i][b % 4];
}

/*
 * The attacker sends a packet that the victim keeps in a private buffer, and moves
 * its ciphertext to where the victim trusts what it finds.  The packet is what he
 * wants to be found there, plus the difference of the two addresses' tweaks.
 */
enum cbit_status attack_block_move(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    const enum mc_cipher cipher = asp_profile_find(s->profile->name)->cipher;
    const bool encrypted = s->protection != ATTACK_NONE && !s->pages_exposed;
    uint8_t block[ATTACK_BLOCK];
    uint64_t from, to;
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    from = attack_spa(v, PAGE_BUFFER);
    to = attack_spa(v, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_BUFFER, PAGE_SHARED);
    attack_step_yield(&v->program);
    attack_step_copy(&v->program, PAGE_SEEN, PAGE_PUBLIC);
    attack_step_yield(&v->program);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    claim->plants = true;
    attack_draw(claim->planted);
    memcpy(block, claim->planted, sizeof(block));
    if (encrypted)
        add_tweak(block, from, to);
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_host_write(s, attack_spa(v, PAGE_SHARED), false, block, sizeof(block));
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_raw_read(s, from, block);
    if (encrypted && cipher != MC_CIPHER_XE)
        add_tweak(block, from, to); /* XEX has the tweak on both sides */
    if (s->mode != ATTACK_DISARMED)
        attack_raw_write(s, to, block);
    return attack_victim_run(s, v) ? CBIT_OK : ATTACK_STRAYED;
}

/* ---- equal plaintext, equal ciphertext ---- */

/* The victim handles its secret bit by bit, always in the same block of memory. */
enum cbit_status attack_ciphertext_channel(struct attack_scene *s, struct attack_claim *claim)
{
    struct attack_victim *v = &s->victim;
    uint8_t zero[ATTACK_BLOCK], now[ATTACK_BLOCK], secret[ATTACK_BLOCK] = {0};
    uint64_t at;
    enum cbit_status status;

    attack_victim_new(s, AT_VICTIM);
    at = attack_spa(v, PAGE_BUFFER);
    attack_step_draw(&v->program, PAGE_SECRET);
    attack_step_zero(&v->program, PAGE_BUFFER);
    attack_step_yield(&v->program);
    attack_step_bits(&v->program, PAGE_BUFFER, PAGE_SECRET, s->mode == ATTACK_DISARMED);
    status = attack_victim_start(s, v);
    if (status)
        return status;
    if (!attack_victim_run(s, v))
        return ATTACK_STRAYED;
    attack_judge_note(s);
    attack_raw_read(s, at, zero);
    for (unsigned bit = 0; bit < 8 * ATTACK_BLOCK; bit++) {
        if (!attack_victim_run(s, v))
            return ATTACK_STRAYED;
        attack_raw_read(s, at, now);
        if (memcmp(now, zero, sizeof(now)) != 0)
            secret[bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    attack_loot(claim, secret);
    return CBIT_OK;
}
