/* A store of the host's own: what it is asked, what it says, and what becomes of it when it misbehaves. */
#include "tests.h"
#include <stdlib.h>

#define IMPORT "trust = [\"root.pem\"]\nimport = true\n"

static void a_store_that_fails_defers_the_mail(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    postseal_options options = at_now();
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    octets mail = file("alice.eml");
    store->fails = -3;
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_DEFERRED);
    CHECK_TEXT(postseal_report_unavailable(report), "the host's callback returned -3");
    postseal_report_free(report);
    store->fails = 0;
    store->is_silent = true;
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_DEFERRED);
    postseal_report_free(report);
    store->is_silent = false;
    store->is_talkative = true;
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_DEFERRED);
    postseal_report_free(report);
    store->is_talkative = false;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    free(mail.data);
    postseal_engine_free(engine);
}

static int32_t says_why(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    (void)userdata;
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_FIND_STORED);
    CHECK_TEXT(postseal_question_name(postseal_question_kind(question)), "find-stored");
    CHECK_TEXT(postseal_question_tenant(question), "default");
    CHECK_NUMBER(postseal_question_address_count(question), 1);
    CHECK_TEXT(postseal_question_address(question, 0), "alice@goal.example");
    CHECK_TEXT(postseal_question_key(question, 0), "alice@goal.example");
    CHECK_TEXT(postseal_question_address(question, 1), NULL);
    CHECK_TEXT(postseal_question_key(question, 1), NULL);
    CHECK_TEXT(postseal_question_directory(question), NULL);
    CHECK_TEXT(postseal_question_at(question), NULL);
    CHECK(postseal_question_request(question, NULL) == NULL);
    CHECK_NUMBER(postseal_question_limit(question), 0);
    CHECK_NUMBER(postseal_question_expect(question), 0);
    CHECK(postseal_question_change(question) == NULL);
    /* What does not answer this question is refused here. */
    CHECK_NUMBER(postseal_answer_stored(answer, NULL), POSTSEAL_ANSWER_KIND);
    CHECK_NUMBER(postseal_answer_body(answer, NULL, 0, NULL), POSTSEAL_ANSWER_KIND);
    CHECK_NUMBER(postseal_answer_not_found(answer, 0, NULL), POSTSEAL_ANSWER_KIND);
    return postseal_answer_unavailable(answer, "the disk of the store is full", NULL);
}

static int32_t never(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    (void)userdata;
    (void)question;
    (void)answer;
    CHECK(!"nobody calls this");
    return 0;
}

static void count(void *userdata)
{
    ++*(int *)userdata;
}

static void a_store_says_why_it_is_out_of_reach(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_store_table table = {sizeof table, says_why, never, never, count};
    postseal_options options = at_now();
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    octets mail = file("alice.eml");
    int destroyed = 0;
    CHECK_OK(postseal_engine_set_store(engine, &table, &destroyed, &err));
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_TEXT(postseal_report_unavailable(report), "the disk of the store is full");
    CHECK_NUMBER(postseal_error_fault(postseal_report_error(report)), POSTSEAL_FAULT_UNAVAILABLE);
    postseal_report_free(report);
    free(mail.data);
    postseal_engine_free(engine);
    CHECK_NUMBER(destroyed, 1);
}

