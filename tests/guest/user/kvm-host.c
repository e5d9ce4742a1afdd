/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program on Linux's /dev/kvm, for the machine as a hypervisor's host:
 *
 *   kvm-host plain   runs a guest of a few real-mode instructions
 *   kvm-host sev     walks the whole life of an SEV guest: KVM_SEV_INIT,
 *                    LAUNCH_START, LAUNCH_UPDATE_DATA, LAUNCH_MEASURE,
 *                    LAUNCH_FINISH, the same program run, exits, destruction
 *
 * It prints what happened, one fact a line, so that a story can compare the text.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define MEMORY 0x10000u
#define PROGRAM 0x1000u

/* Writes "hi" to port 3f8h, a byte to memory and reads it back to the port, a word to a device at
   28000h, reads one there and sends it to the port, then halts. */
static const uint8_t program[] = {
    0xba, 0xf8, 0x03,                   /* mov dx, 3f8h */
    0xb0, 'h', 0xee,                    /* mov al, 'h'; out dx, al */
    0xb0, 'i', 0xee,
    0xc6, 0x06, 0x00, 0x20, '!',        /* mov byte [2000h], '!' */
    0xa0, 0x00, 0x20, 0xee,             /* mov al, [2000h]; out dx, al */
    0xb8, 0x00, 0x20, 0x8e, 0xd8,       /* mov ax, 2000h; mov ds, ax */
    0xc7, 0x06, 0x00, 0x80, 0x34, 0x12, /* mov word [8000h], 1234h: 28000h */
    0xa1, 0x04, 0x80, 0xef,             /* mov ax, [8004h]; out dx, ax */
    0x31, 0xc0, 0x31, 0xc9, 0x0f, 0xa2, /* xor ax, ax; xor cx, cx; cpuid */
    0xba, 0xf8, 0x03, 0x89, 0xd8, 0xef, /* mov dx, 3f8h; mov ax, bx; out dx, ax */
    0xf4,                               /* hlt */
};

struct machine {
    int kvm, vm, vcpu;
    uint8_t *memory;
    struct kvm_run *run;
};

static void die(const char *what)
{
    printf("%s: %s\n", what, strerror(errno));
    exit(1);
}

static int call(int fd, unsigned long request, void *argument, const char *what)
{
    const int result = ioctl(fd, request, argument);

    if (result < 0)
        die(what);
    return result;
}

static void open_machine(struct machine *m)
{
    struct kvm_userspace_memory_region region = {.memory_size = MEMORY};

    m->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    if (m->kvm < 0)
        die("/dev/kvm");
    printf("api %d\n", call(m->kvm, KVM_GET_API_VERSION, NULL, "KVM_GET_API_VERSION"));
    m->vm = call(m->kvm, KVM_CREATE_VM, NULL, "KVM_CREATE_VM");
    m->memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (m->memory == MAP_FAILED)
        die("mmap");
    memcpy(m->memory + PROGRAM, program, sizeof(program));
    region.userspace_addr = (uintptr_t)m->memory;
    call(m->vm, KVM_SET_USER_MEMORY_REGION, &region, "KVM_SET_USER_MEMORY_REGION");
}

static void set_cpuid(struct machine *m)
{
    struct { struct kvm_cpuid2 head; struct kvm_cpuid_entry2 entry[1]; } c = {
        .head.nent = 1, .entry[0] = {.function = 0, .eax = 1, .ebx = 0x6f6c, .ecx = 0x2121, .edx = 0x3a29},
    };

    call(m->vcpu, KVM_SET_CPUID2, &c, "KVM_SET_CPUID2");
}

static void open_cpu(struct machine *m)
{
    struct kvm_sregs s;
    struct kvm_regs r = {.rip = PROGRAM, .rflags = 2, .rsp = 0x8000};
    const int size = call(m->kvm, KVM_GET_VCPU_MMAP_SIZE, NULL, "KVM_GET_VCPU_MMAP_SIZE");

    m->vcpu = call(m->vm, KVM_CREATE_VCPU, NULL, "KVM_CREATE_VCPU");
    m->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, m->vcpu, 0);
    if (m->run == MAP_FAILED)
        die("mmap of a CPU");
    set_cpuid(m);
    call(m->vcpu, KVM_GET_SREGS, &s, "KVM_GET_SREGS");
    s.cs.base = s.cs.selector = 0;
    call(m->vcpu, KVM_SET_SREGS, &s, "KVM_SET_SREGS");
    call(m->vcpu, KVM_SET_REGS, &r, "KVM_SET_REGS");
}

static void print_port(const struct kvm_run *run)
{
    const uint8_t *data = (const uint8_t *)run + run->io.data_offset;
    unsigned value = data[0];

    if (run->io.size == 2)
        value |= (unsigned)data[1] << 8;
    printf("port %x: %s %x\n", run->io.port, run->io.direction == KVM_EXIT_IO_OUT ? "out" : "in", value);
}

