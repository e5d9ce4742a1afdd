/* SPDX-License-Identifier: Apache-2.0 */
/* libcbit's platform without a machine: the public names over asp and mc. */
#include <stdlib.h>

#include "asp/asp.h"
#include "cbit/asp.h"
#include "lib/machine.h"

struct cbit_asp {
    struct mc *mc;
    struct asp *asp;
    struct cbit_asp_config config;
    struct cbit_asp_flash flash;
};

#define DEFAULT_MEMORY (UINT64_C(64) << 20)

void cbit_asp_config_init(struct cbit_asp_config *config)
{
    *config = (struct cbit_asp_config){.struct_size = sizeof *config, .memory = DEFAULT_MEMORY};
}

/* ---- callbacks, from asp's types to the public ones ---- */

static void on_trace(void *ctx, const char *line)
{
    const struct cbit_asp *self = ctx;

    self->config.trace(self->config.ctx, line);
}

static enum cbit_error say(struct cbit_why *why, enum cbit_status status, const char *what)
{
    if (why && status != CBIT_OK)
        snprintf(why->text, sizeof why->text, "%s: %s", what, cb_status_text(status));
    return lib_error(status);
}

/* ---- making one ---- */

static enum cbit_status find_profile(const struct cbit_asp_config *config,
                                     const struct asp_profile **out)
{
    const char *name = config->profile;
    struct asp_chip_public chip;

    if (name == NULL && config->chip.data != NULL) {
        const enum cbit_status status = asp_chip_read(config->chip.data, config->chip.len, &chip);

        *out = chip.profile;
        return status;
    }
    *out = asp_profile_find(name ? name : "milan");
    return *out ? CBIT_OK : CBIT_NOT_FOUND;
}

static enum cbit_status make_mc(struct cbit_asp *self, const struct asp_profile *profile)
{
    const struct mc_config config = {
        .cipher = profile->cipher,
        .range = {{spa(0), self->config.memory}},
        .n_ranges = 1,
        .n_asids = profile->n_asids,
    };

    if (config.range[0].size == 0 || config.range[0].size % CB_PAGE_SIZE != 0)
        return CBIT_INVALID;
    return mc_new(&config, &self->mc);
}

static enum cbit_status make_asp(struct cbit_asp *self, const struct asp_profile *profile)
{
    const struct cbit_asp_config *c = &self->config;
    const struct asp_flash flash = lib_flash(&self->flash);
    const struct asp_config config = {
        .mc = self->mc,
        .profile = profile,
        .chip = c->chip.data,
        .chip_len = c->chip.len,
        .flash = c->flash ? &flash : NULL,
        .tsme = c->tsme,
        .standalone = true,
        .seeded = c->seeded,
        .seed = c->seed,
        .min_sev_asid = c->min_sev_asid,
        .trace = c->trace ? on_trace : NULL,
        .trace_ctx = self,
    };

    return asp_new(&config, &self->asp);
}

enum cbit_error cbit_asp_new(const struct cbit_asp_config *config, struct cbit_asp **out,
                             struct cbit_why *why)
{
    struct cbit_asp *self;
    const struct asp_profile *profile;
    enum cbit_status status;

    if (config->struct_size != sizeof *config)
        return say(why, CBIT_VERSION, "configuration");
    self = calloc(1, sizeof *self);
    if (self == NULL)
        return say(why, CBIT_NO_MEMORY, "platform");
    self->config = *config;
    if (config->flash)
        self->flash = *config->flash;
    status = find_profile(config, &profile);
    if (status != CBIT_OK) {
        cbit_asp_free(self);
        return say(why, status, config->chip.data ? "chip" : "profile");
    }
    status = make_mc(self, profile);
    if (status == CBIT_OK)
        status = make_asp(self, profile);
    if (status != CBIT_OK) {
        say(why, status, self->mc ? "state" : "memory");
        cbit_asp_free(self);
        return lib_error(status);
    }
    asp_reset(self->asp);
    *out = self;
    return CBIT_E_OK;
}

void cbit_asp_free(struct cbit_asp *self)
{
    if (self == NULL)
        return;
    asp_free(self->asp);
    if (self->mc)
        mc_free(self->mc);
    free(self);
}

void cbit_asp_reset(struct cbit_asp *self)
{
    asp_reset(self->asp);
}

/* ---- commands ---- */

unsigned cbit_asp_command(struct cbit_asp *self, unsigned id, void *buffer, size_t len,
                          const struct cbit_asp_space *space)
{
    struct asp_mem mem;

    if (space == NULL)
        return asp_command(self->asp, id, buffer, len, NULL);
    mem = (struct asp_mem){space->ctx, space->covers, space->read, space->write};
    return asp_command(self->asp, id, buffer, len, &mem);
}

const char *cbit_asp_status_name(unsigned status)
{
    return wire_sev_status_name(status);
}

static bool info_of(const struct wire_sev_command *command, struct cbit_asp_command_info *out)
{
    if (command == NULL)
        return false;
    *out = (struct cbit_asp_command_info){command->id, command->name, command->size};
    return true;
}

bool cbit_asp_command_find(const char *name, struct cbit_asp_command_info *out)
{
    return info_of(wire_sev_command_named(name), out);
}

