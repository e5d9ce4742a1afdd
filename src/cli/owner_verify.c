/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cbit owner verify: says link by link what was checked.  The root comes from
 * the owner (--root), never from the files under judgement: without it nothing
 * is genuine, and the fingerprint of the root that came along is printed so that
 * the owner can compare it with one from a channel of trust.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "cli/owner.h"

static const char verb[] = "cbit owner verify";

#define MAX_FILE   (64u << 10)
#define MAX_PLACES 32

struct options {
    const char *root;
    bool json;
};

static const struct cli_option table[] = {
    {"root", "FILE", cli_text, offsetof(struct options, root),
     "the ARK that you trust (an ask_ark.cert bundle will do)", NULL},
    {"json", NULL, cli_flag, offsetof(struct options, json), "the verdict as JSON", NULL},
};

static bool add_file(struct own_chain *chain, const char *path)
{
    struct host_bytes bytes;
    const char *why;
    bool ok;

    if (!cli_owner_read(verb, path, MAX_FILE, &bytes))
        return false;
    ok = own_chain_add(chain, bytes.data, bytes.len, &why) == CBIT_OK;
    if (!ok)
        cli_fail(verb, "%s: %s", path, why);
    host_bytes_free(&bytes);
    return ok;
}

static bool is_cert_name(const char *name)
{
    const size_t len = strlen(name);

    return len > 5 && strcmp(name + len - 5, ".cert") == 0;
}

static int is_cert(const struct dirent *entry)
{
    return is_cert_name(entry->d_name);
}

/* What sev-tool leaves in the same folder, and what no platform's chain has. */
static const struct {
    const char *name, *what;
} not_the_chain[] = {
    {"godh.cert", "the guest owner's own key"},
    {"pek_csr.cert", "a request for a signature"},
    {"pek_csr.signed.cert", "a request, signed and not yet imported"},
};

static bool is_of_the_chain(const char *name)
{
    for (size_t i = 0; i < CB_ARRAY_LEN(not_the_chain); i++)
        if (strcmp(name, not_the_chain[i].name) == 0) {
            fprintf(stderr, "not judged: %s (%s)\n", name, not_the_chain[i].what);
            return false;
        }
    return true;
}

/* Every *.cert of the folder, in the order of their names. */
static bool add_folder(struct own_chain *chain, const char *path)
{
    struct dirent **names = NULL;
    const int n = scandir(path, &names, is_cert, alphasort);
    bool ok = n > 0;

    if (n < 0)
        cli_fail(verb, "%s: %s", path, strerror(errno));
    else if (n == 0)
        cli_fail(verb, "%s: holds no *.cert file", path);
    for (int i = 0; i < n; i++) {
        char *file = NULL;

        if (!is_of_the_chain(names[i]->d_name)) {
            free(names[i]);
            continue;
        }
        if (asprintf(&file, "%s/%s", path, names[i]->d_name) < 0)
            file = NULL;
        ok = ok && file != NULL && add_file(chain, file);
        free(file);
        free(names[i]);
    }
    free(names);
    return ok;
}

static bool add_place(struct own_chain *chain, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        cli_fail(verb, "%s: %s", path, strerror(errno));
        return false;
    }
    return S_ISDIR(st.st_mode) ? add_folder(chain, path) : add_file(chain, path);
}

static void print_table(const struct own_link *links, size_t n, bool ok)
{
    for (size_t i = 0; i < n; i++) {
        printf("%-4s %s", links[i].ok ? "ok" : "NO", links[i].what);
        if (!links[i].ok)
            printf(": %s", links[i].why);
        printf("\n");
    }
    printf("%s\n", ok ? "genuine under the given root" : "NOT verified");
}

static void print_json(const struct own_link *links, size_t n, bool ok)
{
    json_t *rows = json_array();
    json_t *all = json_pack("{s:b, s:o}", "verified", ok, "links", rows);
    char *text;

    for (size_t i = 0; i < n; i++) {
        json_t *row = json_pack("{s:s, s:b}", "check", links[i].what, "ok", links[i].ok);

        if (!links[i].ok)
            json_object_set_new(row, "why", json_string(links[i].why));
        json_array_append_new(rows, row);
    }
    text = json_dumps(all, JSON_INDENT(2));
    printf("%s\n", text ? text : "{}");
    free(text);
    json_decref(all);
}

static int without_root(const struct own_chain *chain)
{
    char fingerprint[97];

    if (own_chain_fingerprint(chain, fingerprint))
        fprintf(stderr, "the files bring an ARK with fingerprint (SHA-384)\n  %s\n"
                        "which proves nothing: compare it with one you trust, then give it by "
                        "--root\n", fingerprint);
    cli_fail(verb, "--root is missing: a chain is genuine only under a root that you trust");
    return CLI_EXIT_NO;
}

int cli_owner_verify(int argc, char **argv)
{
    struct options options = {0};
    const char *words[MAX_PLACES];
    struct cli_line line = {.verb = verb, .table = table, .n_options = CB_ARRAY_LEN(table),
                            .into = &options, .words = words, .max_words = MAX_PLACES};
    struct own_chain chain = {0};
    struct own_chain root = {0};
    struct own_link links[OWN_MAX_LINKS];
    size_t n_links;
    bool ok;
    int code;

    if (!cli_owner_options(&line, argc, argv, "--root FILE DIR|FILE...", &code))
        return code;
    if (line.n_words == 0)
        return cli_fail(verb, "which files? (see %s --help)", verb);
    for (size_t i = 0; i < line.n_words; i++) {
        if (!add_place(&chain, words[i]))
            return CLI_EXIT_NO;
    }
    if (options.root == NULL)
        return without_root(&chain);
    if (!add_file(&root, options.root))
        return CLI_EXIT_ERROR;
    ok = own_chain_verify(&chain, &root, links, &n_links);
    (options.json ? print_json : print_table)(links, n_links, ok);
    return ok ? CLI_EXIT_OK : CLI_EXIT_NO;
}
