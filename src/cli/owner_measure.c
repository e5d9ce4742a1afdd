/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner measure: the launch digest that an owner expects, from the files
 * alone; with --tik and --measurement the verdict on what a platform reported.
 */
#include <string.h>

#include "cli/owner.h"

static const char verb[] = "cbit owner measure";

#define MAX_IMAGE (1u << 30)
#define DEFAULT_MEMORY (UINT64_C(512) << 20) /* as cbit run's */
#define DEFAULT_CBITPOS 51                    /* milan, genoa */

struct options {
    const char *tik, *firmware, *kernel, *initrd, *append, *measurement, *cpu_model;
    uint32_t policy, vcpus;
    int api_major, api_minor, build;
    uint64_t memory, sev_features;
    uint32_t smp, cbitpos;
    bool direct, kernel_hashes, unpack_kernel;
    struct cli_owner_files vmsa;
};

#define AT(field) offsetof(struct options, field)
static const struct cli_option table[] = {
    {"tik", "FILE", cli_text, AT(tik), "the session's TIK (vm_tik.bin)", NULL},
    {"policy", "N", cli_u32, AT(policy), "guest policy", NULL},
    {"api-major", "N", cli_owner_u8, AT(api_major), "API version that you trust the platform to run", NULL},
    {"api-minor", "N", cli_owner_u8, AT(api_minor), "its minor number", NULL},
    {"build-id", "N", cli_owner_u8, AT(build), "its build", NULL},
    {"firmware", "FILE", cli_text, AT(firmware), "OVMF image, as QEMU launches it", NULL},
    {"kernel-hashes", NULL, cli_flag, AT(kernel_hashes), "QEMU's kernel-hashes=on", NULL},
    {"vmsa", "FILE", cli_owner_file_list, AT(vmsa), "SEV-ES: a VMSA page; once per vCPU, in order", NULL},
    {"vcpus", "N", cli_u32, AT(vcpus), "SEV-ES: vCPUs whose VMSAs are QEMU's", NULL},
    {"cpu-model", "NAME", cli_text, AT(cpu_model), "SEV-ES: QEMU's CPU model (EPYC-v4)", NULL},
    {"sev-features", "N", cli_u64, AT(sev_features), "SEV-ES: SEV_FEATURES of those VMSAs", NULL},
    {"direct", NULL, cli_flag, AT(direct), "a direct boot by cbit run --sev", NULL},
    {"memory", "SIZE", cli_size, AT(memory), "direct: guest memory", NULL},
    {"smp", "N", cli_u32, AT(smp), "direct: vCPUs", NULL},
    {"cbitpos", "N", cli_u32, AT(cbitpos), "direct: C-bit position (default 51; 47 for naples and rome)", NULL},
    {"unpack-kernel", NULL, cli_flag, AT(unpack_kernel), "direct: the guest is run with --unpack-kernel", NULL},
    {"kernel", "FILE", cli_text, AT(kernel), "kernel image", NULL},
    {"initrd", "FILE", cli_text, AT(initrd), "initial RAM disk", NULL},
    {"append", "TEXT", cli_text, AT(append), "kernel command line", NULL},
    {"measurement", "BASE64", cli_text, AT(measurement), "what the platform reported (48 bytes)", NULL},
};

struct files {
    struct host_bytes firmware, kernel, initrd, vmsa[CLI_OWNER_MAX_FILES];
};

static void free_files(struct files *files)
{
    host_bytes_free(&files->firmware);
    host_bytes_free(&files->kernel);
    host_bytes_free(&files->initrd);
    for (size_t i = 0; i < CLI_OWNER_MAX_FILES; i++)
        host_bytes_free(&files->vmsa[i]);
}

static bool read_optional(const char *path, struct host_bytes *out)
{
    return path == NULL || cli_owner_read(verb, path, MAX_IMAGE, out);
}

static bool read_files(const struct options *o, struct files *files)
{
    if (!read_optional(o->firmware, &files->firmware) || !read_optional(o->kernel, &files->kernel) ||
        !read_optional(o->initrd, &files->initrd))
        return false;
    for (size_t i = 0; i < o->vmsa.n; i++) {
        if (!cli_owner_read(verb, o->vmsa.path[i], MAX_IMAGE, &files->vmsa[i]))
            return false;
    }
    return true;
}

static bool qemu_digest(const struct options *o, const struct files *files, uint8_t digest[32])
{
    struct own_blob vmsas[CLI_OWNER_MAX_FILES];
    struct own_qemu_launch launch = {
        .firmware = {files->firmware.data, files->firmware.len},
        .kernel_hashes = o->kernel_hashes,
        .kernel = {files->kernel.data, files->kernel.len},
        .initrd = {files->initrd.data, files->initrd.len},
        .append = o->append,
        .n_vmsas = o->vcpus,
        .sev_features = o->sev_features,
    };
    const char *what;

    if (o->vmsa.n != 0) {
        for (size_t i = 0; i < o->vmsa.n; i++)
            vmsas[i] = (struct own_blob){files->vmsa[i].data, files->vmsa[i].len};
        launch.vmsas = vmsas;
        launch.n_vmsas = (unsigned)o->vmsa.n;
    } else if (!own_vmsa_signature(o->cpu_model, &launch.cpu_signature)) {
        cli_fail(verb, "--cpu-model %s: is none of QEMU's EPYC models", o->cpu_model);
        return false;
    }
    if (own_qemu_digest(&launch, digest, &what) == CBIT_OK)
        return true;
    cli_fail(verb, "%s: %s", o->firmware, what);
    return false;
}

