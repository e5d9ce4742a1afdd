/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registers as a table: what GDB calls each, how wide it is there, and where
 * struct cbit_regs keeps it.  The table's order is the protocol's; the description of
 * the target is made of it, so the two cannot disagree.
 * "GDB Remote Serial Protocol", appendices G.4 and G.5.8 (i386 features).
 */
#include "monitor/gdb.h"

#include <stdio.h>
#include <stdlib.h>

struct row {
    const char *name, *type;
    uint8_t bytes;   /* on the wire */
    uint8_t kept;    /* in struct cbit_regs; less: the rest reads as zeros; 0: nowhere */
    uint16_t offset; /* there */
};

#define KEPT(field) sizeof(((struct cbit_regs *)NULL)->field), offsetof(struct cbit_regs, field)
#define GPR(name, n) {name, "int64", 8, KEPT(gpr[n])}
#define SEGMENT(name, n) {name, "int32", 4, KEPT(segment[n])}
#define ST(n) {"st" #n, "i387_ext", 10, KEPT(st[n])}
#define XMM(n) {"xmm" #n, "vec128", 16, KEPT(xmm[n])}
#define WIDE(field) {#field, "int64", 8, KEPT(field)}
#define NOWHERE(name) {name, "int", 4, 0, 0}

static const struct row rows[] = {
    GPR("rax", 0), GPR("rbx", 3), GPR("rcx", 1), GPR("rdx", 2), GPR("rsi", 6), GPR("rdi", 7),
    {"rbp", "data_ptr", 8, KEPT(gpr[5])}, {"rsp", "data_ptr", 8, KEPT(gpr[4])},
    GPR("r8", 8), GPR("r9", 9), GPR("r10", 10), GPR("r11", 11), GPR("r12", 12), GPR("r13", 13),
    GPR("r14", 14), GPR("r15", 15),
    {"rip", "code_ptr", 8, KEPT(rip)}, {"eflags", "i386_eflags", 4, KEPT(rflags)},
    SEGMENT("cs", 1), SEGMENT("ss", 2), SEGMENT("ds", 3), SEGMENT("es", 0), SEGMENT("fs", 4),
    SEGMENT("gs", 5),
    ST(0), ST(1), ST(2), ST(3), ST(4), ST(5), ST(6), ST(7),
    {"fctrl", "int", 4, KEPT(fcw)}, {"fstat", "int", 4, KEPT(fsw)}, {"ftag", "int", 4, KEPT(ftw)},
    NOWHERE("fiseg"), NOWHERE("fioff"), NOWHERE("foseg"), NOWHERE("fooff"), NOWHERE("fop"),
    XMM(0), XMM(1), XMM(2), XMM(3), XMM(4), XMM(5), XMM(6), XMM(7), XMM(8), XMM(9), XMM(10),
    XMM(11), XMM(12), XMM(13), XMM(14), XMM(15),
    {"mxcsr", "int", 4, KEPT(mxcsr)},
    WIDE(fs_base), WIDE(gs_base),
    WIDE(cr0), WIDE(cr2), WIDE(cr3), WIDE(cr4), WIDE(cr8), WIDE(efer),
};

/* A feature begins with this register. */
static const struct {
    const char *reg, *feature, *types;
} features[] = {
    {"rax", "org.gnu.gdb.i386.core",
     "<flags id=\"i386_eflags\" size=\"4\"><field name=\"CF\" start=\"0\" end=\"0\"/>"
     "<field name=\"PF\" start=\"2\" end=\"2\"/><field name=\"AF\" start=\"4\" end=\"4\"/>"
     "<field name=\"ZF\" start=\"6\" end=\"6\"/><field name=\"SF\" start=\"7\" end=\"7\"/>"
     "<field name=\"TF\" start=\"8\" end=\"8\"/><field name=\"IF\" start=\"9\" end=\"9\"/>"
     "<field name=\"DF\" start=\"10\" end=\"10\"/><field name=\"OF\" start=\"11\" end=\"11\"/>"
     "</flags>"},
    {"xmm0", "org.gnu.gdb.i386.sse",
     "<vector id=\"v4f\" type=\"ieee_single\" count=\"4\"/>"
     "<vector id=\"v2d\" type=\"ieee_double\" count=\"2\"/>"
     "<vector id=\"v16i8\" type=\"int8\" count=\"16\"/>"
     "<vector id=\"v8i16\" type=\"int16\" count=\"8\"/>"
     "<vector id=\"v4i32\" type=\"int32\" count=\"4\"/>"
     "<vector id=\"v2i64\" type=\"int64\" count=\"2\"/>"
     "<union id=\"vec128\"><field name=\"v4_float\" type=\"v4f\"/>"
     "<field name=\"v2_double\" type=\"v2d\"/><field name=\"v16_int8\" type=\"v16i8\"/>"
     "<field name=\"v8_int16\" type=\"v8i16\"/><field name=\"v4_int32\" type=\"v4i32\"/>"
     "<field name=\"v2_int64\" type=\"v2i64\"/><field name=\"uint128\" type=\"uint128\"/></union>"},
    {"fs_base", "org.gnu.gdb.i386.segments", ""},
    {"cr0", "org.cbit.control", ""},
};

unsigned mon_gdb_n_regs(void)
{
    return CB_ARRAY_LEN(rows);
}

static size_t taken(const struct row *row)
{
    return row->kept < row->bytes ? row->kept : row->bytes;
}

size_t mon_gdb_reg_get(const struct cbit_regs *regs, unsigned n, uint8_t to[MON_GDB_REG_MAX])
{
    CBIT_ASSERT(n < CB_ARRAY_LEN(rows));
    memset(to, 0, MON_GDB_REG_MAX);
    memcpy(to, (const uint8_t *)regs + rows[n].offset, taken(&rows[n]));
    return rows[n].bytes;
}

void mon_gdb_reg_set(struct cbit_regs *regs, unsigned n, const uint8_t *from)
{
    CBIT_ASSERT(n < CB_ARRAY_LEN(rows));
    memcpy((uint8_t *)regs + rows[n].offset, from, taken(&rows[n]));
}

static void put_feature(FILE *to, const char *reg)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(features); i++) {
        if (strcmp(reg, features[i].reg) == 0)
            fprintf(to, "%s<feature name=\"%s\">%s", i ? "</feature>" : "", features[i].feature,
                    features[i].types);
    }
}

char *mon_gdb_target_xml(void)
{
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (!to)
        return NULL;
    fputs("<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\"><target>"
          "<architecture>i386:x86-64</architecture>", to);
    for (size_t i = 0; i < CB_ARRAY_LEN(rows); i++) {
        put_feature(to, rows[i].name);
        fprintf(to, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\"/>", rows[i].name,
                8u * rows[i].bytes, rows[i].type);
    }
    fputs("</feature></target>", to);
    return fclose(to) == 0 ? text : NULL;
}
