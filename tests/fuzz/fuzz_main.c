/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Replays a fuzz target's corpus where libFuzzer is not linked: each argument
 * is a file, or a directory whose files are given to the target.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0, room = 0, n = 0;

    if (!f) {
        perror(path);
        return -1;
    }
    do {
        if (size == room) {
            uint8_t *more = realloc(data, room = room ? 2 * room : 4096);

            if (!more)
                break;
            data = more;
        }
        n = fread(data + size, 1, room - size, f);
        size += n;
    } while (n != 0);
    fclose(f);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 1;
}

static int replay(const char *path)
{
    struct stat st;
    struct dirent *entry;
    DIR *dir;
    int n = 0;

    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return replay_file(path);
    dir = opendir(path);
    while (dir && (entry = readdir(dir)) != NULL) {
        char name[4096];
        const int len = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);

        if (entry->d_name[0] != '.' && len > 0 && (size_t)len < sizeof(name))
            n += replay_file(name);
    }
    if (dir)
        closedir(dir);
    return n;
}

int main(int argc, char **argv)
{
    int total = 0;

    for (int k = 1; k < argc; k++) {
        const int n = replay(argv[k]);

        if (n < 0)
            return 1;
        total += n;
    }
    printf("replayed %d inputs\n", total);
    return total > 0 ? 0 : 1;
}
