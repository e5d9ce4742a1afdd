/* SPDX-License-Identifier: Apache-2.0 */
/* See x86/mmio.h.  Only plain moves: what drivers use for device registers. */
#include "x86/mmio.h"

#include <Zydis/Zydis.h>

#include "base/base.h"

struct decoded {
    ZydisDecodedInstruction in;
    ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
};

static bool decode(enum x86_mmio_mode mode, const uint8_t *bytes, unsigned n, struct decoded *d)
{
    static const struct { ZydisMachineMode machine; ZydisStackWidth stack; } modes[] = {
        [X86_MMIO_16] = {ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16},
        [X86_MMIO_32] = {ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32},
        [X86_MMIO_64] = {ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64},
    };
    ZydisDecoder zydis;

    return ZYAN_SUCCESS(ZydisDecoderInit(&zydis, modes[mode].machine, modes[mode].stack)) &&
           ZYAN_SUCCESS(ZydisDecoderDecodeFull(&zydis, bytes, n, &d->in, d->op));
}

static bool extends_sign(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_MOVSX || mnemonic == ZYDIS_MNEMONIC_MOVSXD;
}

static bool is_move(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_MOV || mnemonic == ZYDIS_MNEMONIC_MOVZX ||
           extends_sign(mnemonic);
}

static bool is_general(ZydisRegister reg)
{
    switch ((int)ZydisRegisterGetClass(reg)) {
    case ZYDIS_REGCLASS_GPR8:
    case ZYDIS_REGCLASS_GPR16:
    case ZYDIS_REGCLASS_GPR32:
    case ZYDIS_REGCLASS_GPR64: return true;
    default: return false;
    }
}

static void set_register(ZydisRegister reg, struct x86_mmio *out)
{
    const int id = ZydisRegisterGetId(reg);

    out->high_byte = reg >= ZYDIS_REGISTER_AH && reg <= ZYDIS_REGISTER_BH;
    if (ZydisRegisterGetClass(reg) != ZYDIS_REGCLASS_GPR8)
        out->reg = (uint8_t)id;
    else if (out->high_byte)
        out->reg = (uint8_t)(reg - ZYDIS_REGISTER_AH);
    else if (reg <= ZYDIS_REGISTER_BL)
        out->reg = (uint8_t)(reg - ZYDIS_REGISTER_AL);
    else
        out->reg = (uint8_t)(reg - ZYDIS_REGISTER_SPL + 4);
}

bool x86_mmio_decode(enum x86_mmio_mode mode, const uint8_t *bytes, unsigned n,
                     struct x86_mmio *out)
{
    struct decoded d;
    const ZydisDecodedOperand *memory, *other;

    if (n == 0 || !decode(mode, bytes, n, &d) || !is_move(d.in.mnemonic) ||
        d.in.operand_count_visible != 2)
        return false;
    *out = (struct x86_mmio){.len = d.in.length};
    out->kind = d.op[0].type == ZYDIS_OPERAND_TYPE_MEMORY ? X86_MMIO_STORE : X86_MMIO_LOAD;
    memory = &d.op[out->kind == X86_MMIO_STORE ? 0 : 1];
    other = &d.op[out->kind == X86_MMIO_STORE ? 1 : 0];
    if (memory->type != ZYDIS_OPERAND_TYPE_MEMORY || memory->size > 64)
        return false;
    out->size = (uint8_t)(memory->size / 8);
    if (other->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        out->immediate = true;
        out->imm = other->imm.value.u;
        return true;
    }
    if (other->type != ZYDIS_OPERAND_TYPE_REGISTER || !is_general(other->reg.value))
        return false;
    set_register(other->reg.value, out);
    out->width = (uint8_t)(other->size / 8);
    out->sign = extends_sign(d.in.mnemonic);
    return true;
}
