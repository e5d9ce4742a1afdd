/* SPDX-License-Identifier: Apache-2.0 */
/* Front door of board: the fabric, the platform's devices and wires, boot loaders. */
#ifndef BOARD_BOARD_H
#define BOARD_BOARD_H

#include "board/acpi.h"
#include "board/check.h"
#include "board/clock.h"
#include "board/entry.h"
#include "board/fabric.h"
#include "board/loader.h"
#include "board/platform.h"
#include "board/psp.h"
#include "board/run.h"
#include "board/virtio.h"

#endif
