/* Engines of configurations, errors, names and versions. */
#include "tests.h"

static void of_a_text_and_of_a_file(void)
{
    char path[4096];
    postseal_engine *engine = NULL;
    postseal_error *err = NULL;
    FILE *out;
    CHECK_OK(postseal_engine_from_text("trust = [\"root.pem\"]", fixtures, &engine, &err));
    postseal_engine_free(engine);
    snprintf(path, sizeof path, "%s/postseal.toml", fixtures);
    out = fopen(path, "w");
    CHECK(out && fputs("trust = [\"root.pem\"]\n", out) >= 0 && fclose(out) == 0);
    CHECK_OK(postseal_engine_from_file(path, &engine, &err));
    postseal_engine_free(engine);
    CHECK_OK(postseal_engine_from_text("", NULL, &engine, &err));
    postseal_engine_free(engine);
}

static void a_configuration_that_is_none(void)
{
    postseal_engine *engine = (postseal_engine *)1;
    postseal_error *err = NULL;
    CHECK_NUMBER(postseal_engine_from_text("\nimprot = true", NULL, &engine, &err), POSTSEAL_CONFIGURATION_INVALID);
    CHECK(engine == NULL);
    CHECK(strstr(postseal_error_message(err), "configuration:2: unknown field `improt`") != NULL);
    CHECK_TEXT(postseal_error_name(err), "configuration-invalid");
    CHECK_TEXT(postseal_error_sentence(err), "The configuration cannot be used as it is.");
    CHECK_NUMBER(postseal_error_fault(err), POSTSEAL_FAULT_API_MISUSE);
    CHECK_NUMBER(postseal_error_recipient_count(err), 0);
    CHECK(postseal_error_recipient(err, 0) == NULL);
    postseal_error_free(err);
    err = NULL;
    CHECK_FAILS(postseal_engine_from_text("trust = [\"none.pem\"]", fixtures, &engine, &err), POSTSEAL_CONFIGURATION_INVALID);
    CHECK_FAILS(postseal_engine_from_file("no-such-file.toml", &engine, &err), POSTSEAL_CONFIGURATION_INVALID);
    CHECK_FAILS(postseal_engine_from_text("store = \"sqlite:no-such-folder/x.db\"", fixtures, &engine, &err),
                POSTSEAL_STORE_UNAVAILABLE);
    CHECK_FAILS(postseal_engine_from_text("a = \"\xff\"", fixtures, &engine, &err), POSTSEAL_TEXT_NOT_UTF8);
    CHECK_FAILS(postseal_engine_from_text("", "\xff", &engine, &err), POSTSEAL_TEXT_NOT_UTF8);
    CHECK_FAILS(postseal_engine_from_text("", NULL, NULL, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_engine_from_text(NULL, NULL, &engine, &err), POSTSEAL_ARGUMENT_NULL);
}

/* The store of the configuration: two engines, one file. */
static void a_store_by_configuration(void)
{
    char configuration[4200];
    postseal_engine *engine;
    snprintf(configuration, sizeof configuration, "%s/store.db", results);
    remove(configuration);
    snprintf(configuration, sizeof configuration, "trust = [\"root.pem\"]\nimport = true\nstore = \"sqlite:%s/store.db\"\n", results);
    engine = engine_of(configuration);
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    postseal_engine_free(engine);
    engine = engine_of(configuration);
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_ALREADY_KNOWN);
    postseal_engine_free(engine);
}

static void an_error_with_a_place(void)
{
    postseal_stored_cert cert = {.struct_size = sizeof cert, .state = 1, .source = 1};
    const uint8_t der[] = {0x30, 0x03, 0x02, 0x01, 0x05};
    uint8_t key[32] = {0};
    postseal_entry *entry = NULL;
    postseal_error *err = NULL;
    size_t offset = 99;
    cert.der.data = der;
    cert.der.len = sizeof der;
    cert.issuer_key = key;
    CHECK_OK(postseal_entry_new("alice@goal.example", 1, &entry, &err));
    CHECK(postseal_entry_add(entry, &cert, &err) >= 300);
    CHECK_NUMBER(postseal_error_fault(err), POSTSEAL_FAULT_MALFORMED);
    CHECK(postseal_error_offset(err, &offset));
    CHECK_NUMBER(offset, 2);
    CHECK(strstr(postseal_error_message(err), " At byte 2.") != NULL);
    postseal_error_free(err);
    postseal_entry_free(entry);
}

static void names(void)
{
    char version[32];
    CHECK_TEXT(postseal_outcome_name(POSTSEAL_OUTCOME_DEFERRED), "deferred");
    CHECK_TEXT(postseal_outcome_name(99), NULL);
    CHECK_TEXT(postseal_verdict_name(POSTSEAL_VERDICT_NOT_CHECKED), "not-checked");
    CHECK_TEXT(postseal_candidate_name(POSTSEAL_CANDIDATE_KEY_PREFERENCE), "key-preference");
    CHECK_TEXT(postseal_recipient_outcome_name(POSTSEAL_RECIPIENT_NOT_ASKED), "not-asked");
    CHECK_TEXT(postseal_state_name(POSTSEAL_STATE_PINNED), "pinned");
    CHECK_TEXT(postseal_source_name(POSTSEAL_SOURCE_OPERATOR), "operator");
    CHECK_TEXT(postseal_decision_name(POSTSEAL_DECISION_REMOVE), "remove");
    CHECK_TEXT(postseal_fault_name(POSTSEAL_FAULT_UNTRUSTED), "untrusted");
    CHECK_TEXT(postseal_question_name(POSTSEAL_QUESTION_ENTRIES), "entries");
    CHECK_TEXT(postseal_change_name(POSTSEAL_CHANGE_DECIDE), "decide");
    snprintf(version, sizeof version, "%d.%d.%d", POSTSEAL_VERSION_MAJOR, POSTSEAL_VERSION_MINOR, POSTSEAL_VERSION_PATCH);
    CHECK_TEXT(postseal_version(), version);
}

void test_engine(void)
{
    of_a_text_and_of_a_file();
    a_configuration_that_is_none();
    a_store_by_configuration();
    an_error_with_a_place();
    names();
}
