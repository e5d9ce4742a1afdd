/* SPDX-License-Identifier: Apache-2.0 */
/* The victim's few instructions, put together by hand (APM vol. 3). */
#include "attack/program.h"

static void emit(struct attack_program *p, const void *bytes, size_t len)
{
    CBIT_ASSERT(cb_range_ok(p->len, len, sizeof(p->code)));
    memcpy(p->code + p->len, bytes, len);
    p->len += len;
}

#define EMIT(p, ...) emit(p, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void emit_le32(struct attack_program *p, uint32_t v)
{
    uint8_t b[4];

    cb_store_le32(b, v);
    emit(p, b, sizeof(b));
}

void attack_program_begin(struct attack_program *p, uint32_t offset, bool halts)
{
    *p = (struct attack_program){.halts = halts};
    EMIT(p, 0x48, 0x8d, 0x1d); /* lea rbx, [rip - (offset + 7)] */
    emit_le32(p, 0u - (offset + 7));
}

/* mov rax, [rbx + from]; mov rdx, [rbx + from + 8] */
void attack_step_load(struct attack_program *p, uint32_t from)
{
    EMIT(p, 0x48, 0x8b, 0x83);
    emit_le32(p, from);
    EMIT(p, 0x48, 0x8b, 0x93);
    emit_le32(p, from + 8);
}

/* mov [rbx + to], rax; mov [rbx + to + 8], rdx */
void attack_step_store(struct attack_program *p, uint32_t to)
{
    EMIT(p, 0x48, 0x89, 0x83);
    emit_le32(p, to);
    EMIT(p, 0x48, 0x89, 0x93);
    emit_le32(p, to + 8);
}

void attack_step_clear(struct attack_program *p)
{
    EMIT(p, 0x31, 0xc0, 0x31, 0xd2); /* xor eax, eax; xor edx, edx */
}

void attack_step_draw(struct attack_program *p, uint32_t to)
{
    EMIT(p, 0x48, 0x0f, 0xc7, 0xf0, 0x48, 0x0f, 0xc7, 0xf2); /* rdrand rax; rdrand rdx */
    attack_step_store(p, to);
    attack_step_clear(p);
}

void attack_step_copy(struct attack_program *p, uint32_t to, uint32_t from)
{
    attack_step_load(p, from);
    attack_step_store(p, to);
    attack_step_clear(p);
}

void attack_step_zero(struct attack_program *p, uint32_t to)
{
    attack_step_clear(p);
    attack_step_store(p, to);
}

void attack_step_yield(struct attack_program *p)
{
    CBIT_ASSERT(p->n_yields < ATTACK_MAX_YIELDS);
    p->yield[p->n_yields++] = p->len;
    if (p->halts)
        EMIT(p, 0xf4, 0x90); /* hlt; nop */
    else
        EMIT(p, 0xeb, 0xfe); /* jmp to itself */
}

void attack_step_bits(struct attack_program *p, uint32_t to, uint32_t secret, bool salted)
{
    size_t loop;

    EMIT(p, 0x31, 0xc9); /* xor ecx, ecx */
    loop = p->len;
    attack_step_clear(p);
    if (salted)
        EMIT(p, 0x48, 0x0f, 0xc7, 0xf2); /* rdrand rdx */
    EMIT(p, 0x48, 0x0f, 0xa3, 0x8b);     /* bt [rbx + secret], rcx */
    emit_le32(p, secret);
    EMIT(p, 0x0f, 0x92, 0xc0);           /* setc al */
    attack_step_store(p, to);
    attack_step_yield(p);
    EMIT(p, 0xff, 0xc1, 0x81, 0xf9, 128, 0, 0, 0); /* inc ecx; cmp ecx, 128 */
    EMIT(p, 0x0f, 0x85);                           /* jne loop */
    emit_le32(p, (uint32_t)(loop - (p->len + 4)));
}

void attack_step_again(struct attack_program *p, size_t offset)
{
    EMIT(p, 0xe9);
    emit_le32(p, (uint32_t)(offset - (p->len + 4)));
}

bool attack_program_yields(const struct attack_program *p, uint64_t offset)
{
    for (unsigned i = 0; i < p->n_yields; i++)
        if (p->yield[i] == offset)
            return true;
    return false;
}