static bool direct_digest(const struct options *o, const struct files *files, uint8_t digest[32])
{
    const struct own_direct_launch launch = {
        .kernel = {files->kernel.data, files->kernel.len},
        .initrd = {files->initrd.data, files->initrd.len},
        .append = o->append,
        .unpack_kernel = o->unpack_kernel,
        .memory = o->memory,
        .n_cpus = o->smp,
        .c_bit = o->cbitpos,
    };
    const char *what;

    if (own_direct_digest(&launch, digest, &what) == CBIT_OK)
        return true;
    cli_fail(verb, "%s", what);
    return false;
}

static int judge(const struct options *o, const uint8_t digest[32])
{
    struct sev_measure expected = {.api_major = (uint8_t)o->api_major,
                                   .api_minor = (uint8_t)o->api_minor,
                                   .build = (uint8_t)o->build, .policy = o->policy};
    uint8_t tik[WIRE_SEV_KEY_SIZE];
    uint8_t blob[WIRE_SEV_MEASURE_SIZE];
    uint8_t mac[WIRE_SEV_MAC_SIZE];
    bool same;

    if (!cli_owner_need(verb, "--tik", o->tik) ||
        !cli_owner_read_exact(verb, o->tik, tik, sizeof tik) ||
        !cli_owner_measurement(verb, o->measurement, blob))
        return CLI_EXIT_ERROR;
    memcpy(expected.digest, digest, sizeof expected.digest);
    memcpy(expected.mnonce, blob + WIRE_SEV_MEASURE_MNONCE, sizeof expected.mnonce);
    sev_measure_mac(tik, &expected, mac);
    cb_wipe(tik, sizeof tik);
    same = cb_ct_equal(mac, blob, sizeof mac);
    fprintf(stderr, "measurement %s\n",
            same ? "accepted: the launched guest is the expected one"
                 : "REFUSED: image, policy, API version, build, session or nonce differ");
    return same ? CLI_EXIT_OK : CLI_EXIT_NO;
}

static bool versions_given(const struct options *o)
{
    if (o->api_major >= 0 && o->api_minor >= 0 && o->build >= 0)
        return true;
    cli_fail(verb, "--measurement needs --api-major, --api-minor and --build-id: versions that you "
                   "trust, not those that the host reports");
    return false;
}

static int measure(const struct options *o)
{
    struct files files = {0};
    uint8_t digest[32];
    int code = CLI_EXIT_ERROR;

    if (read_files(o, &files) && (o->direct ? direct_digest : qemu_digest)(o, &files, digest)) {
        cli_owner_print_hex(stdout, digest, sizeof digest);
        printf("\n");
        code = CLI_EXIT_OK;
        if (o->measurement != NULL)
            code = versions_given(o) ? judge(o, digest) : CLI_EXIT_ERROR;
    }
    free_files(&files);
    return code;
}

static bool options_of_direct(const struct options *o)
{
    if (o->firmware || o->kernel_hashes || o->vmsa.n || o->vcpus) {
        cli_fail(verb, "--direct goes without --firmware, --kernel-hashes, --vmsa and --vcpus: the "
                       "files themselves are measured");
        return false;
    }
    return cli_owner_need(verb, "--kernel", o->kernel);
}

int cli_owner_measure(int argc, char **argv)
{
    struct options options = {.append = "", .cpu_model = "EPYC-v4", .policy = 1, .api_major = -1,
                              .api_minor = -1, .build = -1, .smp = 1, .memory = DEFAULT_MEMORY, .cbitpos = DEFAULT_CBITPOS};
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &options};
    int code;

    if (!cli_owner_options(&line, argc, argv,
                           "--direct --memory SIZE [--smp N] [--cbitpos N] --kernel FILE --initrd "
                           "FILE --append TEXT | --firmware FILE [--kernel-hashes --kernel FILE --initrd FILE --append "
                           "TEXT] [--tik FILE --measurement BASE64 ...]", &code))
        return code;
    if (options.direct)
        return options_of_direct(&options) ? measure(&options) : CLI_EXIT_ERROR;
    if (!cli_owner_need(verb, "--firmware", options.firmware))
        return CLI_EXIT_ERROR;
    if (options.vmsa.n != 0 && options.vcpus != 0)
        return cli_fail(verb, "--vmsa and --vcpus exclude each other");
    return measure(&options);
}
