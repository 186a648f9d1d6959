/* Operations that the host drives, and everything that can be done wrong with them. */
#include "tests.h"
#include <stdlib.h>

#define IMPORT "trust = [\"root.pem\"]\nimport = true\n"
#define STAFF "trust = [\"root.pem\"]\ndirectories = [\"staff\", \"cloud\"]\n[directory.staff]\nkind = \"host\"\n[directory.cloud]\nkind = \"host\"\n"

static const char *const alice[] = {"alice@goal.example"};
static const char *const alice_and_carol[] = {"alice@goal.example", "carol@goal.example"};

static postseal_operation *importing(postseal_engine *engine, const char *name)
{
    octets mail = file(name);
    postseal_options options = at_now();
    postseal_operation *operation = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_import_operation(engine, mail.data, mail.len, &options, &operation, &err));
    free(mail.data);
    return operation;
}

static postseal_operation *encrypting(postseal_engine *engine, const char *const *visible, size_t count)
{
    octets mail = file("plain.eml");
    postseal_options options = at_now();
    postseal_operation *operation = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_encrypt_operation(engine, mail.data, mail.len, visible, count, NULL, 0, &options, &operation, &err));
    free(mail.data);
    return operation;
}

/* Polls, and gives the question, if there is one. */
static postseal_question *polled(postseal_operation *operation, int wanted)
{
    postseal_question *question = NULL;
    postseal_error *err = NULL;
    int32_t step = 0;
    CHECK_OK(postseal_operation_poll(operation, &step, &question, &err));
    CHECK_NUMBER(step, wanted);
    CHECK((question != NULL) == (wanted == POSTSEAL_STEP_ASK));
    return question;
}

static postseal_answer *answer_to(const postseal_question *question)
{
    postseal_answer *answer = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_answer_new(question, &answer, &err));
    return answer;
}

/* Answers find-stored: nothing is kept. */
static postseal_answer *nothing_stored(const postseal_question *question)
{
    postseal_answer *answer = answer_to(question);
    postseal_error *err = NULL;
    for (size_t i = 0; i < postseal_question_address_count(question); i++) {
        postseal_entry *absent = NULL;
        CHECK_OK(postseal_entry_new(postseal_question_address(question, i), 0, &absent, &err));
        CHECK_OK(postseal_answer_entry(answer, absent, &err));
        postseal_entry_free(absent);
    }
    return answer;
}

static void hand_in(postseal_operation *operation, postseal_answer *answer)
{
    postseal_error *err = NULL;
    CHECK_OK(postseal_operation_answer(operation, answer, &err));
    postseal_answer_free(answer);
}

static void an_import_step_by_step(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_operation *operation = importing(engine, "alice.eml");
    postseal_question *question = polled(operation, POSTSEAL_STEP_ASK);
    postseal_answer *answer;
    postseal_entry *absent = NULL, *after = NULL;
    postseal_error *err = NULL;
    const postseal_report *report;
    int32_t step = 0;
    /* The engine is not needed any more. */
    postseal_engine_free(engine);
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_FIND_STORED);
    CHECK(polled(operation, POSTSEAL_STEP_WAIT) == NULL);
    CHECK(postseal_operation_report(operation) == NULL);
    /* Neither is the question, once there is an answer. */
    answer = nothing_stored(question);
    postseal_question_free(question);
    hand_in(operation, answer);
    question = polled(operation, POSTSEAL_STEP_ASK);
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_PUT_STORED);
    CHECK_NUMBER(postseal_question_expect(question), 0);
    CHECK_OK(postseal_entry_new("alice@goal.example", 0, &absent, &err));
    CHECK_OK(postseal_change_apply(postseal_question_change(question), absent, &after, &err));
    CHECK_NUMBER(postseal_entry_version(after), 1);
    CHECK_TEXT(postseal_entry_fingerprint(after, 0), postseal_change_fingerprint(postseal_question_change(question)));
    answer = answer_to(question);
    CHECK_OK(postseal_answer_stored(answer, &err));
    hand_in(operation, answer);
    postseal_question_free(question);
    CHECK(polled(operation, POSTSEAL_STEP_DONE) == NULL);
    report = postseal_operation_report(operation);
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_TEXT(postseal_report_address(report), "alice@goal.example");
    CHECK_FAILS(postseal_operation_poll(operation, &step, &question, &err), POSTSEAL_POLLED_WHILE_FINISHED);
    CHECK(postseal_operation_report(operation) == report);
    CHECK_NUMBER(postseal_operation_recipient_count(operation), 0);
    postseal_entry_free(absent);
    postseal_entry_free(after);
    postseal_operation_free(operation);
}

