/* SPDX-License-Identifier: Apache-2.0 */
/* The options of cbit run.  Names follow QEMU's where it has them. */
#include <string.h>

#include "cli/run.h"

static bool add_disk(const struct cli_option *option, const char *text, void *field,
                     struct cli_why *why)
{
    struct run_options *options = field; /* the row's offset is 0 */

    (void)option;
    if (options->n_disks == CBIT_MAX_DISKS) {
        snprintf(why->text, sizeof why->text, "is one disk more than the %d that fit",
                 CBIT_MAX_DISKS);
        return false;
    }
    options->disk[options->n_disks++] = text;
    return true;
}

static bool take_guest(const struct cli_option *option, const char *text, void *field,
                       struct cli_why *why)
{
    const char **guest = field;

    if (*guest) {
        snprintf(why->text, sizeof why->text,
                 "is a second guest; several beside each other are not built yet (docs/roadmap.md)");
        return false;
    }
    return cli_text(option, text, field, why);
}

static bool take_seed(const struct cli_option *option, const char *text, void *field,
                      struct cli_why *why)
{
    struct run_options *options = field; /* the row's offset is 0 */

    options->seeded = true;
    return cli_u64(option, text, &options->seed, why);
}

static bool take_serial(const struct cli_option *option, const char *text, void *field,
                        struct cli_why *why)
{
    if (strcmp(text, "stdio") == 0 || (strncmp(text, "file=", 5) == 0 && text[5]))
        return cli_text(option, text, field, why);
    snprintf(why->text, sizeof why->text, "is neither 'stdio' nor 'file=F'");
    return false;
}

static bool take_control(const struct cli_option *option, const char *text, void *field,
                         struct cli_why *why)
{
    struct host_addr addr;

    if (!host_addr_parse(text, &addr) && addr.kind == HOST_SOCK_UNIX)
        return cli_text(option, text, field, why);
    snprintf(why->text, sizeof why->text, "is not unix:PATH with a path of at most 103 bytes");
    return false;
}

static bool take_address(const struct cli_option *option, const char *text, void *field,
                         struct cli_why *why)
{
    struct host_addr addr;

    if (!host_addr_parse(text, &addr))
        return cli_text(option, text, field, why);
    snprintf(why->text, sizeof why->text, "is neither tcp:[HOST:]PORT nor unix:PATH");
    return false;
}

static bool take_policy(const struct cli_option *option, const char *text, void *field,
                        struct cli_why *why)
{
    struct run_options *options = field; /* the row's offset is 0 */

    options->sev.has_policy = true;
    return cli_u32(option, text, &options->sev.policy, why);
}

#define AT(field) offsetof(struct run_options, field)
static const struct cli_option table[] = {
    {"cpu", "PROFILE", cli_choice, AT(cpu), "naples, rome, milan (default), genoa or ryzen-pro; no AVX is offered",
     "naples rome milan genoa ryzen-pro"},
    {"sme", "on|off", cli_on_off, AT(sme), "SYSCFG.SMEE, as firmware leaves it (default on)", NULL},
    {"tsme", "on|off", cli_tristate, AT(tsme), "encrypt every access, C-bit or not (default off)", NULL},
    {"memory", "SIZE", cli_size, AT(memory), "guest memory: 256M, 2G (default 512M)", NULL},
    {"smp", "N", cli_u32, AT(smp), "processors (default 1)", NULL},
    {"kernel", "FILE", cli_text, AT(kernel), "bzImage, ELF or Multiboot kernel", NULL},
    {"initrd", "FILE", cli_text, AT(initrd), "initial RAM disk", NULL},
    {"append", "TEXT", cli_text, AT(append), "kernel command line, passed on as it is", NULL},
    {"unpack-kernel", NULL, cli_flag, AT(unpack_kernel), "unpack a bzImage here and enter its ELF", NULL},
    {"multiboot", "FILE", cli_text, AT(multiboot), "Multiboot-1 kernel, and nothing else", NULL},
    {"bios", "FILE", cli_text, AT(bios), "raw ROM that ends at the reset vector", NULL},
    {"no-acpi", NULL, cli_flag, AT(no_acpi), "platform without tables", NULL},
    {"disk", "FILE[,ro|,snapshot]", add_disk, 0, "raw disk, up to four", NULL},
    {"nvdimm", "FILE[,size=N]", cli_text, AT(nvdimm),
     "persistent memory; the file keeps what the DIMM holds", NULL},
    {"net", "user", cli_choice, AT(net), "network card; the host's sockets by libslirp", "user"},
    {"rng", NULL, cli_flag, AT(rng), "virtio entropy device", NULL},
    {"serial", "stdio|file=F", take_serial, AT(serial), "first serial port (default stdio)", NULL},
    {"no-reboot", NULL, cli_flag, AT(no_reboot), "end with 32 when the guest resets", NULL},
    {"paused", NULL, cli_flag, AT(paused), "wait for 'cont' before the first instruction", NULL},
    {"control", "unix:PATH", take_control, AT(control), "QMP socket", NULL},
    {"gdb", "tcp:PORT|unix:PATH", take_address, AT(gdb), "GDB remote protocol; a connection pauses the machine", NULL},
    {"timeout", "S", cli_seconds, AT(timeout_ns), "end with 124 after S seconds", NULL},
    {"max-insns", "N", cli_u64, AT(max_insns), "end with 124 after N instructions", NULL},
    {"seed", "N", take_seed, 0, "all randomness, keys included, follows from N", NULL},
    {"deterministic", NULL, cli_flag, AT(deterministic), "same input, same run, to the bit", NULL},
    {"input-script", "F", cli_text, AT(input_script), "console input at instruction counts", NULL},
    {"expose-keys", "F", cli_text, AT(expose_keys), "write keys and tweaks to F; marks the platform EXPOSED", NULL},
    {"tweak", "F", cli_text, AT(tweak), "768 bytes in place of the tweak constants", NULL},
    {"min-sev-asid", "N", cli_u32, AT(min_sev_asid), "first ASID of plain SEV guests (default 1)", NULL},
    {"check", NULL, cli_flag, AT(check), "report accesses that caches or keys punish; slow (docs/check-mode.md)", NULL},
    {"cache", "m1", cli_choice, AT(cache), "naples, rome: show stale cache lines, as hardware does; slow", "m1"},
    {"trace", "ROOMS", cli_text, AT(trace), "asp,board,check,cpu,dev,mc,mmu,pc or all", NULL},
    {"trace-file", "F", cli_text, AT(trace_file), "trace to F instead of standard error", NULL},
    {"log-json", NULL, cli_flag, AT(log_json), "trace as JSON lines", NULL},
    {"stats", NULL, cli_flag, AT(stats), "print counters at the end", NULL},
    {"profile", NULL, cli_unbuilt, 0, "where the guest spends its time", NULL},
    {"sandbox", "on|off", cli_on_off, AT(sandbox), "filter of system calls (default on)", NULL},
    {"json", NULL, cli_flag, AT(json), "end report as one JSON line on standard error", NULL},
    {"sev", NULL, cli_flag, AT(sev.on), "the kernel is a SEV guest of the built-in hypervisor", NULL},
    {"policy", "N", take_policy, 0, "its policy (default 1: no debugging)", NULL},
    {"dh-cert-file", "F", cli_text, AT(sev.dh_cert_file), "guest owner's certificate, base64", NULL},
    {"session-file", "F", cli_text, AT(sev.session_file), "launch session, base64; without: one of cbit's own", NULL},
    {"cbitpos", "N", cli_u32, AT(sev.cbitpos), "C-bit's position; must be the processor's", NULL},
    {"reduced-phys-bits", "N", cli_u32, AT(sev.reduced_phys_bits), "address bits that encryption takes", NULL},
    {"kernel-hashes", NULL, cli_flag, AT(sev.kernel_hashes), "refused: the files themselves are measured", NULL},
    {"sev-wait", NULL, cli_flag, AT(sev.wait), "hold in launch-secret until 'cont'", NULL},
    {"sev-dump", "DIR", cli_text, AT(sev.dump), "write what was launched, and the measurement", NULL},
    {"guest", "FILE", take_guest, AT(guest), "a guest's options, one a line; plain without sev", NULL},
    {"asp", "unix:PATH", cli_unbuilt, 0, "join a running AMD-SP service", NULL},
    {"state", "DIR", cli_text, AT(state), "the AMD-SP's chip and flash (cbit asp setup); default: an ephemeral chip", NULL},
};
#undef AT

