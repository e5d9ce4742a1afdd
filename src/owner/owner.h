/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of owner: the guest owner's side of SEV.  It trusts the root that
 * it was given, and nothing that the host says.  No machine, no /dev/sev and no
 * AMD-SP in here: what it checks it computes from files (AMD publication 55766,
 * API 0.24).  Measurement, packets and reports themselves are in sev/.
 */
#ifndef OWNER_OWNER_H
#define OWNER_OWNER_H

#include "owner/chain.h"
#include "owner/direct.h"
#include "owner/firmware.h"
#include "owner/guid.h"
#include "owner/launch_digest.h"
#include "owner/oca.h"
#include "owner/pack.h"
#include "owner/secret_table.h"
#include "owner/session.h"
#include "owner/vmsa.h"

#endif
