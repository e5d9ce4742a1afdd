/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The box with a hypervisor's structures in it: VMCB, host save area, bitmaps
 * that intercept everything, nested tables that map the lower 4 MiB one to one.
 * The guest begins in real mode at SVM_CODE, flat.
 */
#ifndef TESTS_X86_SVM_BOX_H
#define TESTS_X86_SVM_BOX_H

#include "unit/x86/box.h"
#include "wire/vmcb.h"
#include "x86/svm/svm.h"

enum {
    SVM_HSAVE = 0x20000, SVM_VMCB = 0x21000, SVM_IOPM = 0x22000, SVM_MSRPM = 0x25000,
    SVM_NPML4 = 0x30000, SVM_NPDPT = 0x31000, SVM_NPD = 0x32000, SVM_NPT = 0x33000,
    SVM_CODE = 0x5000, SVM_STACK = 0x8000
};

/* Host in 64-bit mode with SVM on, guest in real mode with nested paging, ASID 1. */
void svm_open(struct box *b, const char *profile);
void svm_close(struct box *b);
/* A fresh VMCB and fresh tables. */
void svm_fresh(struct box *b);
/* The guest in 64-bit mode at CPL 0, on the box's own tables. */
void svm_guest_long(struct box *b);

uint64_t svm_get(const struct box *b, unsigned at);
void svm_put(struct box *b, unsigned at, uint64_t value);
void svm_put32(struct box *b, unsigned at, uint32_t value);
/* Sets the intercept of an exit code. */
void svm_intercept(struct box *b, unsigned code);
/* The nested entry of a 4 KiB page of the lower 2 MiB. */
void svm_nested(struct box *b, uint32_t gpa, uint64_t entry);
void svm_code(struct box *b, const void *code, size_t len);
/* Runs to the next exit (at most n instructions). */
enum x86_svm_end svm_run(struct box *b, unsigned n);

#endif
