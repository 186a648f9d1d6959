/* Learning from mail: every outcome, every getter, the options. */
#include "tests.h"
#include <stdlib.h>

#define IMPORT "trust = [\"root.pem\"]\nimport = true\n"

static postseal_report *imported(postseal_engine *engine, const char *name, const postseal_options *options)
{
    octets mail = file(name);
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, options, &report, &err));
    free(mail.data);
    return report;
}

static void everything_about_a_good_mail(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_options options = at_now();
    postseal_report *report = imported(engine, "alice.eml", &options);
    int64_t seconds = 0;
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_TEXT(postseal_outcome_name(postseal_report_outcome(report)), "imported");
    CHECK_TEXT(postseal_report_message_id(report), "<4096@goal.example>");
    CHECK_TEXT(postseal_report_address(report), "alice@goal.example");
    CHECK_NUMBER(strlen(postseal_report_fingerprint(report)), 64);
    CHECK(postseal_report_not_before(report, &seconds));
    CHECK_NUMBER(seconds, 1767225600);
    CHECK(postseal_report_not_after(report, &seconds));
    CHECK_NUMBER(seconds, 2082758400);
    CHECK(postseal_report_not_after(report, NULL));
    CHECK_NUMBER(postseal_report_signature(report), POSTSEAL_VERDICT_VALID);
    CHECK_NUMBER(postseal_report_path(report), POSTSEAL_VERDICT_VALID);
    CHECK_NUMBER(postseal_report_candidate(report), POSTSEAL_CANDIDATE_SIGNER);
    CHECK(postseal_report_error(report) == NULL);
    CHECK_TEXT(postseal_report_unavailable(report), NULL);
    postseal_report_free(report);
    postseal_engine_free(engine);
}

static void each_outcome(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with("trust = [\"root.pem\", \"root2.pem\"]\nimport = true\n", &store);
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_ALREADY_KNOWN);
    CHECK_NUMBER(import_file(engine, "alice-renewed.eml"), POSTSEAL_OUTCOME_RENEWED);
    CHECK_NUMBER(import_file(engine, "alice-other.eml"), POSTSEAL_OUTCOME_HELD);
    CHECK_NUMBER(import_file(engine, "tampered.eml"), POSTSEAL_OUTCOME_REFUSED);
    CHECK_NUMBER(import_file(engine, "plain.eml"), POSTSEAL_OUTCOME_NOT_SIGNED);
    store->fails = 7;
    CHECK_NUMBER(import_file(engine, "bob.eml"), POSTSEAL_OUTCOME_DEFERRED);
    postseal_engine_free(engine);
    engine = engine_with("trust = [\"root.pem\"]\n", NULL);
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_NOT_ACTIVE);
    postseal_engine_free(engine);
}

static void why_a_mail_is_refused(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_options options = at_now();
    postseal_report *report = imported(engine, "tampered.eml", &options);
    const postseal_error *error = postseal_report_error(report);
    CHECK_NUMBER(postseal_error_number(error), POSTSEAL_DIGEST_MISMATCH);
    CHECK_TEXT(postseal_error_name(error), "digest-mismatch");
    CHECK_TEXT(postseal_error_sentence(error), "The content is not the one that was signed (RFC 5652 5.6).");
    CHECK_TEXT(postseal_error_message(error), "The content is not the one that was signed (RFC 5652 5.6).");
    CHECK_NUMBER(postseal_error_fault(error), POSTSEAL_FAULT_UNTRUSTED);
    CHECK(!postseal_error_offset(error, NULL));
    CHECK_NUMBER(postseal_report_signature(report), POSTSEAL_VERDICT_INVALID);
    CHECK_NUMBER(postseal_report_path(report), POSTSEAL_VERDICT_NOT_CHECKED);
    CHECK_NUMBER(postseal_report_candidate(report), 0);
    CHECK(!postseal_report_not_before(NULL, NULL));
    postseal_report_free(report);
    postseal_engine_free(engine);
}

static void a_dry_run_changes_nothing(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    postseal_options options = at_now();
    postseal_report *report;
    options.dry_run = 1;
    report = imported(engine, "alice.eml", &options);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(store->puts, 0);
    postseal_report_free(report);
    postseal_engine_free(engine);
}

