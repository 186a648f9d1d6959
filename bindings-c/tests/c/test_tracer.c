/* A tracer of the host's own. */
#include "tests.h"
#include <stdlib.h>

static void it_hears_of_every_decision(void)
{
    static journal journal = {.lock = PTHREAD_MUTEX_INITIALIZER};
    postseal_engine *engine = engine_with("trust = [\"root.pem\"]\nimport = true\n", NULL);
    postseal_error *err = NULL;
    CHECK_OK(postseal_engine_set_tracer(engine, &journal_table, &journal, &err));
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(journal_has(&journal, "signature-verified"), 1);
    CHECK_NUMBER(journal_has(&journal, "path-verified"), 1);
    CHECK_NUMBER(journal_has(&journal, "imported"), 1);
    CHECK(journal.count > 0 && strstr(journal.lines[journal.count - 1], "\"event\":\"imported\"") != NULL);
    CHECK(journal.count > 0 && strstr(journal.lines[journal.count - 1], "\"address\":\"alice@goal.example\"") != NULL);
    CHECK(journal.count > 0 && strstr(journal.lines[0], "\"at\":\"2026-06-01T00:00:00Z\"") != NULL);
    CHECK_NUMBER(journal.destroyed, 0);
    postseal_engine_free(engine);
    CHECK_NUMBER(journal.destroyed, 1);
    journal_clear(&journal);
}

static void a_table_without_a_callback(void)
{
    static journal journal = {.lock = PTHREAD_MUTEX_INITIALIZER};
    postseal_engine *engine = engine_of("");
    postseal_tracer_table table = journal_table;
    postseal_error *err = NULL;
    table.event = NULL;
    CHECK_FAILS(postseal_engine_set_tracer(engine, &table, &journal, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_NUMBER(journal.destroyed, 1);
    postseal_engine_free(engine);
}

void test_tracer(void)
{
    it_hears_of_every_decision();
    a_table_without_a_callback();
}
