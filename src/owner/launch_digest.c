/* SPDX-License-Identifier: Apache-2.0 */
/* Expected launch digests; see launch_digest.h. */
#include "owner/launch_digest.h"

#include "crypto/crypto.h"
#include "owner/firmware.h"
#include "owner/guid.h"

#define TABLE_HEAD  18 /* GUID and 16-bit length */
#define TABLE_ENTRY (TABLE_HEAD + OWN_DIGEST_SIZE)

static uint8_t *put_head(uint8_t *at, const char *guid_text, uint16_t len)
{
    struct own_guid guid;

    if (own_guid_parse(guid_text, &guid) != CBIT_OK)
        CBIT_ASSERT(!"a GUID of this file is malformed");
    memcpy(at, guid.bytes, sizeof(guid.bytes));
    cb_store_le16(at + sizeof(guid.bytes), len);
    return at + TABLE_HEAD;
}

static uint8_t *put_hash(uint8_t *at, const char *guid_text, const void *data, size_t len)
{
    at = put_head(at, guid_text, TABLE_ENTRY);
    cr_sha256_of(data, len, at);
    return at + OWN_DIGEST_SIZE;
}

void own_hash_table_build(struct own_blob kernel, struct own_blob initrd, const char *append,
                          uint8_t table[OWN_HASH_TABLE_SIZE])
{
    uint8_t *at = table;

    memset(table, 0, OWN_HASH_TABLE_SIZE);
    at = put_head(at, "9438d606-4f22-4cc9-b479-a793d411fd21", TABLE_HEAD + 3 * TABLE_ENTRY);
    at = put_hash(at, "97d02dd8-bd20-4c94-aa78-e7714d36ab2a", append, strlen(append) + 1);
    at = put_hash(at, "44baf731-3a2f-4bd7-9af1-41e29169781d", initrd.data, initrd.len);
    put_hash(at, "4de79437-abd2-427f-b835-d5b172d2045b", kernel.data, kernel.len);
}

static enum cbit_status add_vmsas(struct cr_sha256 *sha, const struct own_qemu_launch *launch,
                                  const struct own_firmware *firmware, const char **what)
{
    uint8_t page[OWN_VMSA_SIZE];

    for (unsigned n = 0; n < launch->n_vmsas; n++) {
        const struct own_vmsa vmsa = {.cpu_signature = launch->cpu_signature,
                                      .sev_features = launch->sev_features,
                                      .ap_reset = n == 0 ? 0 : firmware->reset};

        if (launch->vmsas != NULL) {
            *what = "a VMSA file is not one page of 4096 bytes";
            if (launch->vmsas[n].len != OWN_VMSA_SIZE)
                return CBIT_INVALID;
            cr_sha256_update(sha, launch->vmsas[n].data, OWN_VMSA_SIZE);
            continue;
        }
        *what = "the firmware's table names no SEV-ES reset address";
        if (n > 0 && !firmware->has_reset)
            return CBIT_NOT_FOUND;
        own_vmsa_build(&vmsa, page);
        cr_sha256_update(sha, page, sizeof(page));
    }
    return CBIT_OK;
}

enum cbit_status own_qemu_digest(const struct own_qemu_launch *launch,
                                 uint8_t digest[OWN_DIGEST_SIZE], const char **what)
{
    struct own_firmware firmware;
    struct cr_sha256 sha;
    enum cbit_status status;

    *what = "the firmware's table is damaged";
    status = own_firmware_parse(launch->firmware.data, launch->firmware.len, &firmware);
    if (status != CBIT_OK)
        return status;
    cr_sha256_init(&sha);
    cr_sha256_update(&sha, launch->firmware.data, launch->firmware.len);
    if (launch->kernel_hashes) {
        uint8_t table[OWN_HASH_TABLE_SIZE];

        *what = "the firmware's table names no area for kernel hashes";
        if (firmware.hash_table.size == 0)
            return CBIT_NOT_FOUND;
        own_hash_table_build(launch->kernel, launch->initrd, launch->append, table);
        cr_sha256_update(&sha, table, sizeof(table));
    }
    status = add_vmsas(&sha, launch, &firmware, what);
    if (status == CBIT_OK)
        cr_sha256_digest(&sha, digest);
    return status;
}
