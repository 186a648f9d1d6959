/* A store of one's own: own_store ANCHORS MAIL

   It keeps entries in a list. One with a database would keep what `postseal_entry_cert` says of each certificate, and bring it
   back with `postseal_entry_add`. */
#include <postseal/postseal.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct row {
    char *tenant;
    postseal_entry *entry;
    struct row *next;
} row;

typedef struct store {
    pthread_mutex_t lock;
    row *rows;
} store;

/* The row of a mailbox. Its key is compared octet by octet; tenants share nothing. */
static row *row_of(store *store, const postseal_question *question, size_t index)
{
    for (row *row = store->rows; row; row = row->next)
        if (strcmp(row->tenant, postseal_question_tenant(question)) == 0 &&
            strcmp(postseal_entry_key(row->entry), postseal_question_key(question, index)) == 0)
            return row;
    return NULL;
}

/* The entry of a mailbox, or a new one with version 0, which goes to `*absent` to be freed. */
static const postseal_entry *entry_of(store *store, const postseal_question *question, size_t index, postseal_entry **absent)
{
    row *row = row_of(store, question, index);
    *absent = NULL;
    if (row)
        return row->entry;
    return postseal_entry_new(postseal_question_address(question, index), 0, absent, NULL) == POSTSEAL_OK ? *absent : NULL;
}

/* One entry for each mailbox, in the order of the question, also for those that nothing is kept for. */
static int32_t find(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    store *store = userdata;
    int32_t status = POSTSEAL_OK;
    pthread_mutex_lock(&store->lock);
    for (size_t i = 0; status == POSTSEAL_OK && i < postseal_question_address_count(question); i++) {
        postseal_entry *absent;
        status = postseal_answer_entry(answer, entry_of(store, question, i, &absent), NULL);
        postseal_entry_free(absent);
    }
    pthread_mutex_unlock(&store->lock);
    /* Anything but 0 means: the store is out of reach. The mail is brought again, and nothing is lost. */
    return status;
}

/* Writes the entry that the change makes, over the one before. */
static int32_t write_entry(store *store, const postseal_question *question, const postseal_entry *before)
{
    row *row = row_of(store, question, 0);
    postseal_entry *after = NULL;
    int32_t status = postseal_change_apply(postseal_question_change(question), before, &after, NULL);
    if (status != POSTSEAL_OK)
        return status;
    if (!row) {
        const char *tenant = postseal_question_tenant(question);
        row = calloc(1, sizeof *row);
        if (!row || !(row->tenant = malloc(strlen(tenant) + 1))) {
            free(row);
            postseal_entry_free(after);
            return -1;
        }
        strcpy(row->tenant, tenant);
        row->next = store->rows;
        store->rows = row;
    }
    postseal_entry_free(row->entry);
    row->entry = after;
    return POSTSEAL_OK;
}

/* Under one lock: is it still the version that the change was decided on? Then write. */
static int32_t put(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    store *store = userdata;
    postseal_entry *absent;
    const postseal_entry *before;
    int32_t status;
    pthread_mutex_lock(&store->lock);
    before = entry_of(store, question, 0, &absent);
    if (postseal_entry_version(before) != postseal_question_expect(question)) {
        status = postseal_answer_conflict(answer, before, NULL);
    } else {
        status = write_entry(store, question, before);
        if (status == POSTSEAL_OK)
            status = postseal_answer_stored(answer, NULL);
    }
    postseal_entry_free(absent);
    pthread_mutex_unlock(&store->lock);
    return status;
}

/* All of a tenant, for operators. */
static int32_t entries(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    store *store = userdata;
    int32_t status = POSTSEAL_OK;
    pthread_mutex_lock(&store->lock);
    for (row *row = store->rows; row && status == POSTSEAL_OK; row = row->next)
        if (strcmp(row->tenant, postseal_question_tenant(question)) == 0)
            status = postseal_answer_entry(answer, row->entry, NULL);
    pthread_mutex_unlock(&store->lock);
    return status;
}

static void destroy(void *userdata)
{
    store *store = userdata;
    while (store->rows) {
        row *row = store->rows;
        store->rows = row->next;
        postseal_entry_free(row->entry);
        free(row->tenant);
        free(row);
    }
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static const postseal_store_table table = {
    .struct_size = sizeof table,
    .find = find,
    .put = put,
    .entries = entries,
    .destroy = destroy,
};

static void list(const postseal_engine *engine)
{
    postseal_entries *entries = NULL;
    if (postseal_engine_entries(engine, NULL, &entries, NULL) != POSTSEAL_OK)
        return;
    for (size_t i = 0; i < postseal_entries_count(entries); i++) {
        const postseal_entry *entry = postseal_entries_entry(entries, i);
        for (size_t k = 0; k < postseal_entry_cert_count(entry); k++) {
            postseal_stored_cert cert = {.struct_size = sizeof cert};
            if (postseal_entry_cert(entry, k, &cert, NULL) == POSTSEAL_OK)
                printf("%s %.12s %s, %zu octets\n", postseal_entry_address(entry), postseal_entry_fingerprint(entry, k),
                       postseal_state_name(cert.state), cert.der.len);
        }
    }
    postseal_entries_free(entries);
}

int main(int argc, char **argv)
{
    char configuration[4200];
    static unsigned char mail[1 << 20];
    postseal_engine *engine = NULL;
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    store *store = calloc(1, sizeof *store);
    int status = 0;
    FILE *file = argc == 3 ? fopen(argv[2], "rb") : NULL;
    size_t len = file ? fread(mail, 1, sizeof mail, file) : 0;
    if (!file || !store) {
        fprintf(stderr, "own_store ANCHORS MAIL\n");
        return 2;
    }
    fclose(file);
    pthread_mutex_init(&store->lock, NULL);
    snprintf(configuration, sizeof configuration, "import = true\ntrust = [\"%s\"]\n", argv[1]);
    if (postseal_engine_from_text(configuration, NULL, &engine, &err) == POSTSEAL_OK &&
        postseal_engine_set_store(engine, &table, store, &err) == POSTSEAL_OK &&
        postseal_import_mail(engine, mail, len, NULL, &report, &err) == POSTSEAL_OK) {
        printf("%s\n", postseal_outcome_name(postseal_report_outcome(report)));
        list(engine);
    }
    if (err) {
        fprintf(stderr, "%s\n", postseal_error_message(err));
        status = 1;
    }
    postseal_report_free(report);
    /* The store goes with the engine: `destroy`. */
    postseal_engine_free(engine);
    postseal_error_free(err);
    return status;
}
