/* SPDX-License-Identifier: Apache-2.0 */
/* Why a machine stopped: the board's enumeration and the public one. */
#include "lib/machine.h"

enum cbit_stop lib_stop_of(enum board_stop stop)
{
    static const enum cbit_stop map[] = {
        [BOARD_STOP_SLICE] = CBIT_STOP_SLICE,
        [BOARD_STOP_IDLE] = CBIT_STOP_IDLE,
        [BOARD_STOP_PAUSED] = CBIT_STOP_PAUSED,
        [BOARD_STOP_BREAK] = CBIT_STOP_BREAK,
        [BOARD_STOP_POWEROFF] = CBIT_STOP_POWER_OFF,
        [BOARD_STOP_RESET] = CBIT_STOP_RESET,
        [BOARD_STOP_PANIC] = CBIT_STOP_PANIC,
        [BOARD_STOP_TRIPLE_FAULT] = CBIT_STOP_TRIPLE_FAULT,
        [BOARD_STOP_DEAD_END] = CBIT_STOP_DEAD_END,
        [BOARD_STOP_EXIT_PORT] = CBIT_STOP_EXIT_PORT,
    };

    return map[stop];
}

enum board_stop lib_stop_to(enum cbit_stop stop)
{
    for (unsigned i = BOARD_STOP_SLICE; i <= BOARD_STOP_EXIT_PORT; i++) {
        if (lib_stop_of((enum board_stop)i) == stop)
            return (enum board_stop)i;
    }
    return BOARD_STOP_SLICE;
}

const char *cbit_stop_text(enum cbit_stop stop)
{
    return board_stop_text(lib_stop_to(stop));
}
