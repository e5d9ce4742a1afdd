/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit dram map: which frame is kept in which view at present.  In the terminal one
 * letter stands for several frames; in a PNG one pixel is one frame, 512 a row, so
 * that a row is 2 MiB.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <png.h>

#include "cli/dram_map.h"

#define COLUMNS 64u
#define ROWS 32u
#define PNG_WIDTH 512u

enum state { UNTOUCHED, RAW, HOST, GUEST, N_STATES };

static const struct {
    char letter;
    uint8_t rgb[3];
    const char *meaning;
} legend[N_STATES] = {
    [UNTOUCHED] = {'.', {24, 24, 28}, "never written"},
    [RAW] = {'r', {200, 60, 50}, "as at the pins: written with C=0"},
    [HOST] = {'H', {60, 130, 220}, "under the SME/TSME key"},
    [GUEST] = {'g', {80, 190, 100}, "under a guest's key"},
};
#define MIXED '+'

struct frames {
    uint8_t *state;
    size_t n;
    uint64_t base;
};

/* ---- asking ---- */

static enum state state_of(json_int_t view)
{
    if (view < 0)
        return UNTOUCHED;
    return view == (json_int_t)CBIT_VIEW_RAW ? RAW : view == (json_int_t)CBIT_VIEW_HOST ? HOST : GUEST;
}

/* "runs": [[count, view], ...] */
static bool take_runs(struct frames *frames, const json_t *runs)
{
    size_t i;
    json_t *run;

    json_array_foreach(runs, i, run)
    {
        const json_int_t count = json_integer_value(json_array_get(run, 0));
        uint8_t *more = count > 0 && count < (1 << 24)
                            ? realloc(frames->state, frames->n + (size_t)count)
                            : NULL;

        if (!more)
            return false;
        frames->state = more;
        memset(more + frames->n, state_of(json_integer_value(json_array_get(run, 1))),
               (size_t)count);
        frames->n += (size_t)count;
    }
    return true;
}

/* One answer's worth; *next is where the following one begins, 0 at the end. */
static bool take_answer(struct frames *frames, const char *text, uint64_t *next)
{
    json_t *answer = json_loads(text, 0, NULL);
    const bool ok = answer && take_runs(frames, json_object_get(answer, "runs"));

    *next = (uint64_t)json_integer_value(json_object_get(answer, "next"));
    json_decref(answer);
    return ok;
}

static enum cbit_status ask_all(struct mon_client *client, struct frames *frames,
                                struct cbit_why *why)
{
    uint64_t next = 0;

    do {
        char args[64], *answer = NULL;

        snprintf(args, sizeof args, "{\"addr\": %" PRIu64 "}", next);
        const enum cbit_status status =
            mon_client_ask(client, "cbit-frames", args, &answer, why);

        if (status)
            return status;
        const bool ok = take_answer(frames, answer, &next);

        free(answer);
        if (!ok)
            return CBIT_CORRUPT;
    } while (next);
    return CBIT_OK;
}

/* ---- showing ---- */

static char letter_of(const struct frames *frames, size_t first, size_t n)
{
    for (size_t i = first + 1; i < first + n && i < frames->n; i++) {
        if (frames->state[i] != frames->state[first])
            return MIXED;
    }
    return legend[frames->state[first]].letter;
}

static void show_legend(const struct frames *frames)
{
    size_t count[N_STATES] = {0};

    for (size_t i = 0; i < frames->n; i++)
        count[frames->state[i]]++;
    for (unsigned s = 0; s < N_STATES; s++)
        printf("%c  %8zu frames  %s\n", legend[s].letter, count[s], legend[s].meaning);
}

static void show_text(const struct frames *frames)
{
    const size_t per = (frames->n + COLUMNS * ROWS - 1) / (COLUMNS * ROWS);

    for (size_t i = 0; i < frames->n; i += per * COLUMNS) {
        printf("%012zx  ", i * CB_PAGE_SIZE);
        for (size_t k = i; k < i + per * COLUMNS && k < frames->n; k += per)
            putchar(letter_of(frames, k, per));
        putchar('\n');
    }
    printf("one letter: %zu frames of 4 KiB; %c: several kinds\n", per, MIXED);
}

static int write_png(const struct frames *frames, const char *path)
{
    const size_t rows = (frames->n + PNG_WIDTH - 1) / PNG_WIDTH;
    uint8_t *pixels = calloc(rows, (size_t)PNG_WIDTH * 3);
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = PNG_WIDTH,
                       .height = (png_uint_32)rows,
                       .format = PNG_FORMAT_RGB};
    bool ok = pixels != NULL;

    for (size_t i = 0; ok && i < frames->n; i++)
        memcpy(pixels + 3 * i, legend[frames->state[i]].rgb, 3);
    ok = ok && png_image_write_to_file(&image, path, 0, pixels, 0, NULL);
    free(pixels);
    return ok ? CLI_EXIT_OK : cli_fail("cbit dram", "--png %s: %s", path, image.message);
}

int cli_dram_map(struct mon_client *client, const char *png)
{
    struct frames frames = {0};
    struct cbit_why why = {{0}};
    const enum cbit_status status = ask_all(client, &frames, &why);
    int code = CLI_EXIT_OK;

    if (status || frames.n == 0) {
        code = cli_fail("cbit dram", "map: %s", *why.text ? why.text : cb_status_text(status));
    } else {
        if (png)
            code = write_png(&frames, png);
        else
            show_text(&frames);
        show_legend(&frames);
    }
    free(frames.state);
    return code;
}
