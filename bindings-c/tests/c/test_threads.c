/* One engine, several threads. */
#include "tests.h"
#include <stdlib.h>

#define THREADS 4
#define ROUNDS 8

typedef struct worker {
    pthread_t thread;
    postseal_engine *engine;
    postseal_operation *operation;
    int outcomes[9];
    int in_use, asked;
} worker;

static void *imports(void *userdata)
{
    worker *worker = userdata;
    for (int i = 0; i < ROUNDS; i++)
        worker->outcomes[import_file(worker->engine, "alice.eml")]++;
    return NULL;
}

/* Other threads change what the engine works with meanwhile. */
static journal heard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void *changes(void *userdata)
{
    worker *worker = userdata;
    for (int i = 0; i < ROUNDS; i++) {
        postseal_error *err = NULL;
        CHECK_OK(postseal_engine_set_tracer(worker->engine, &journal_table, &heard, &err));
    }
    return NULL;
}

static void one_imports_and_the_others_know(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with("trust = [\"root.pem\"]\nimport = true\n", &store);
    worker workers[THREADS + 1] = {{0}};
    int outcomes[9] = {0};
    for (int i = 0; i <= THREADS; i++) {
        workers[i].engine = engine;
        CHECK(pthread_create(&workers[i].thread, NULL, i < THREADS ? imports : changes, &workers[i]) == 0);
    }
    for (int i = 0; i <= THREADS; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
        for (int outcome = 0; outcome < 9; outcome++)
            outcomes[outcome] += workers[i].outcomes[outcome];
    }
    CHECK_NUMBER(outcomes[POSTSEAL_OUTCOME_IMPORTED], 1);
    CHECK_NUMBER(outcomes[POSTSEAL_OUTCOME_ALREADY_KNOWN], THREADS * ROUNDS - 1);
    CHECK_NUMBER(store->count, 1);
    postseal_engine_free(engine);
    CHECK_NUMBER(heard.destroyed, ROUNDS);
    journal_clear(&heard);
}

static void *polls(void *userdata)
{
    worker *worker = userdata;
    for (int i = 0; i < 200; i++) {
        postseal_question *question = NULL;
        int32_t step = 0;
        postseal_status status = postseal_operation_poll(worker->operation, &step, &question, NULL);
        CHECK(status == POSTSEAL_OK || status == POSTSEAL_HANDLE_IN_USE);
        worker->in_use += status == POSTSEAL_HANDLE_IN_USE;
        worker->asked += question != NULL;
        postseal_question_free(question);
    }
    return NULL;
}

static void one_operation_gives_each_question_once(void)
{
    postseal_engine *engine = engine_of("trust = [\"root.pem\"]\nimport = true\n");
    octets mail = file("alice.eml");
    postseal_options options = at_now();
    postseal_operation *operation = NULL;
    postseal_error *err = NULL;
    worker workers[THREADS] = {{0}};
    int asked = 0;
    CHECK_OK(postseal_import_operation(engine, mail.data, mail.len, &options, &operation, &err));
    for (int i = 0; i < THREADS; i++) {
        workers[i].operation = operation;
        CHECK(pthread_create(&workers[i].thread, NULL, polls, &workers[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(workers[i].thread, NULL) == 0);
        asked += workers[i].asked;
    }
    CHECK_NUMBER(asked, 1);
    postseal_operation_free(operation);
    postseal_engine_free(engine);
    free(mail.data);
}

/* Entries are read while certificates are added; what was borrowed stays. */
static postseal_entry *shared;

static void *adds(void *userdata)
{
    octets der = file("alice.der");
    uint8_t key[32] = {0};
    postseal_stored_cert cert = {.struct_size = sizeof cert, .state = 1, .source = 1, .der = {der.data, der.len}, .issuer_key = key};
    (void)userdata;
    for (int i = 0; i < 100; i++) {
        postseal_stored_cert first = {.struct_size = sizeof first};
        postseal_error *err = NULL;
        CHECK_OK(postseal_entry_add(shared, &cert, &err));
        CHECK_OK(postseal_entry_cert(shared, 0, &first, &err));
        CHECK(first.der.len == der.len && memcmp(first.der.data, der.data, der.len) == 0);
    }
    free(der.data);
    return NULL;
}

static void an_entry_grows_while_it_is_read(void)
{
    pthread_t threads[THREADS];
    postseal_error *err = NULL;
    CHECK_OK(postseal_entry_new("alice@goal.example", 1, &shared, &err));
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, adds, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK_NUMBER(postseal_entry_cert_count(shared), THREADS * 100);
    postseal_entry_free(shared);
}

void test_threads(void)
{
    one_imports_and_the_others_know();
    one_operation_gives_each_question_once();
    an_entry_grows_while_it_is_read();
}
