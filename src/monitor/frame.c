/* SPDX-License-Identifier: Apache-2.0 */
/* The framer.  Whether a frame is JSON at all is the parser's business. */
#include "monitor/frame.h"

void mon_frame_next(struct mon_frame *frame)
{
    frame->len = 0;
    frame->depth = 0;
    frame->in_string = frame->escaped = false;
}

static void track(struct mon_frame *frame, char byte)
{
    if (frame->in_string) {
        if (frame->escaped)
            frame->escaped = false;
        else if (byte == '\\')
            frame->escaped = true;
        else if (byte == '"')
            frame->in_string = false;
        return;
    }
    if (byte == '"')
        frame->in_string = true;
    else if (byte == '{' || byte == '[')
        frame->depth++;
    else if (byte == '}' || byte == ']')
        frame->depth--;
}

enum mon_framed mon_frame_byte(struct mon_frame *frame, char byte)
{
    if (frame->depth == 0) {
        if (byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n')
            return MON_FRAME_MORE;
        if (byte != '{')
            return MON_FRAME_GARBAGE;
    }
    if (frame->len == MON_FRAME_MAX)
        return MON_FRAME_LONG;
    frame->text[frame->len++] = byte;
    track(frame, byte);
    return frame->depth == 0 ? MON_FRAME_OBJECT : MON_FRAME_MORE;
}
