/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hypervisor in a few lines, for tests of SVM: a CPU on a real memory
 * controller with keys, in 64-bit host mode, a VMCB, nested tables of 4 KiB pages
 * and a guest of 2 MiB whose physical memory lies at VM_GUEST.
 */
#ifndef TESTS_X86_VM_H
#define TESTS_X86_VM_H

#include "base/base.h"
#include "mc/mc.h"
#include "wire/vmcb.h"
#include "x86/svm/svm.h"
#include "x86/x86.h"

#define VM_DRAM 0x800000u

/* System physical: the host's structures, and where the guest's memory begins. */
enum {
    VM_HOST_PML4 = 0x1000, VM_HOST_PDPT = 0x2000, VM_HOST_CODE = 0x4000, VM_HOST_IDT = 0x5000,
    VM_HOST_GDT = 0x6000, VM_HOST_STACK = 0x9000,
    VM_VMCB = 0x10000, VM_HSAVE = 0x11000, VM_IOPM = 0x12000, VM_MSRPM = 0x15000,
    VM_NPML4 = 0x20000, VM_NPDPT = 0x21000, VM_NPD = 0x22000, VM_NPT = 0x23000,
    VM_GUEST = 0x200000, VM_GUEST_SIZE = 0x200000
};

/* Guest physical. */
enum {
    VM_GDT = 0x1000, VM_IDT = 0x2000, VM_TSS = 0x3000, VM_HANDLERS = 0x4000, VM_CODE = 0x6000,
    VM_DATA = 0x8000, VM_STACK3 = 0xb000, VM_STACK = 0xc000,
    VM_PML4 = 0x10000, VM_PDPT = 0x11000, VM_PD = 0x12000, VM_PT = 0x13000
};

/* Selectors of the guest's GDT (and of the host's). */
enum { VM_SEL_CODE64 = 0x08, VM_SEL_DATA = 0x10, VM_SEL_CODE32 = 0x18, VM_SEL_CODE32_3 = 0x20,
       VM_SEL_DATA_3 = 0x28, VM_SEL_CODE64_3 = 0x30, VM_SEL_TSS = 0x40, VM_SEL_TSS2 = 0x50 };

/* The guest's mode: paging off (real, protected), 32-bit paging, PAE, long. */
enum vm_mode { VM_REAL, VM_FLAT, VM_LEGACY, VM_PAE, VM_LONG };

#define VM_ASID 3u
#define VM_OTHER_ASID 4u

struct vm_options {
    const char *profile;   /* NULL: milan */
    bool no_sme, tsme;
    bool sev;
    bool host_c;           /* the host's own structures, nested tables included, have C=1 */
};

struct vm {
    struct mc *mc;
    struct x86_cpu *cpu;
    struct vm_options options;
    uint64_t c_mask;       /* the C-bit; 0 without SME */
    enum vm_mode mode;
    uint64_t tsc;
    uint8_t cr8;
    int interrupt;         /* what INTR's acknowledge says */
    unsigned n_in, n_out;
    uint16_t port;
    uint32_t out_value;
};

void vm_open(struct vm *vm, struct vm_options options);
void vm_close(struct vm *vm);

/* A fresh VMCB (HLT, VMMCALL, SHUTDOWN intercepted), tables and registers for the mode; RIP = VM_CODE. */
void vm_guest(struct vm *vm, enum vm_mode mode);
/* Code at VM_CODE, and HLTs behind it. */
void vm_code(struct vm *vm, const void *code, size_t len);

/* The host's structures: the VMCB's fields, bitmaps, nested entries. */
uint64_t vm_get(struct vm *vm, unsigned field, unsigned len);
void vm_set(struct vm *vm, unsigned field, uint64_t value, unsigned len);
void vm_intercept(struct vm *vm, unsigned code, bool on);
uint64_t vm_host_get(struct vm *vm, uint64_t spa, unsigned len);
void vm_host_put(struct vm *vm, uint64_t spa, uint64_t value, unsigned len);
/* The nested entry of a guest physical page. */
void vm_nested(struct vm *vm, uint64_t gpa, uint64_t entry);
uint64_t vm_nested_of(struct vm *vm, uint64_t gpa);

/* Guest memory: as the guest's C=1 accesses see it if it is an SEV guest, else as its C=0 ones. */
void vm_put_bytes(struct vm *vm, uint64_t gpa, const void *bytes, size_t len);
void vm_put(struct vm *vm, uint64_t gpa, uint64_t value, unsigned len);
uint64_t vm_mem(struct vm *vm, uint64_t gpa, unsigned len);

/* Runs to an exit (or the budget's end) and returns how x86_svm_run ended. */
enum x86_svm_end vm_run(struct vm *vm);
/* The same; fails unless it is an exit; its code. */
uint64_t vm_exit(struct vm *vm);

/* VM_DO(vm, bytes...): those bytes as code, then vm_exit. */
#define VM_DO(vm, ...)                                                                        \
    (vm_code((vm), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})),   \
     vm_exit((vm)))

#endif