static void tenants_and_routes_are_apart(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with("trust = [\"root.pem\"]\nimport = true\n[tenants.goal.routes.inbound]\nimport = false\n", &store);
    postseal_options options = at_now();
    postseal_report *report;
    options.tenant = "goal";
    options.route = "inbound";
    report = imported(engine, "alice.eml", &options);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_NOT_ACTIVE);
    postseal_report_free(report);
    options.route = NULL;
    report = imported(engine, "alice.eml", &options);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    postseal_report_free(report);
    /* What one tenant has, another one has not. */
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(store->count, 2);
    postseal_engine_free(engine);
}

static int32_t is_late(void *userdata)
{
    ++*(int *)userdata;
    return 1;
}

static void once_the_time_is_over_nobody_is_asked(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    postseal_options options = at_now();
    postseal_report *report;
    int asked = 0;
    options.expired = is_late;
    options.expired_userdata = &asked;
    report = imported(engine, "alice.eml", &options);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_DEFERRED);
    CHECK_NUMBER(postseal_error_number(postseal_report_error(report)), POSTSEAL_STORE_UNAVAILABLE);
    CHECK_TEXT(postseal_report_unavailable(report), "the deadline has passed");
    CHECK(asked > 0);
    CHECK_NUMBER(store->finds, 0);
    postseal_report_free(report);
    options = at_now();
    options.timeout_ms = 60000;
    report = imported(engine, "alice.eml", &options);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    postseal_report_free(report);
    postseal_engine_free(engine);
}

static void options_of_an_older_header_are_read_as_far_as_they_go(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    postseal_options options = at_now();
    postseal_report *report;
    /* A header that ended before dry_run: what stands there is not looked at. */
    options.struct_size = offsetof(postseal_options, dry_run);
    options.dry_run = 1;
    options.ocsp_nonce = (const uint8_t *)1;
    report = imported(engine, "alice.eml", &options);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(store->puts, 1);
    postseal_report_free(report);
    /* Without options it is now, by the clock of the system; the certificate is valid until 2036. */
    report = imported(engine, "alice.eml", NULL);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_ALREADY_KNOWN);
    postseal_report_free(report);
    postseal_engine_free(engine);
}

static void options_that_are_none(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_options options = at_now();
    postseal_report *report = (postseal_report *)1;
    postseal_error *err = NULL;
    options.struct_size = 3;
    CHECK_FAILS(postseal_import_mail(engine, NULL, 0, &options, &report, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK(report == NULL);
    options.struct_size = sizeof options - 1;
    CHECK_FAILS(postseal_import_mail(engine, NULL, 0, &options, &report, &err), POSTSEAL_VALUE_UNKNOWN);
    options = at_now();
    options.reserved = 1;
    CHECK_FAILS(postseal_import_mail(engine, NULL, 0, &options, &report, &err), POSTSEAL_VALUE_UNKNOWN);
    options = at_now();
    options.tenant = "\xff";
    CHECK_FAILS(postseal_import_mail(engine, NULL, 0, &options, &report, &err), POSTSEAL_TEXT_NOT_UTF8);
    postseal_engine_free(engine);
}

static void mail_that_is_none(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_import_mail(engine, NULL, 0, NULL, &report, &err));
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_NOT_SIGNED);
    CHECK_TEXT(postseal_report_message_id(report), NULL);
    CHECK_TEXT(postseal_report_address(report), NULL);
    CHECK_TEXT(postseal_report_fingerprint(report), NULL);
    CHECK(!postseal_report_not_before(report, NULL));
    postseal_report_free(report);
    CHECK_FAILS(postseal_import_mail(engine, NULL, 1, NULL, &report, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_import_mail(engine, (const uint8_t *)"", SIZE_MAX, NULL, &report, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_FAILS(postseal_import_mail(engine, (const uint8_t *)"", 0, NULL, NULL, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_import_mail(NULL, (const uint8_t *)"", 0, NULL, &report, &err), POSTSEAL_ARGUMENT_NULL);
    /* Nobody has to take the error. */
    CHECK_NUMBER(postseal_import_mail(NULL, NULL, 0, NULL, &report, NULL), POSTSEAL_ARGUMENT_NULL);
    postseal_engine_free(engine);
}

static void without_a_store(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    CHECK_FAILS(postseal_import_mail(engine, NULL, 0, NULL, &report, &err), POSTSEAL_STORE_MISSING);
    postseal_engine_free(engine);
}

void test_import(void)
{
    everything_about_a_good_mail();
    each_outcome();
    why_a_mail_is_refused();
    a_dry_run_changes_nothing();
    tenants_and_routes_are_apart();
    once_the_time_is_over_nobody_is_asked();
    options_of_an_older_header_are_read_as_far_as_they_go();
    options_that_are_none();
    mail_that_is_none();
    without_a_store();
}
