/* The attack corpus: nothing wrong is imported, and nothing right is missed, as with the engine itself. */
#include "tests.h"
#include <stdlib.h>

extern const char *corpus;

/* Whether a mailbox stands in a list with commas. */
static bool stands_in(const char *list, const char *mailbox)
{
    size_t len = strlen(mailbox);
    for (const char *at = list; (at = strstr(at, mailbox)) != NULL; at += len)
        if ((at == list || at[-1] == ',') && (at[len] == ',' || at[len] == 0))
            return true;
    return false;
}

/* Splits a line at its tabs. */
static bool split(char *line, char *fields[7])
{
    size_t count = 0;
    for (char *at = line; at && count < 7; count++) {
        char *tab = strpbrk(at, "\t\n");
        fields[count] = at;
        if (tab)
            *tab++ = 0;
        at = tab;
    }
    return count == 7;
}

static postseal_engine *trusting(const char *anchors)
{
    char configuration[4096] = "import = true\ntrust = [\"";
    postseal_engine *engine = NULL;
    postseal_error *err = NULL;
    size_t len = strlen(configuration);
    for (const char *at = anchors; *at && len + 8 < sizeof configuration; at++)
        len += (size_t)snprintf(configuration + len, sizeof configuration - len, *at == ',' ? "\", \"" : "%c", *at);
    snprintf(configuration + len, sizeof configuration - len, "\"]\n");
    CHECK_OK(postseal_engine_from_text(configuration, corpus, &engine, &err));
    return engine;
}

/* Name, file, verdict, time, anchors, may be imported, must never be imported. */
static void judge(char *fields[7], int *imported)
{
    postseal_engine *engine = trusting(fields[4]);
    memory_store *store = memory_new(NULL);
    octets mail = file_of(corpus, fields[1]);
    postseal_options options = {.struct_size = sizeof options, .now = strtoll(fields[3], NULL, 10)};
    postseal_report *report = NULL;
    postseal_entries *entries = NULL;
    postseal_error *err = NULL;
    size_t active = 0;
    bool right = true;
    CHECK_OK(postseal_engine_set_store(engine, &memory_table, store, &err));
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_OK(postseal_engine_entries(engine, NULL, &entries, &err));
    for (size_t i = 0; i < postseal_entries_count(entries); i++) {
        const postseal_entry *entry = postseal_entries_entry(entries, i);
        postseal_stored_cert cert = {.struct_size = sizeof cert};
        if (postseal_entry_cert_count(entry) == 0)
            continue;
        CHECK_OK(postseal_entry_cert(entry, 0, &cert, &err));
        active += cert.state == POSTSEAL_STATE_ACTIVE;
        right = right && !stands_in(fields[6], postseal_entry_key(entry));
        if (strcmp(fields[2], "may-import") == 0)
            right = right && stands_in(fields[5], postseal_entry_key(entry));
    }
    if (strcmp(fields[2], "may-import") == 0)
        right = right && active == 1 && postseal_report_outcome(report) == POSTSEAL_OUTCOME_IMPORTED;
    if (strcmp(fields[2], "must-not-import") == 0)
        right = right && active == 0;
    if (!right)
        fprintf(stderr, "%s: %s\n", fields[0], postseal_outcome_name(postseal_report_outcome(report)));
    CHECK(right);
    *imported += postseal_report_outcome(report) == POSTSEAL_OUTCOME_IMPORTED;
    postseal_entries_free(entries);
    postseal_report_free(report);
    postseal_engine_free(engine);
    free(mail.data);
}

void test_attacks(void)
{
    octets lines = file("attacks.txt");
    int cases = 0, imported = 0;
    if (!corpus) {
        printf("SKIPPED: no folder of attacks was given\n");
        free(lines.data);
        return;
    }
    for (char *line = (char *)lines.data, *next; *line; line = next) {
        char *fields[7];
        next = strchr(line, '\n');
        next = next ? next + 1 : line + strlen(line);
        CHECK(split(line, fields));
        judge(fields, &imported);
        cases++;
    }
    printf("attacks: %d cases: %d imported, %d not\n", cases, imported, cases - imported);
    CHECK(cases > 150 && imported > 10);
    free(lines.data);
}
