/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Into a foreign register state and out of it.  All addresses are absolute, so
 * that no register is needed: struct area of host.c at 0x30000000.
 */
#define AREA 0x30000000
#define IN_GPR(n) (AREA + 8 * (n))
#define IN_FLAGS (AREA + 128)
#define TARGET (AREA + 136)
#define HOST_RSP (AREA + 144)
#define HOST_MXCSR (AREA + 152)
#define HOST_CW (AREA + 156)
#define OUT_GPR(n) (AREA + 160 + 8 * (n))
#define OUT_FLAGS (AREA + 288)
#define IN_FX (AREA + 320)
#define OUT_FX (AREA + 1024)

        .text
        .globl nt_enter
        .type nt_enter, @function
nt_enter:
        push %rbx
        push %rbp
        push %r12
        push %r13
        push %r14
        push %r15
        stmxcsr HOST_MXCSR
        fnstcw HOST_CW
        mov %rsp, HOST_RSP
        fxrstor64 IN_FX
        pushq IN_FLAGS
        popfq
        mov IN_GPR(0), %rax
        mov IN_GPR(1), %rcx
        mov IN_GPR(2), %rdx
        mov IN_GPR(3), %rbx
        mov IN_GPR(4), %rsp
        mov IN_GPR(5), %rbp
        mov IN_GPR(6), %rsi
        mov IN_GPR(7), %rdi
        mov IN_GPR(8), %r8
        mov IN_GPR(9), %r9
        mov IN_GPR(10), %r10
        mov IN_GPR(11), %r11
        mov IN_GPR(12), %r12
        mov IN_GPR(13), %r13
        mov IN_GPR(14), %r14
        mov IN_GPR(15), %r15
        jmp *TARGET

/* The instruction fell through to its end. */
        .globl nt_exit
        .type nt_exit, @function
nt_exit:
        mov %rax, OUT_GPR(0)
        mov %rcx, OUT_GPR(1)
        mov %rdx, OUT_GPR(2)
        mov %rbx, OUT_GPR(3)
        mov %rsp, OUT_GPR(4)
        mov %rbp, OUT_GPR(5)
        mov %rsi, OUT_GPR(6)
        mov %rdi, OUT_GPR(7)
        mov %r8, OUT_GPR(8)
        mov %r9, OUT_GPR(9)
        mov %r10, OUT_GPR(10)
        mov %r11, OUT_GPR(11)
        mov %r12, OUT_GPR(12)
        mov %r13, OUT_GPR(13)
        mov %r14, OUT_GPR(14)
        mov %r15, OUT_GPR(15)
        mov HOST_RSP, %rsp
        pushfq
        popq OUT_FLAGS
        fxsave64 OUT_FX
        xor %eax, %eax
        jmp resume

/* The signal handler comes back here. */
        .globl nt_resume
        .type nt_resume, @function
nt_resume:
        mov $1, %eax
resume:
        pushq $2
        popfq
        fninit
        fldcw HOST_CW
        ldmxcsr HOST_MXCSR
        pop %r15
        pop %r14
        pop %r13
        pop %r12
        pop %rbp
        pop %rbx
        ret

/* First instructions of the signal handler: no alignment checks in C. */
        .globl nt_signal
        .type nt_signal, @function
nt_signal:
        pushfq
        andl $~0x40000, (%rsp)
        popfq
        jmp nt_signal_c

        .section .note.GNU-stack,"",@progbits