static void answer_directory(postseal_operation *operation, postseal_question *question, const char *lends)
{
    postseal_answer *answer = answer_to(question);
    postseal_error *err = NULL;
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_RESOLVE_DIRECTORY);
    for (size_t i = 0; i < postseal_question_address_count(question); i++) {
        if (strncmp(postseal_question_address(question, i), lends, 5) == 0) {
            char name[32];
            octets der;
            postseal_loan loan = {.struct_size = sizeof loan};
            snprintf(name, sizeof name, "%s.der", lends);
            der = file(name);
            loan.der.data = der.data;
            loan.der.len = der.len;
            CHECK_OK(postseal_answer_found(answer, i, &loan, &err));
            free(der.data);
        } else {
            CHECK_OK(postseal_answer_not_found(answer, i, &err));
        }
    }
    hand_in(operation, answer);
    postseal_question_free(question);
}

static void an_encryption_step_by_step(void)
{
    postseal_engine *engine = engine_of(STAFF);
    postseal_operation *operation = encrypting(engine, alice_and_carol, 2);
    postseal_question *question = polled(operation, POSTSEAL_STEP_ASK);
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    octets mail = file("plain.eml");
    const postseal_recipient *carol;
    const uint8_t *data;
    size_t len = 0;
    CHECK_NUMBER(postseal_question_address_count(question), 2);
    CHECK_FAILS(postseal_operation_seal(operation, mail.data, mail.len, &encryption, &err), POSTSEAL_UNANSWERED);
    hand_in(operation, nothing_stored(question));
    postseal_question_free(question);
    question = polled(operation, POSTSEAL_STEP_ASK);
    CHECK_TEXT(postseal_question_directory(question), "staff");
    answer_directory(operation, question, "alice");
    question = polled(operation, POSTSEAL_STEP_ASK);
    CHECK_TEXT(postseal_question_directory(question), "cloud");
    CHECK_NUMBER(postseal_question_address_count(question), 1);
    answer_directory(operation, question, "carol");
    CHECK(polled(operation, POSTSEAL_STEP_DONE) == NULL);
    CHECK(postseal_operation_report(operation) == NULL);
    CHECK_NUMBER(postseal_operation_recipient_count(operation), 2);
    carol = postseal_operation_recipient(operation, 1);
    CHECK_TEXT(postseal_recipient_address(carol), "carol@goal.example");
    CHECK_NUMBER(postseal_recipient_outcome(carol), POSTSEAL_RECIPIENT_FOUND);
    CHECK_NUMBER(postseal_recipient_found_count(carol), 1);
    CHECK_TEXT(postseal_recipient_found_source(carol, 0), "cloud");
    CHECK_NUMBER(strlen(postseal_recipient_found_fingerprint(carol, 0)), 64);
    CHECK_TEXT(postseal_recipient_found_source(carol, 1), NULL);
    CHECK(postseal_recipient_error(carol) == NULL);
    CHECK(postseal_operation_recipient(operation, 2) == NULL);
    CHECK_OK(postseal_operation_seal(operation, mail.data, mail.len, &encryption, &err));
    CHECK_NUMBER(postseal_encryption_message_count(encryption), 1);
    data = postseal_message_mail(postseal_encryption_message(encryption, 0), &len);
    result("carol.sealed.eml", data, len);
    postseal_encryption_free(encryption);
    /* What was lent was lent for one mail. */
    CHECK_FAILS(postseal_operation_seal(operation, mail.data, mail.len, &encryption, &err), POSTSEAL_HANDLE_IN_USE);
    CHECK(encryption == NULL);
    CHECK_NUMBER(postseal_operation_recipient_count(operation), 2);
    postseal_operation_free(operation);
    postseal_engine_free(engine);
    free(mail.data);
}

static void an_answer_is_given_once(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_operation *operation = importing(engine, "alice.eml");
    postseal_question *question = polled(operation, POSTSEAL_STEP_ASK);
    postseal_answer *first = nothing_stored(question), *second = nothing_stored(question);
    postseal_error *err = NULL;
    CHECK_OK(postseal_operation_answer(operation, first, &err));
    CHECK_FAILS(postseal_operation_answer(operation, first, &err), POSTSEAL_QUESTION_ANSWERED);
    CHECK_FAILS(postseal_operation_answer(operation, second, &err), POSTSEAL_QUESTION_ANSWERED);
    CHECK_FAILS(postseal_answer_unavailable(first, "late", &err), POSTSEAL_HANDLE_IN_USE);
    postseal_answer_free(first);
    postseal_answer_free(second);
    postseal_question_free(question);
    /* It goes on as if nothing had happened. */
    question = polled(operation, POSTSEAL_STEP_ASK);
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_PUT_STORED);
    postseal_question_free(question);
    postseal_operation_free(operation);
    postseal_engine_free(engine);
}