const struct cli_option *run_option_table(size_t *n)
{
    *n = CB_ARRAY_LEN(table);
    return table;
}

struct run_options run_options_default(void)
{
    return (struct run_options){
        .sme = true,
        .sandbox = true,
        .tsme = CBIT_DEFAULT,
        .memory = UINT64_C(512) << 20,
        .smp = 1,
        .append = "",
        .serial = "stdio",
        .sev = {.policy = 1},
    };
}

/* Rules between options, as data: if the first holds, the text is the complaint. */
bool run_options_check(const struct run_options *o, struct cli_why *why)
{
    const int images = (o->kernel != NULL) + (o->multiboot != NULL) + (o->bios != NULL);
    const char *sev = run_sev_check(&o->sev);
    const struct {
        bool wrong;
        const char *text;
    } rules[] = {
        {sev != NULL, sev},
        {o->sev.on && !o->sme, "--sev needs SYSCFG.SMEE: leave --sme on"},
        {o->guest && !o->kernel, "--guest: the file names no kernel"},
        {o->guest && (o->no_acpi || o->nvdimm || o->multiboot || o->bios),
         "--no-acpi, --nvdimm, --multiboot and --bios belong to the bare-metal machine, not to a guest"},
        {o->sev.on && !o->kernel, "--sev starts a kernel directly: give --kernel"},
        {o->sev.on && o->no_acpi, "--sev: the launch layout has ACPI tables; leave --no-acpi away"},
        {o->sev.on && o->nvdimm, "--nvdimm belongs to the bare-metal machine, not to a guest"},
        {o->sev.wait && !o->control, "--sev-wait waits for 'cont' on a control socket: give --control"},
        {images == 0, "nothing to boot: give --kernel, --multiboot or --bios"},
        {images > 1, "--kernel, --multiboot and --bios exclude each other"},
        {o->initrd && o->bios, "--initrd goes with --kernel or --multiboot"},
        {o->unpack_kernel && !o->kernel, "--unpack-kernel goes with --kernel"},
        {o->memory == 0 || o->memory % CB_PAGE_SIZE, "--memory is not a multiple of 4096"},
        {o->smp == 0, "--smp 0: a machine has a processor"},
        {o->smp > 1, "--smp: more than one processor is not built yet (docs/roadmap.md)"},
        {o->input_script && !o->deterministic, "--input-script goes with --deterministic"},
        {o->cache && o->gdb, "--cache m1 excludes --gdb: a debugger would see DRAM, not the caches"},
        {o->net && o->deterministic, "--net excludes --deterministic: the world outside is not"},
        {(o->trace_file || o->log_json) && !o->trace, "--trace-file and --log-json go with --trace"},
    };

    for (size_t i = 0; i < CB_ARRAY_LEN(rules); i++) {
        if (rules[i].wrong) {
            snprintf(why->text, sizeof why->text, "cbit run: %s", rules[i].text);
            return false;
        }
    }
    return true;
}
