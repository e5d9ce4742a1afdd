/* SPDX-License-Identifier: Apache-2.0 */
/* Ctrl-a x ends, Ctrl-a h helps, Ctrl-a a sends a Ctrl-a: QEMU's and screen's habit. */
#include "cli/run.h"

#define CTRL_A 0x01

enum run_key run_keys_byte(struct run_keys *keys, uint8_t *byte)
{
    if (!keys->armed) {
        keys->armed = *byte == CTRL_A;
        return keys->armed ? RUN_KEY_NONE : RUN_KEY_GUEST;
    }
    keys->armed = false;
    switch (*byte) {
    case 'x':
    case 'X':
        return RUN_KEY_QUIT;
    case 'a':
    case CTRL_A:
        *byte = CTRL_A;
        return RUN_KEY_GUEST;
    default:
        return RUN_KEY_HELP;
    }
}