static void an_answer_to_another_operation(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_operation *one = importing(engine, "alice.eml"), *other = encrypting(engine, alice, 1);
    postseal_question *question = polled(one, POSTSEAL_STEP_ASK), *others = polled(other, POSTSEAL_STEP_ASK);
    postseal_answer *answer = nothing_stored(others);
    postseal_error *err = NULL;
    CHECK_FAILS(postseal_operation_answer(one, answer, &err), POSTSEAL_FOREIGN_ANSWER);
    postseal_answer_free(answer);
    hand_in(one, nothing_stored(question));
    postseal_question_free(question);
    question = polled(one, POSTSEAL_STEP_ASK);
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_PUT_STORED);
    postseal_question_free(question);
    postseal_question_free(others);
    postseal_operation_free(one);
    postseal_operation_free(other);
    postseal_engine_free(engine);
}

static void an_answer_of_another_kind(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_operation *operation = importing(engine, "alice.eml");
    postseal_question *question = polled(operation, POSTSEAL_STEP_ASK);
    postseal_answer *answer = answer_to(question);
    postseal_loan loan = {.struct_size = sizeof loan, .der = {(const uint8_t *)"x", 1}};
    postseal_entry *entry = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_entry_new("alice@goal.example", 0, &entry, &err));
    CHECK_FAILS(postseal_answer_stored(answer, &err), POSTSEAL_ANSWER_KIND);
    CHECK_FAILS(postseal_answer_conflict(answer, entry, &err), POSTSEAL_ANSWER_KIND);
    CHECK_FAILS(postseal_answer_found(answer, 0, &loan, &err), POSTSEAL_ANSWER_KIND);
    CHECK_FAILS(postseal_answer_found_cms(answer, 0, loan.der.data, 1, &err), POSTSEAL_ANSWER_KIND);
    CHECK_FAILS(postseal_answer_not_found(answer, 0, &err), POSTSEAL_ANSWER_KIND);
    CHECK_FAILS(postseal_answer_not_answered(answer, 0, "x", &err), POSTSEAL_ANSWER_KIND);
    CHECK_FAILS(postseal_answer_body(answer, NULL, 0, &err), POSTSEAL_ANSWER_KIND);
    /* It can still be the right one. */
    CHECK_OK(postseal_answer_entry(answer, entry, &err));
    hand_in(operation, answer);
    postseal_question_free(question);
    question = polled(operation, POSTSEAL_STEP_ASK);
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_PUT_STORED);
    postseal_question_free(question);
    postseal_entry_free(entry);
    postseal_operation_free(operation);
    postseal_engine_free(engine);
}

/* Whatever a host gets wrong about an answer, the mail is deferred. */
static void answers_that_are_not_whole(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    for (int entries = 0; entries <= 3; entries++) {
        postseal_operation *operation = importing(engine, "alice.eml");
        postseal_question *question = polled(operation, POSTSEAL_STEP_ASK);
        postseal_answer *answer = answer_to(question);
        postseal_entry *entry = NULL;
        postseal_error *err = NULL;
        /* None, another mailbox's, two, or one and a word of regret. */
        CHECK_OK(postseal_entry_new(entries == 1 ? "bob@goal.example" : "alice@goal.example", 0, &entry, &err));
        for (int i = 0; i < entries; i++)
            if (entries != 3 || i == 0)
                CHECK_OK(postseal_answer_entry(answer, entry, &err));
        if (entries == 3)
            CHECK_OK(postseal_answer_unavailable(answer, "on second thoughts", &err));
        hand_in(operation, answer);
        postseal_question_free(question);
        CHECK(polled(operation, POSTSEAL_STEP_DONE) == NULL);
        CHECK_NUMBER(postseal_report_outcome(postseal_operation_report(operation)), POSTSEAL_OUTCOME_DEFERRED);
        CHECK_NUMBER(postseal_error_number(postseal_report_error(postseal_operation_report(operation))), POSTSEAL_STORE_UNAVAILABLE);
        if (entries == 3)
            CHECK_TEXT(postseal_report_unavailable(postseal_operation_report(operation)), "on second thoughts");
        postseal_entry_free(entry);
        postseal_operation_free(operation);
    }
    postseal_engine_free(engine);
}

