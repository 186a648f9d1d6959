/* What an operator does. */
#include "tests.h"
#include <stdlib.h>

static void he_decides(void)
{
    static journal journal = {.lock = PTHREAD_MUTEX_INITIALIZER};
    memory_store *store = NULL;
    postseal_engine *engine = engine_with("trust = [\"root.pem\", \"root2.pem\"]\nimport = true\n", &store);
    postseal_entries *entries = NULL;
    postseal_stored_cert cert = {.struct_size = sizeof cert};
    postseal_error *err = NULL;
    const postseal_entry *entry;
    CHECK_OK(postseal_engine_set_tracer(engine, &journal_table, &journal, &err));
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(import_file(engine, "alice-other.eml"), POSTSEAL_OUTCOME_HELD);
    CHECK_OK(postseal_engine_entries(engine, "default", &entries, &err));
    CHECK_NUMBER(store->lists, 1);
    entry = postseal_entries_entry(entries, 0);
    CHECK_NUMBER(postseal_entry_cert_count(entry), 2);
    CHECK_OK(postseal_entry_cert(entry, 1, &cert, &err));
    CHECK_NUMBER(cert.state, POSTSEAL_STATE_HELD);
    CHECK_OK(postseal_engine_decide(engine, NULL, entry, postseal_entry_fingerprint(entry, 1), POSTSEAL_DECISION_PIN, "Olga", NOW, &err));
    CHECK_NUMBER(journal_has(&journal, "decided"), 1);
    CHECK(strstr(journal.lines[journal.count - 1], "\"by\":\"Olga\"") != NULL);
    /* She looked at an older one. */
    CHECK_FAILS(postseal_engine_decide(engine, NULL, entry, postseal_entry_fingerprint(entry, 0), POSTSEAL_DECISION_REMOVE, "Olga", NOW, &err),
                POSTSEAL_STORE_CONTENDED);
    postseal_entries_free(entries);
    CHECK_OK(postseal_engine_entries(engine, NULL, &entries, &err));
    entry = postseal_entries_entry(entries, 0);
    CHECK_OK(postseal_entry_cert(entry, 0, &cert, &err));
    CHECK_NUMBER(cert.state, POSTSEAL_STATE_SUPERSEDED);
    CHECK_OK(postseal_entry_cert(entry, 1, &cert, &err));
    CHECK_NUMBER(cert.state, POSTSEAL_STATE_PINNED);
    CHECK_NUMBER(import_file(engine, "alice-renewed.eml"), POSTSEAL_OUTCOME_HELD);
    CHECK_FAILS(postseal_engine_decide(engine, NULL, entry, "12", POSTSEAL_DECISION_PIN, "Olga", 0, &err), POSTSEAL_FINGERPRINT_MALFORMED);
    CHECK_FAILS(postseal_engine_decide(engine, NULL, entry, "0000000000000000000000000000000000000000000000000000000000000000",
                                       POSTSEAL_DECISION_PIN, "Olga", 0, &err), POSTSEAL_NO_CERTIFICATE);
    CHECK_FAILS(postseal_engine_decide(engine, NULL, entry, postseal_entry_fingerprint(entry, 1), 0, "Olga", 0, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_FAILS(postseal_engine_decide(engine, NULL, entry, postseal_entry_fingerprint(entry, 1), 7, "Olga", 0, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_FAILS(postseal_engine_decide(engine, NULL, entry, postseal_entry_fingerprint(entry, 1), 1, NULL, 0, &err), POSTSEAL_ARGUMENT_NULL);
    postseal_entries_free(entries);
    store->fails = 1;
    CHECK_FAILS(postseal_engine_entries(engine, NULL, &entries, &err), POSTSEAL_STORE_UNAVAILABLE);
    CHECK(entries == NULL);
    postseal_engine_free(engine);
    journal_clear(&journal);
    engine = engine_of("");
    CHECK_FAILS(postseal_engine_entries(engine, NULL, &entries, &err), POSTSEAL_STORE_MISSING);
    postseal_engine_free(engine);
}

/* What he decides about reaches the store as a change like any other. */
static int32_t sees_the_decision(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    const postseal_change *change = postseal_question_change(question);
    ++*(int *)userdata;
    CHECK_NUMBER(postseal_change_kind(change), POSTSEAL_CHANGE_DECIDE);
    CHECK_NUMBER(postseal_change_decision(change), POSTSEAL_DECISION_DISABLE);
    return postseal_answer_stored(answer, NULL);
}

static void a_decision_is_a_change(void)
{
    postseal_engine *engine = engine_with("trust = [\"root.pem\"]\nimport = true\n", NULL);
    postseal_store_table table = memory_table;
    postseal_entries *entries = NULL;
    postseal_error *err = NULL;
    const postseal_entry *entry;
    int puts = 0;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_OK(postseal_engine_entries(engine, NULL, &entries, &err));
    entry = postseal_entries_entry(entries, 0);
    table.put = sees_the_decision;
    table.destroy = NULL;
    CHECK_OK(postseal_engine_set_store(engine, &table, &puts, &err));
    CHECK_OK(postseal_engine_decide(engine, NULL, entry, postseal_entry_fingerprint(entry, 0), POSTSEAL_DECISION_DISABLE, "Olga", NOW, &err));
    CHECK_NUMBER(puts, 1);
    postseal_entries_free(entries);
    postseal_engine_free(engine);
}

void test_operator(void)
{
    he_decides();
    a_decision_is_a_change();
}
