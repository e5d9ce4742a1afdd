/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit dram map: which frame is kept in which view at present.  In the terminal one
 * letter stands for several frames; in a PNG one pixel is one frame, 512 a row, so
 * that a row is 2 MiB.  Each ASID has a letter and a colour of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <png.h>

#include "cli/dram_map.h"

#define COLUMNS 64u
#define ROWS 32u
#define PNG_WIDTH 512u

/* MAP_UNTOUCHED, RAW and HOST, by view + 1. */
static const struct {
    char letter;
    uint8_t rgb[3];
    const char *meaning;
} legend[] = {
    {'.', {24, 24, 28}, "never written"},
    {'r', {200, 60, 50}, "as at the pins: written with C=0"},
    {'H', {60, 130, 220}, "under the SME/TSME key"},
};

/* Guests: neither the red of RAW nor the blue of HOST; darker at each round. */
static const uint8_t guest_rgb[][3] = {
    {80, 190, 100}, {240, 200, 60}, {170, 90, 220}, {250, 140, 30},
    {60, 210, 210}, {240, 120, 190}, {170, 220, 60}, {150, 110, 80},
};
#define N_SHADES 3u

static const char guest_letters[] = "123456789abcdefghijklmnopqstuvwxyz"; /* no r */
#define MIXED '+'

struct frames {
    int16_t *view;
    size_t n;
};

/* ---- asking ---- */

/* "runs": [[count, view], ...] */
static bool take_runs(struct frames *frames, const json_t *runs)
{
    size_t i;
    json_t *run;

    json_array_foreach(runs, i, run)
    {
        const json_int_t count = json_integer_value(json_array_get(run, 0));
        const json_int_t view = json_integer_value(json_array_get(run, 1));
        int16_t *more = count > 0 && count < (1 << 24) && view <= INT16_MAX
                            ? realloc(frames->view, (frames->n + (size_t)count) * sizeof *more)
                            : NULL;

        if (!more)
            return false;
        frames->view = more;
        for (json_int_t k = 0; k < count; k++)
            more[frames->n++] = (int16_t)(view < 0 ? MAP_UNTOUCHED : view);
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

static unsigned asid_of(int view) /* 0: no guest */
{
    return view > (int)CBIT_VIEW_HOST ? (unsigned)view - CBIT_VIEW_ASID(0) : 0;
}

char cli_map_letter(int view)
{
    const unsigned asid = asid_of(view);

    return asid ? guest_letters[(asid - 1) % (sizeof guest_letters - 1)] : legend[view + 1].letter;
}

void cli_map_colour(int view, uint8_t rgb[3])
{
    const unsigned asid = asid_of(view);
    const unsigned colour = asid ? (asid - 1) % CB_ARRAY_LEN(guest_rgb) : 0;
    const unsigned shade = asid ? (asid - 1) / CB_ARRAY_LEN(guest_rgb) % N_SHADES : 0;
    const uint8_t *full = asid ? guest_rgb[colour] : legend[view + 1].rgb;

    for (unsigned i = 0; i < 3; i++)
        rgb[i] = (uint8_t)(full[i] * (4 - shade) / 4);
}

/* In its colour on a terminal; what was never written has none. */
static void show_letter(int view, bool colour)
{
    uint8_t rgb[3];

    cli_map_colour(view, rgb);
    if (colour && view != MAP_UNTOUCHED)
        printf("\033[38;2;%d;%d;%dm%c\033[0m", rgb[0], rgb[1], rgb[2], cli_map_letter(view));
    else
        putchar(cli_map_letter(view));
}

static bool all_alike(const struct frames *frames, size_t first, size_t n)
{
    for (size_t i = first + 1; i < first + n && i < frames->n; i++) {
        if (frames->view[i] != frames->view[first])
            return false;
    }
    return true;
}

/* The kinds without a guest always, guests if they have a frame. */
static bool show_legend(const struct frames *frames, bool colour)
{
    size_t *count = calloc(INT16_MAX + 2, sizeof *count); /* by view + 1 */

    if (!count)
        return false;
    for (size_t i = 0; i < frames->n; i++)
        count[frames->view[i] + 1]++;
    for (int view = MAP_UNTOUCHED; view <= INT16_MAX; view++) {
        const unsigned asid = asid_of(view);

        if (asid && count[view + 1] == 0)
            continue;
        show_letter(view, colour);
        printf("  %8zu frames  ", count[view + 1]);
        if (asid)
            printf("under the key of a guest: ASID %u\n", asid);
        else
            puts(legend[view + 1].meaning);
    }
    free(count);
    return true;
}

static void show_text(const struct frames *frames, bool colour)
{
    const size_t per = (frames->n + COLUMNS * ROWS - 1) / (COLUMNS * ROWS);

    for (size_t i = 0; i < frames->n; i += per * COLUMNS) {
        printf("%012zx  ", i * CB_PAGE_SIZE);
        for (size_t k = i; k < i + per * COLUMNS && k < frames->n; k += per) {
            if (all_alike(frames, k, per))
                show_letter(frames->view[k], colour);
            else
                putchar(MIXED);
        }
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
        cli_map_colour(frames->view[i], pixels + 3 * i);
    ok = ok && png_image_write_to_file(&image, path, 0, pixels, 0, NULL);
    free(pixels);
    return ok ? CLI_EXIT_OK : cli_fail("cbit dram", "--png %s: %s", path, image.message);
}

int cli_dram_map(struct mon_client *client, const char *png)
{
    struct frames frames = {0};
    struct cbit_why why = {{0}};
    const enum cbit_status status = ask_all(client, &frames, &why);
    const bool colour = isatty(STDOUT_FILENO);
    int code = CLI_EXIT_OK;

    if (status || frames.n == 0) {
        code = cli_fail("cbit dram", "map: %s", *why.text ? why.text : cb_status_text(status));
    } else {
        if (png)
            code = write_png(&frames, png);
        else
            show_text(&frames, colour);
        if (!show_legend(&frames, colour))
            code = cli_fail("cbit dram", "map: no memory");
    }
    free(frames.view);
    return code;
}