bool cbit_asp_command_at(unsigned i, struct cbit_asp_command_info *out)
{
    return info_of(wire_sev_command_at(i), out);
}

/* ---- memory ---- */

static enum cbit_error host_access(const struct cbit_asp *self, uint64_t paddr, size_t len,
                                   spa_t *at, struct mc_access *access)
{
    const uint64_t c_bit = CB_BIT(asp_profile_of(self->asp)->c_bit);

    *at = spa(paddr & ~c_bit);
    *access = mc_access_host(MC_KIND_DATA, (paddr & c_bit) != 0);
    return len == 0 || mc_covers(self->mc, *at, len) ? CBIT_E_OK : CBIT_E_RANGE;
}

enum cbit_error cbit_asp_read(struct cbit_asp *self, uint64_t paddr, void *to, size_t len)
{
    struct mc_access access;
    spa_t at;
    const enum cbit_error error = host_access(self, paddr, len, &at, &access);

    if (error == CBIT_E_OK && len != 0)
        mc_read(self->mc, at, access, to, len);
    return error;
}

enum cbit_error cbit_asp_write(struct cbit_asp *self, uint64_t paddr, const void *from, size_t len)
{
    struct mc_access access;
    spa_t at;
    const enum cbit_error error = host_access(self, paddr, len, &at, &access);

    if (error == CBIT_E_OK && len != 0)
        mc_write(self->mc, at, access, from, len);
    return error;
}

enum cbit_error cbit_asp_peek(const struct cbit_asp *self, uint64_t address, cbit_view view,
                              void *to, size_t len)
{
    if (view > UINT16_MAX)
        return CBIT_E_NOT_FOUND;
    return len == 0 ? CBIT_E_OK : lib_error(mc_peek(self->mc, spa(address), (mc_view_t)view, to, len));
}

uint64_t cbit_asp_memory(const struct cbit_asp *self)
{
    return mc_dram_size(self->mc);
}

void cbit_asp_info(const struct cbit_asp *self, struct cbit_asp_info *out)
{
    struct asp_info info;

    asp_info_get(self->asp, &info);
    *out = (struct cbit_asp_info){
        .profile = info.profile->name,
        .api_major = info.status.api_major,
        .api_minor = info.status.api_minor,
        .build = info.status.build,
        .state = info.status.state,
        .owned = info.status.owned,
        .es = info.status.es,
        .guests = info.status.guest_count,
        .seeded = info.seeded,
        .exposed = info.exposed,
        .persistent = info.persistent,
    };
    memcpy(out->id, info.id, sizeof out->id);
}

/* ---- chips ---- */

static enum cbit_status maker_of(const struct cbit_maker *from, struct asp_maker *to,
                                 uint8_t key_id[WIRE_AMD_KEY_ID_SIZE],
                                 const struct asp_profile **profile)
{
    *to = (struct asp_maker){.seeded = from->seeded, .seed = from->seed};
    *profile = asp_profile_find(from->profile);
    if (*profile == NULL)
        return CBIT_NOT_FOUND;
    if (from->ark_key_id == NULL)
        return CBIT_OK;
    to->ark_key_id = key_id;
    return asp_ark_key_id(from->ark_key_id, key_id) ? CBIT_OK : CBIT_INVALID;
}

enum cbit_error cbit_ca_make(const struct cbit_maker *from, void *blob, size_t *len)
{
    uint8_t key_id[WIRE_AMD_KEY_ID_SIZE];
    const struct asp_profile *profile;
    struct asp_maker maker;
    enum cbit_status status = maker_of(from, &maker, key_id, &profile);

    if (status == CBIT_OK)
        status = asp_ca_make(&maker, profile, blob, len);
    return lib_error(status);
}

enum cbit_error cbit_chip_make(const struct cbit_maker *from, struct cbit_bytes ca, void *blob,
                               size_t *len)
{
    uint8_t key_id[WIRE_AMD_KEY_ID_SIZE];
    const struct asp_profile *profile;
    struct asp_maker maker;
    enum cbit_status status = maker_of(from, &maker, key_id, &profile);

    if (status == CBIT_OK)
        status = asp_chip_make(&maker, profile, ca.data, ca.len, blob, len);
    return lib_error(status);
}

enum cbit_error cbit_chip_read(struct cbit_bytes chip, struct cbit_chip_info *out)
{
    struct asp_chip_public public;
    struct wire_amd_cert ask;
    const enum cbit_status status = asp_chip_read(chip.data, chip.len, &public);

    if (status != CBIT_OK)
        return lib_error(status);
    *out = (struct cbit_chip_info){.profile = public.profile->name, .seeded = public.seeded,
                                   .bundle_len = public.bundle_len};
    out->ask_len = wire_amd_cert_decode(&ask, public.bundle, public.bundle_len);
    memcpy(out->id, public.id, sizeof out->id);
    memcpy(out->cek, public.cek, sizeof out->cek);
    memcpy(out->bundle, public.bundle, public.bundle_len);
    return CBIT_E_OK;
}

_Static_assert(CBIT_CHIP_MAX == ASP_CHIP_MAX && CBIT_CA_MAX == ASP_CA_MAX &&
                   CBIT_BUNDLE_MAX >= ASP_BUNDLE_MAX && CBIT_CERT_SIZE == WIRE_SEV_CERT_SIZE,
               "the public sizes are asp's");
