/* SPDX-License-Identifier: Apache-2.0 */
/* Front door of base: what every room may use. */
#ifndef BASE_BASE_H
#define BASE_BASE_H

#include "base/addr.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/bits.h"
#include "base/bytes.h"
#include "base/checked.h"
#include "base/secret.h"
#include "base/status.h"

#endif
