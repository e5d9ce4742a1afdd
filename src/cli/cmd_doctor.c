/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit doctor: what this host offers, and what it means here.  Nothing is
 * strictly needed: what is missing makes cbit slower or leaves a surface out.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "host/sandbox.h"

/* One finding: true is good. */
struct finding {
    const char *name;
    bool (*holds)(void);
    const char *if_so, *if_not;
};

#if defined(__x86_64__)
#include <cpuid.h>

static bool has_aes(void) { return __builtin_cpu_supports("aes"); }
static bool has_vaes(void)
{
    unsigned a, b, c, d; /* Clang 14 has no name for VAES: CPUID leaf 7, ECX bit 9 */

    return __builtin_cpu_supports("avx512f") && __get_cpuid_count(7, 0, &a, &b, &c, &d) &&
           (c & 1u << 9);
}
static bool has_bmi2(void) { return __builtin_cpu_supports("bmi2"); }
static bool is_x86_64(void) { return true; }
#else
static bool has_aes(void) { return false; }
static bool has_vaes(void) { return false; }
static bool has_bmi2(void) { return false; }
static bool is_x86_64(void) { return false; }
#endif

static bool file_has(const char *path, const char *text)
{
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");

    while (file && !found && fgets(line, sizeof line, file))
        found = strstr(line, text) != NULL;
    if (file)
        fclose(file);
    return found;
}

static bool has_thp(void)
{
    return !file_has("/sys/kernel/mm/transparent_hugepage/enabled", "[never]") &&
           access("/sys/kernel/mm/transparent_hugepage/enabled", R_OK) == 0;
}
static bool has_cuse(void) { return access("/dev/cuse", R_OK | W_OK) == 0; }
static bool has_seccomp(void) { return file_has("/proc/self/status", "Seccomp:"); }
static bool has_sandbox(void) { return host_sandbox_built(); }
static bool has_4k_pages(void) { return sysconf(_SC_PAGESIZE) == 4096; }
static bool has_runtime_dir(void)
{
    const char *dir = getenv("XDG_RUNTIME_DIR");

    return dir && access(dir, W_OK) == 0;
}
static bool has_memory(void)
{
    return (uint64_t)sysconf(_SC_AVPHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) >
           (UINT64_C(1) << 30);
}

static const struct finding findings[] = {
    {"x86-64 host", is_x86_64, "yes", "no: the portable cipher and the interpreter alone"},
    {"4 KiB pages", has_4k_pages, "yes", "no: host pages are larger than guest frames"},
    {"AES-NI", has_aes, "memory cipher at hardware speed", "portable cipher, about 100 times slower"},
    {"VAES-512", has_vaes, "memory cipher near memory bandwidth", "AES-NI kernel is used, about 4 times slower"},
    {"BMI2", has_bmi2, "translator may use PEXT and shifts without flags", "no translator"},
    {"huge pages", has_thp, "guest memory gets them", "off: a little slower"},
    {"1 GiB free memory", has_memory, "yes", "no: give guests --memory 256M"},
    {"/dev/cuse", has_cuse, "a /dev/sev node can be served", "no: cbit exec answers /dev/sev instead"},
    {"seccomp", has_seccomp, "kernel has it", "no system call filter, no cbit exec for static programs"},
    {"sandbox", has_sandbox, "cbit run filters its system calls", "built without libseccomp: cbit run has no filter"},
    {"XDG_RUNTIME_DIR", has_runtime_dir, "control sockets may live there", "unset: name a private folder for --control"},
};

int cli_cmd_doctor(int argc, char **argv)
{
    struct cli_line line = {.verb = "cbit doctor"};
    struct cli_why why = {{0}};
    const enum cli_parsed parsed = cli_parse(&line, argc, argv, &why);

    if (parsed != CLI_OK)
        return cli_usage(parsed, &line, "", &why);
    printf("cbit %s\n", CBIT_VERSION_TEXT);
    for (size_t i = 0; i < CB_ARRAY_LEN(findings); i++) {
        const struct finding *f = &findings[i];
        const bool holds = f->holds();

        printf("%-20s %-4s %s\n", f->name, holds ? "ok" : "no", holds ? f->if_so : f->if_not);
    }
    return CLI_EXIT_OK;
}
