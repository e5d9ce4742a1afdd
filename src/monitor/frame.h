/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cuts a byte stream into JSON objects without parsing them: counts braces
 * outside strings.  One pass, bounded memory; for neighbours in this room.
 */
#ifndef MONITOR_FRAME_H
#define MONITOR_FRAME_H

#include "base/base.h"

#define MON_FRAME_MAX 65536u

struct mon_frame {
    uint32_t len;
    uint32_t depth;
    bool in_string, escaped;
    char text[MON_FRAME_MAX];
};

enum mon_framed {
    MON_FRAME_MORE,    /* nothing complete yet */
    MON_FRAME_OBJECT,  /* text[0 .. len) is an object; call mon_frame_next before the next byte */
    MON_FRAME_GARBAGE, /* a byte that no message starts with */
    MON_FRAME_LONG,    /* longer than MON_FRAME_MAX */
};

enum mon_framed mon_frame_byte(struct mon_frame *frame, char byte);
void mon_frame_next(struct mon_frame *frame);

#endif
