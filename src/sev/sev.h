/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Front door of sev: what the AMD-SP and the guest owner both compute.
 * Certificates, sessions, packets, the launch measurement, the attestation
 * report: wire layouts with crypto put in.  Knows no machine and no state; an
 * outcome is an SEV status code, as the AMD-SP would answer it.
 */
#ifndef SEV_SEV_H
#define SEV_SEV_H

#include "sev/amd_cert.h"
#include "sev/cert.h"
#include "sev/measure.h"
#include "sev/packet.h"
#include "sev/session.h"

#endif
