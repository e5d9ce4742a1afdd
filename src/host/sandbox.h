/* SPDX-License-Identifier: Apache-2.0 */
/* Gives up what a long-running service does not need. */
#ifndef HOST_SANDBOX_H
#define HOST_SANDBOX_H

#include "base/base.h"

/*
 * For a service that has its files and sockets open: no new programs, no new
 * privileges, no tracing, mounting or network addresses.  option: NULL or
 * "action=kill", "action=log", "action=none".  CBIT_INVALID: another word;
 * CBIT_UNIMPLEMENTED: asked for by name in a build without libseccomp.
 */
enum cbit_status host_sandbox_service(const char *option) CBIT_MUST_CHECK;

#endif
