#include "support.h"
#include <stdlib.h>

const char *fixtures = NULL;
const char *results = NULL;

typedef struct row {
    char *tenant;
    postseal_entry *entry;
} row;

char *copy(const char *text)
{
    size_t len = strlen(text) + 1;
    char *same = malloc(len);
    if (!same)
        abort();
    memcpy(same, text, len);
    return same;
}

octets file_of(const char *folder, const char *name)
{
    char path[4096];
    octets octets = {NULL, 0};
    long len;
    FILE *in;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    in = fopen(path, "rb");
    if (!in || fseek(in, 0, SEEK_END) != 0 || (len = ftell(in)) < 0 || fseek(in, 0, SEEK_SET) != 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        exit(2);
    }
    octets.len = (size_t)len;
    octets.data = malloc(octets.len + 1);
    if (!octets.data || fread(octets.data, 1, octets.len, in) != octets.len)
        exit(2);
    octets.data[octets.len] = 0;
    fclose(in);
    return octets;
}

octets file(const char *name)
{
    return file_of(fixtures, name);
}

void result(const char *name, const uint8_t *data, size_t len)
{
    char path[4096];
    FILE *out;
    snprintf(path, sizeof path, "%s/%s", results, name);
    out = fopen(path, "wb");
    if (!out || fwrite(data, 1, len, out) != len || fclose(out) != 0) {
        fprintf(stderr, "%s cannot be written\n", path);
        exit(2);
    }
}

postseal_engine *engine_of(const char *configuration)
{
    postseal_engine *engine = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_engine_from_text(configuration, fixtures, &engine, &err));
    if (!engine)
        exit(2);
    return engine;
}

postseal_options at_now(void)
{
    postseal_options options = {.struct_size = sizeof options, .now = NOW};
    return options;
}

/* The row of this mailbox; the lock is held. */
static row *find_row(memory_store *store, const char *tenant, const char *key)
{
    for (size_t i = 0; i < store->count; i++)
        if (strcmp(store->rows[i].tenant, tenant) == 0 && strcmp(postseal_entry_key(store->rows[i].entry), key) == 0)
            return &store->rows[i];
    return NULL;
}

static int32_t memory_find(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    memory_store *store = userdata;
    int32_t status = 0;
    pthread_mutex_lock(&store->lock);
    store->finds++;
    status = store->fails;
    for (size_t i = 0; !store->is_silent && status == 0 && i < postseal_question_address_count(question); i++) {
        row *row = find_row(store, postseal_question_tenant(question), postseal_question_key(question, i));
        postseal_entry *absent = NULL;
        status = row ? 0 : postseal_entry_new(postseal_question_address(question, i), 0, &absent, NULL);
        for (int times = store->is_talkative ? 2 : 1; status == 0 && times > 0; times--)
            status = postseal_answer_entry(answer, row ? row->entry : absent, NULL);
        postseal_entry_free(absent);
    }
    pthread_mutex_unlock(&store->lock);
    return status;
}

/* Compares, applies and writes; the lock is held. */
static int32_t compare_and_set(memory_store *store, const postseal_question *question, postseal_answer *answer)
{
    const char *tenant = postseal_question_tenant(question);
    row *row = find_row(store, tenant, postseal_question_key(question, 0));
    postseal_entry *before = NULL, *after = NULL;
    int32_t status = 0;
    if (!row)
        status = postseal_entry_new(postseal_question_address(question, 0), 0, &before, NULL);
    if (status == 0 && postseal_entry_version(row ? row->entry : before) != postseal_question_expect(question)) {
        status = postseal_answer_conflict(answer, row ? row->entry : before, NULL);
        postseal_entry_free(before);
        return status;
    }
    if (status == 0)
        status = postseal_change_apply(postseal_question_change(question), row ? row->entry : before, &after, NULL);
    postseal_entry_free(before);
    if (status != 0)
        return status;
    if (row) {
        postseal_entry_free(row->entry);
        row->entry = after;
    } else {
        store->rows = realloc(store->rows, (store->count + 1) * sizeof *store->rows);
        if (!store->rows)
            abort();
        store->rows[store->count].tenant = copy(tenant);
        store->rows[store->count++].entry = after;
    }
    return postseal_answer_stored(answer, NULL);
}

static int32_t memory_put(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    memory_store *store = userdata;
    int32_t status;
    pthread_mutex_lock(&store->lock);
    store->puts++;
    status = store->fails;
    if (status == 0 && !store->is_silent)
        status = compare_and_set(store, question, answer);
    pthread_mutex_unlock(&store->lock);
    return status;
}

static int32_t memory_entries(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    memory_store *store = userdata;
    int32_t status;
    pthread_mutex_lock(&store->lock);
    store->lists++;
    status = store->fails;
    for (size_t i = 0; status == 0 && i < store->count; i++)
        if (strcmp(store->rows[i].tenant, postseal_question_tenant(question)) == 0)
            status = postseal_answer_entry(answer, store->rows[i].entry, NULL);
    pthread_mutex_unlock(&store->lock);
    return status;
}

static void memory_destroy(void *userdata)
{
    memory_store *store = userdata;
    for (size_t i = 0; i < store->count; i++) {
        free(store->rows[i].tenant);
        postseal_entry_free(store->rows[i].entry);
    }
    free(store->rows);
    if (store->destroyed)
        ++*store->destroyed;
    pthread_mutex_destroy(&store->lock);
    free(store);
}

const postseal_store_table memory_table = {
    .struct_size = sizeof memory_table,
    .find = memory_find,
    .put = memory_put,
    .entries = memory_entries,
    .destroy = memory_destroy,
};

memory_store *memory_new(int *destroyed)
{
    memory_store *store = calloc(1, sizeof *store);
    if (!store)
        abort();
    pthread_mutex_init(&store->lock, NULL);
    store->destroyed = destroyed;
    return store;
}

postseal_engine *engine_with(const char *configuration, memory_store **store)
{
    postseal_engine *engine = engine_of(configuration);
    postseal_error *err = NULL;
    memory_store *memory = memory_new(NULL);
    CHECK_OK(postseal_engine_set_store(engine, &memory_table, memory, &err));
    if (store)
        *store = memory;
    return engine;
}

int import_file(postseal_engine *engine, const char *name)
{
    octets mail = file(name);
    postseal_options options = at_now();
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    int outcome;
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    outcome = postseal_report_outcome(report);
    postseal_report_free(report);
    free(mail.data);
    return outcome;
}

static void journal_event(void *userdata, const char *name, const char *json)
{
    journal *journal = userdata;
    pthread_mutex_lock(&journal->lock);
    if (journal->count < 256) {
        journal->names[journal->count] = copy(name);
        journal->lines[journal->count++] = copy(json);
    }
    pthread_mutex_unlock(&journal->lock);
}

static void journal_destroy(void *userdata)
{
    ((journal *)userdata)->destroyed++;
}

const postseal_tracer_table journal_table = {
    .struct_size = sizeof journal_table,
    .event = journal_event,
    .destroy = journal_destroy,
};

size_t journal_has(journal *journal, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < journal->count; i++)
        count += strcmp(journal->names[i], name) == 0;
    return count;
}

void journal_clear(journal *journal)
{
    for (size_t i = 0; i < journal->count; i++) {
        free(journal->names[i]);
        free(journal->lines[i]);
    }
    journal->count = 0;
}