static void userdata_goes_back_once_whatever_happens(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_store_table table = {sizeof table, never, never, never, count};
    postseal_error *err = NULL;
    int destroyed = 0;
    /* The call fails: at once. */
    CHECK_FAILS(postseal_engine_set_store(NULL, &table, &destroyed, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_NUMBER(destroyed, 1);
    table.put = NULL;
    CHECK_FAILS(postseal_engine_set_store(engine, &table, &destroyed, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_NUMBER(destroyed, 2);
    /* Another store comes: then. */
    table.put = never;
    CHECK_OK(postseal_engine_set_store(engine, &table, &destroyed, &err));
    CHECK_NUMBER(destroyed, 2);
    CHECK_OK(postseal_engine_set_store(engine, &table, &destroyed, &err));
    CHECK_NUMBER(destroyed, 3);
    postseal_engine_free(engine);
    CHECK_NUMBER(destroyed, 4);
    /* Nobody knows a table that is not there, or no table. */
    CHECK_FAILS(postseal_engine_set_store(NULL, NULL, &destroyed, &err), POSTSEAL_ARGUMENT_NULL);
    table.struct_size = 1;
    CHECK_FAILS(postseal_engine_set_store(NULL, &table, &destroyed, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_NUMBER(destroyed, 4);
}

static void a_table_of_an_older_header_without_destroy(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_store_table table = memory_table;
    postseal_error *err = NULL;
    memory_store *store = memory_new(NULL);
    table.struct_size = offsetof(postseal_store_table, destroy);
    CHECK_OK(postseal_engine_set_store(engine, &table, store, &err));
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    postseal_engine_free(engine);
    CHECK_NUMBER(store->count, 1);
    memory_table.destroy(store);
}

/* A newer header than the library: what it knows more is not looked at. */
typedef struct newer_table {
    postseal_store_table known;
    void (*more)(void *userdata);
} newer_table;

static void a_table_of_a_newer_header(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    newer_table table = {memory_table, NULL};
    postseal_error *err = NULL;
    table.known.struct_size = sizeof table;
    CHECK_OK(postseal_engine_set_store(engine, &table.known, memory_new(NULL), &err));
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    postseal_engine_free(engine);
}

/* Another writer is always faster. */
static int32_t conflicts(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    postseal_entry *other = NULL;
    const postseal_change *change = postseal_question_change(question);
    ++*(int *)userdata;
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_PUT_STORED);
    CHECK_NUMBER(postseal_change_kind(change), POSTSEAL_CHANGE_ACTIVATE);
    CHECK_TEXT(postseal_change_name(postseal_change_kind(change)), "activate");
    CHECK_NUMBER(strlen(postseal_change_fingerprint(change)), 64);
    CHECK_NUMBER(postseal_change_decision(change), 0);
    CHECK_NUMBER(postseal_entry_new("alice@goal.example", postseal_question_expect(question) + 1, &other, NULL), 0);
    CHECK_NUMBER(postseal_answer_entry(answer, other, NULL), POSTSEAL_ANSWER_KIND);
    CHECK_NUMBER(postseal_answer_conflict(answer, other, NULL), 0);
    postseal_entry_free(other);
    return 0;
}

static int32_t finds_nothing(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    postseal_entry *absent = NULL;
    int32_t status = postseal_entry_new(postseal_question_address(question, 0), 0, &absent, NULL);
    (void)userdata;
    if (status == 0)
        status = postseal_answer_entry(answer, absent, NULL);
    postseal_entry_free(absent);
    return status;
}

static void a_conflict_is_tried_again_and_ends(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_store_table table = {sizeof table, finds_nothing, conflicts, never, NULL};
    postseal_options options = at_now();
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    octets mail = file("alice.eml");
    int puts = 0;
    CHECK_OK(postseal_engine_set_store(engine, &table, &puts, &err));
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_DEFERRED);
    CHECK_NUMBER(postseal_error_number(postseal_report_error(report)), POSTSEAL_STORE_CONTENDED);
    CHECK(puts > 1);
    postseal_report_free(report);
    free(mail.data);
    postseal_engine_free(engine);
}

/* What comes out of an entry goes into another one, octet by octet: what every store does between two calls. */
static void an_entry_survives_being_written_down(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    postseal_entries *entries = NULL;
    postseal_entry *again = NULL;
    postseal_error *err = NULL;
    postseal_stored_cert cert = {.struct_size = sizeof cert}, same = {.struct_size = sizeof same};
    const postseal_entry *entry;
    int64_t not_before = 0, not_after = 0;
    octets der = file("alice.der");
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_OK(postseal_engine_entries(engine, NULL, &entries, &err));
    CHECK_NUMBER(postseal_entries_count(entries), 1);
    CHECK(postseal_entries_entry(entries, 1) == NULL);
    entry = postseal_entries_entry(entries, 0);
    CHECK_TEXT(postseal_entry_address(entry), "alice@goal.example");
    CHECK_TEXT(postseal_entry_key(entry), "alice@goal.example");
    CHECK_NUMBER(postseal_entry_version(entry), 1);
    CHECK_NUMBER(postseal_entry_cert_count(entry), 1);
    CHECK_OK(postseal_entry_cert(entry, 0, &cert, &err));
    CHECK_NUMBER(cert.state, POSTSEAL_STATE_ACTIVE);
    CHECK_TEXT(postseal_state_name(cert.state), "active");
    CHECK_NUMBER(cert.source, POSTSEAL_SOURCE_SIGNED_MAIL);
    CHECK_TEXT(postseal_source_name(cert.source), "signed-mail");
    CHECK(cert.der.len == der.len && memcmp(cert.der.data, der.data, der.len) == 0);
    CHECK_NUMBER(cert.imported_at, NOW);
    CHECK(postseal_entry_validity(entry, 0, &not_before, &not_after));
    CHECK_NUMBER(not_before, 1767225600);
    CHECK_NUMBER(not_after, 2082758400);
    CHECK(!postseal_entry_validity(entry, 1, &not_before, NULL));
    CHECK_OK(postseal_entry_new(postseal_entry_address(entry), postseal_entry_version(entry), &again, &err));
    CHECK_OK(postseal_entry_add(again, &cert, &err));
    CHECK_OK(postseal_entry_cert(again, 0, &same, &err));
    CHECK_NUMBER(same.struct_size, sizeof same);
    CHECK_TEXT(postseal_entry_fingerprint(again, 0), postseal_entry_fingerprint(entry, 0));
    CHECK_TEXT(postseal_entry_fingerprint(again, 1), NULL);
    CHECK(memcmp(same.issuer_key, cert.issuer_key, 32) == 0);
    CHECK_NUMBER(same.issuers_len, cert.issuers_len);
    CHECK_NUMBER(same.capabilities.len, cert.capabilities.len);
    CHECK_NUMBER(same.capabilities_are_dated, cert.capabilities_are_dated);
    CHECK_NUMBER(same.capabilities_signed_at, cert.capabilities_signed_at);
    CHECK_NUMBER(same.imported_at, cert.imported_at);
    CHECK_FAILS(postseal_entry_cert(again, 1, &same, &err), POSTSEAL_VALUE_UNKNOWN);
    postseal_entry_free(again);
    postseal_entries_free(entries);
    postseal_engine_free(engine);
    free(der.data);
}

static void an_entry_with_everything(void)
{
    octets der = file("dave.der"), middle = file("middle.der"), gcm = file("gcm.der");
    uint8_t key[32] = {1, 2, 3};
    postseal_octets issuers[] = {{middle.data, middle.len}};
    postseal_stored_cert cert = {
        .struct_size = sizeof cert,
        .state = POSTSEAL_STATE_PINNED,
        .source = POSTSEAL_SOURCE_OPERATOR,
        .der = {der.data, der.len},
        .issuers = issuers,
        .issuers_len = 1,
        .issuer_key = key,
        .capabilities = {gcm.data, gcm.len},
        .capabilities_are_dated = 1,
        .capabilities_signed_at = -5,
        .imported_at = 17,
    };
    postseal_stored_cert same = {.struct_size = sizeof same};
    postseal_entry *entry = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_entry_new("Dave@Goal.example", 9, &entry, &err));
    CHECK_OK(postseal_entry_add(entry, &cert, &err));
    CHECK_OK(postseal_entry_cert(entry, 0, &same, &err));
    CHECK_TEXT(postseal_entry_address(entry), "Dave@Goal.example");
    CHECK_TEXT(postseal_entry_key(entry), "dave@goal.example");
    CHECK_NUMBER(postseal_entry_version(entry), 9);
    CHECK_NUMBER(same.state, POSTSEAL_STATE_PINNED);
    CHECK_NUMBER(same.source, POSTSEAL_SOURCE_OPERATOR);
    CHECK_NUMBER(same.issuers_len, 1);
    CHECK(same.issuers[0].len == middle.len && memcmp(same.issuers[0].data, middle.data, middle.len) == 0);
    CHECK(memcmp(same.issuer_key, key, 32) == 0);
    CHECK(same.capabilities.len == gcm.len && memcmp(same.capabilities.data, gcm.data, gcm.len) == 0);
    CHECK_NUMBER(same.capabilities_are_dated, 1);
    CHECK_NUMBER(same.capabilities_signed_at, -5);
    CHECK_NUMBER(same.imported_at, 17);
    /* Only as much as an older header has room for. */
    memset(&same, 0x5a, sizeof same);
    same.struct_size = offsetof(postseal_stored_cert, der);
    CHECK_OK(postseal_entry_cert(entry, 0, &same, &err));
    CHECK_NUMBER(same.state, POSTSEAL_STATE_PINNED);
    CHECK_NUMBER(same.imported_at, 0x5a5a5a5a5a5a5a5a);
    /* What cannot be read, or is none. */
    cert.der.len--;
    CHECK(postseal_entry_add(entry, &cert, NULL) != POSTSEAL_OK);
    cert.der.len++;
    issuers[0].len = 3;
    CHECK(postseal_entry_add(entry, &cert, NULL) != POSTSEAL_OK);
    issuers[0].len = middle.len;
    cert.issuer_key = NULL;
    CHECK_FAILS(postseal_entry_add(entry, &cert, &err), POSTSEAL_ARGUMENT_NULL);
    cert.issuer_key = key;
    cert.state = 0;
    CHECK_FAILS(postseal_entry_add(entry, &cert, &err), POSTSEAL_VALUE_UNKNOWN);
    cert.state = 99;
    CHECK_FAILS(postseal_entry_add(entry, &cert, &err), POSTSEAL_VALUE_UNKNOWN);
    cert.state = POSTSEAL_STATE_HELD;
    cert.source = -1;
    CHECK_FAILS(postseal_entry_add(entry, &cert, &err), POSTSEAL_VALUE_UNKNOWN);
    cert.source = POSTSEAL_SOURCE_OPERATOR;
    cert.reserved = 1;
    CHECK_FAILS(postseal_entry_add(entry, &cert, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_NUMBER(postseal_entry_cert_count(entry), 1);
    CHECK_FAILS(postseal_entry_cert(entry, 0, NULL, &err), POSTSEAL_ARGUMENT_NULL);
    postseal_entry_free(entry);
    CHECK_FAILS(postseal_entry_new("nobody", 0, &entry, &err), POSTSEAL_ADDRESS_MALFORMED);
    CHECK_FAILS(postseal_entry_new("\xff@goal.example", 0, &entry, &err), POSTSEAL_TEXT_NOT_UTF8);
    CHECK(entry == NULL);
    free(der.data);
    free(middle.data);
    free(gcm.data);
}

void test_store(void)
{
    a_store_that_fails_defers_the_mail();
    a_store_says_why_it_is_out_of_reach();
    userdata_goes_back_once_whatever_happens();
    a_table_of_an_older_header_without_destroy();
    a_table_of_a_newer_header();
    a_conflict_is_tried_again_and_ends();
    an_entry_survives_being_written_down();
    an_entry_with_everything();
}