static void serve_device(struct kvm_run *run)
{
    if (run->mmio.is_write) {
        printf("device %llx: write %x of %u bytes\n", run->mmio.phys_addr,
               (unsigned)run->mmio.data[0] | (unsigned)run->mmio.data[1] << 8, run->mmio.len);
        return;
    }
    printf("device %llx: read of %u bytes\n", run->mmio.phys_addr, run->mmio.len);
    memset(run->mmio.data, 0, sizeof(run->mmio.data));
    run->mmio.data[0] = 0xcd;
    run->mmio.data[1] = 0xab;
}

static void run(struct machine *m)
{
    struct kvm_regs r;

    for (unsigned n = 0; n < 100; n++) {
        call(m->vcpu, KVM_RUN, NULL, "KVM_RUN");
        switch (m->run->exit_reason) {
        case KVM_EXIT_IO: print_port(m->run); break;
        case KVM_EXIT_MMIO: serve_device(m->run); break;
        case KVM_EXIT_HLT:
            call(m->vcpu, KVM_GET_REGS, &r, "KVM_GET_REGS");
            printf("halted at %llx\n", r.rip);
            return;
        default:
            printf("exit %u, %llx\n", m->run->exit_reason, m->run->fail_entry.hardware_entry_failure_reason);
            exit(1);
        }
    }
    printf("no end\n");
    exit(1);
}

/* ---- SEV ---- */

struct sev {
    int fd, vm;
};

static int sev_try(const struct sev *s, unsigned id, void *data, const char *what)
{
    struct kvm_sev_cmd c = {.id = id, .data = (uintptr_t)data, .sev_fd = (uint32_t)s->fd};
    const int result = ioctl(s->vm, KVM_MEMORY_ENCRYPT_OP, &c);

    printf("%s: %d, firmware %u\n", what, result, c.error);
    return result;
}

static void sev_call(const struct sev *s, unsigned id, void *data, const char *what)
{
    if (sev_try(s, id, data, what) < 0)
        exit(1);
}

static void print_status(const struct sev *s)
{
    struct kvm_sev_guest_status status = {0};

    sev_call(s, KVM_SEV_GUEST_STATUS, &status, "GUEST_STATUS");
    printf("state %u, policy %u\n", status.state, status.policy);
}

static void launch(struct machine *m, const struct sev *s)
{
    struct kvm_enc_region region = {.addr = (uintptr_t)m->memory, .size = MEMORY};
    struct kvm_sev_launch_start start = {.policy = 1};
    struct kvm_sev_launch_update_data update = {.uaddr = (uintptr_t)m->memory, .len = MEMORY};
    struct kvm_sev_launch_measure measure = {0};
    uint8_t blob[64] = {0};
    unsigned set = 0;

    sev_call(s, KVM_SEV_LAUNCH_START, &start, "LAUNCH_START");
    call(m->vm, KVM_MEMORY_ENCRYPT_REG_REGION, &region, "KVM_MEMORY_ENCRYPT_REG_REGION");
    sev_call(s, KVM_SEV_LAUNCH_UPDATE_DATA, &update, "LAUNCH_UPDATE_DATA");
    print_status(s);
    sev_try(s, KVM_SEV_LAUNCH_MEASURE, &measure, "LAUNCH_MEASURE's length");
    if (measure.len > sizeof(blob))
        exit(1);
    measure.uaddr = (uintptr_t)blob;
    sev_call(s, KVM_SEV_LAUNCH_MEASURE, &measure, "LAUNCH_MEASURE");
    for (unsigned n = 0; n < measure.len; n++)
        set |= blob[n];
    printf("measurement of %u bytes, %s\n", measure.len, set ? "not zero" : "zero");
    print_status(s);
    sev_call(s, KVM_SEV_LAUNCH_FINISH, NULL, "LAUNCH_FINISH");
    print_status(s);
}

static void look(const struct machine *m, const char *when)
{
    printf("%s the host sees %s\n", when,
           memcmp(m->memory + PROGRAM, program, sizeof(program)) == 0 ? "the program" : "ciphertext");
}

static void sev_guest(struct machine *m)
{
    struct sev s = {.fd = open("/dev/sev", O_RDWR | O_CLOEXEC)};

    if (s.fd < 0)
        die("/dev/sev");
    s.vm = m->vm;
    sev_call(&s, KVM_SEV_INIT, NULL, "INIT");
    look(m, "before the launch");
    launch(m, &s);
    look(m, "after it");
    open_cpu(m);
    run(m);
    close(s.fd);
}

int main(int argc, char **argv)
{
    struct machine m = {0};

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc != 2)
        return 2;
    open_machine(&m);
    if (strcmp(argv[1], "sev") == 0) {
        sev_guest(&m);
    } else {
        open_cpu(&m);
        run(&m);
    }
    munmap(m.run, 4096);
    close(m.vcpu);
    close(m.vm);
    close(m.kvm);
    printf("done\n");
    return 0;
}