static void a_mail_that_goes_as_it_is(void)
{
    postseal_engine *engine = engine_of(IMPORT "[encrypt]\npass_encrypted = true\n");
    const char *mail = "Subject: x\r\nContent-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n"
                       "Content-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxADCABgkqhkiG9w0BBwEAAAAAAAAAAAAA\r\n";
    postseal_operation *operation = NULL;
    postseal_encryption *encryption = NULL;
    postseal_question *question = NULL;
    postseal_plan *plan = NULL;
    postseal_error *err = NULL;
    int32_t step = 0;
    for (int planned = 0; planned <= 1; planned++) {
        CHECK_OK(postseal_encrypt_operation(engine, (const uint8_t *)mail, strlen(mail), alice, 1, NULL, 0, NULL, &operation, &err));
        if (planned)
            CHECK_OK(postseal_operation_carry_out(operation, engine, NULL, &err));
        else
            CHECK(polled(operation, POSTSEAL_STEP_DONE) == NULL);
        CHECK_FAILS(postseal_operation_poll(operation, &step, &question, &err), POSTSEAL_POLLED_WHILE_FINISHED);
        CHECK_NUMBER(postseal_operation_recipient_count(operation), 0);
        if (planned) {
            CHECK_OK(postseal_operation_plan(operation, &plan, &err));
            CHECK(postseal_plan_is_passed(plan));
            CHECK_NUMBER(postseal_plan_message_count(plan), 0);
            postseal_plan_free(plan);
        } else {
            CHECK_OK(postseal_operation_seal(operation, NULL, 0, &encryption, &err));
            CHECK(postseal_encryption_is_passed(encryption));
            postseal_encryption_free(encryption);
        }
        postseal_operation_free(operation);
    }
    postseal_engine_free(engine);
}

/* A callback that uses the very operation whose call it is part of. */
static postseal_operation *busy;

static void polls_again(void *userdata, const char *name, const char *json)
{
    postseal_question *question = NULL;
    postseal_error *err = NULL;
    int32_t step = 0;
    (void)name;
    (void)json;
    ++*(int *)userdata;
    CHECK_FAILS(postseal_operation_poll(busy, &step, &question, &err), POSTSEAL_HANDLE_IN_USE);
}

static void one_call_at_a_time(void)
{
    postseal_engine *engine = engine_of(IMPORT);
    postseal_tracer_table table = {sizeof table, polls_again, NULL};
    postseal_error *err = NULL;
    int heard = 0;
    CHECK_OK(postseal_engine_set_tracer(engine, &table, &heard, &err));
    busy = importing(engine, "alice.eml");
    postseal_question_free(polled(busy, POSTSEAL_STEP_ASK));
    CHECK(heard > 0);
    CHECK(polled(busy, POSTSEAL_STEP_WAIT) == NULL);
    postseal_operation_free(busy);
    postseal_engine_free(engine);
}

static void what_does_not_go_together(void)
{
    postseal_engine *engine = engine_of("trust = [\"root.pem\"]\n");
    postseal_operation *operation = importing(engine, "plain.eml");
    postseal_question *question = NULL;
    postseal_encryption *encryption = NULL;
    postseal_plan *plan = NULL;
    postseal_error *err = NULL;
    postseal_options options = at_now();
    int32_t step = 0;
    CHECK_FAILS(postseal_operation_poll(operation, NULL, &question, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_operation_poll(operation, &step, NULL, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK(polled(operation, POSTSEAL_STEP_DONE) == NULL);
    CHECK_FAILS(postseal_operation_seal(operation, NULL, 0, &encryption, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_FAILS(postseal_operation_plan(operation, &plan, &err), POSTSEAL_VALUE_UNKNOWN);
    postseal_operation_free(operation);
    options.dry_run = 1;
    CHECK_FAILS(postseal_encrypt_operation(engine, NULL, 0, alice, 1, NULL, 0, &options, &operation, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_FAILS(postseal_encrypt_operation(engine, NULL, 0, NULL, 0, NULL, 0, NULL, &operation, &err), POSTSEAL_RECIPIENTS_MISSING);
    CHECK(operation == NULL);
    postseal_engine_free(engine);
}

void test_operation(void)
{
    an_import_step_by_step();
    an_encryption_step_by_step();
    an_answer_is_given_once();
    an_answer_to_another_operation();
    an_answer_of_another_kind();
    answers_that_are_not_whole();
    a_mail_that_goes_as_it_is();
    one_call_at_a_time();
    what_does_not_go_together();
}
