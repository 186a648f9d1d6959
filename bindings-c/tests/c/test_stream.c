/* Sealing in pieces. */
#include "tests.h"
#include <stdlib.h>

#define IMPORT "trust = [\"root.pem\"]\nimport = true\n"

static const char *const alice[] = {"alice@goal.example"};
static const char *const bob[] = {"bob@goal.example"};

/* What was written; or when it fails. */
typedef struct output {
    octets octets;
    int writes, fails_at;
    postseal_sealer *sealer;
} output;

static int32_t take(void *userdata, const uint8_t *data, size_t len)
{
    output *output = userdata;
    CHECK(data != NULL && len > 0);
    if (++output->writes == output->fails_at)
        return 28;
    if (output->sealer) {
        postseal_error *err = NULL;
        CHECK_FAILS(postseal_sealer_push(output->sealer, NULL, 0, take, output, &err), POSTSEAL_HANDLE_IN_USE);
    }
    output->octets.data = realloc(output->octets.data, output->octets.len + len);
    if (!output->octets.data)
        abort();
    memcpy(output->octets.data + output->octets.len, data, len);
    output->octets.len += len;
    return 0;
}

/* A plan for alice, and bob who is hidden. */
static postseal_plan *planned(postseal_engine *engine)
{
    postseal_options options = at_now();
    postseal_operation *operation = NULL;
    postseal_question *question = NULL;
    postseal_answer *answer = NULL;
    postseal_entries *entries = NULL;
    postseal_plan *plan = NULL;
    postseal_error *err = NULL;
    int32_t step = 0;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(import_file(engine, "bob.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_OK(postseal_engine_entries(engine, NULL, &entries, &err));
    CHECK_OK(postseal_encrypt_operation(engine, NULL, 0, alice, 1, bob, 1, &options, &operation, &err));
    CHECK_OK(postseal_operation_poll(operation, &step, &question, &err));
    CHECK_OK(postseal_answer_new(question, &answer, &err));
    for (size_t i = 0; i < postseal_entries_count(entries); i++)
        CHECK_OK(postseal_answer_entry(answer, postseal_entries_entry(entries, i), &err));
    CHECK_OK(postseal_operation_answer(operation, answer, &err));
    postseal_answer_free(answer);
    postseal_question_free(question);
    CHECK_OK(postseal_operation_poll(operation, &step, &question, &err));
    CHECK_NUMBER(step, POSTSEAL_STEP_DONE);
    CHECK_OK(postseal_operation_plan(operation, &plan, &err));
    CHECK_FAILS(postseal_operation_plan(operation, (postseal_plan *[]){NULL}, &err), POSTSEAL_HANDLE_IN_USE);
    postseal_operation_free(operation);
    postseal_entries_free(entries);
    return plan;
}

static void seal(postseal_plan *plan, size_t message, size_t piece, bool known, const char *name)
{
    octets mail = file("large.eml");
    output output = {{NULL, 0}, 0, 0, NULL};
    postseal_sealer *sealer = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_plan_sealer(plan, message, known ? (int64_t)mail.len : -1, &sealer, &err));
    output.sealer = sealer;
    CHECK(strncmp(postseal_sealer_content_encryption(sealer), "aes", 3) == 0);
    for (size_t at = 0; at < mail.len; at += piece)
        CHECK_OK(postseal_sealer_push(sealer, mail.data + at, mail.len - at < piece ? mail.len - at : piece, take, &output, &err));
    CHECK_OK(postseal_sealer_finish(sealer, take, &output, &err));
    CHECK(output.writes > 1);
    CHECK_FAILS(postseal_sealer_finish(sealer, take, &output, &err), POSTSEAL_HANDLE_IN_USE);
    CHECK_FAILS(postseal_sealer_push(sealer, mail.data, 1, take, &output, &err), POSTSEAL_HANDLE_IN_USE);
    postseal_sealer_free(sealer);
    result(name, output.octets.data, output.octets.len);
    free(output.octets.data);
    free(mail.data);
}

static void two_messages_in_pieces(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_plan *plan = planned(engine);
    postseal_sealer *sealer = NULL;
    postseal_error *err = NULL;
    CHECK_NUMBER(postseal_plan_message_count(plan), 2);
    CHECK_NUMBER(postseal_plan_address_count(plan, 0), 1);
    CHECK_TEXT(postseal_plan_address(plan, 0, 0), "alice@goal.example");
    CHECK_TEXT(postseal_plan_address(plan, 0, 1), NULL);
    CHECK(!postseal_plan_hidden(plan, 0));
    CHECK_TEXT(postseal_plan_address(plan, 1, 0), "bob@goal.example");
    CHECK(postseal_plan_hidden(plan, 1));
    CHECK_NUMBER(postseal_plan_address_count(plan, 2), 0);
    CHECK_TEXT(postseal_plan_address(plan, 2, 0), NULL);
    CHECK(!postseal_plan_hidden(plan, 2));
    CHECK_NUMBER(postseal_plan_left_out_count(plan), 0);
    CHECK(postseal_plan_left_out(plan, 0) == NULL);
    CHECK(!postseal_plan_plaintext_allowed(plan));
    CHECK(!postseal_plan_is_passed(plan));
    seal(plan, 0, 1000, true, "alice.stream.eml");
    seal(plan, 1, 7, false, "bob.stream.eml");
    CHECK_FAILS(postseal_plan_sealer(plan, 0, -1, &sealer, &err), POSTSEAL_HANDLE_IN_USE);
    CHECK_FAILS(postseal_plan_sealer(plan, 2, -1, &sealer, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK(sealer == NULL);
    postseal_plan_free(plan);
    postseal_engine_free(engine);
}

static void an_output_that_fails_ends_the_message(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_plan *plan = planned(engine);
    octets mail = file("large.eml");
    output output = {{NULL, 0}, 0, 1, NULL};
    postseal_sealer *sealer = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_plan_sealer(plan, 0, -1, &sealer, &err));
    CHECK_NUMBER(postseal_sealer_push(sealer, mail.data, mail.len, take, &output, &err), POSTSEAL_OUTPUT_FAILED);
    CHECK(strstr(postseal_error_message(err), "The callback returned 28.") != NULL);
    CHECK_NUMBER(postseal_error_fault(err), POSTSEAL_FAULT_UNAVAILABLE);
    postseal_error_free(err);
    err = NULL;
    CHECK_FAILS(postseal_sealer_finish(sealer, take, &output, &err), POSTSEAL_HANDLE_IN_USE);
    postseal_sealer_free(sealer);
    CHECK_OK(postseal_plan_sealer(plan, 1, -1, &sealer, &err));
    CHECK_FAILS(postseal_sealer_push(sealer, mail.data, mail.len, NULL, NULL, &err), POSTSEAL_ARGUMENT_NULL);
    postseal_sealer_free(sealer);
    postseal_plan_free(plan);
    postseal_engine_free(engine);
    free(mail.data);
}

static void another_length_than_was_said(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_plan *plan = planned(engine);
    octets mail = file("plain.eml");
    output output = {{NULL, 0}, 0, 0, NULL};
    postseal_sealer *sealer = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_plan_sealer(plan, 0, (int64_t)mail.len - 1, &sealer, &err));
    CHECK_FAILS(postseal_sealer_push(sealer, mail.data, mail.len, take, &output, &err), POSTSEAL_LENGTH_MISMATCH);
    /* It only repeats that. */
    CHECK_FAILS(postseal_sealer_push(sealer, mail.data, 1, take, &output, &err), POSTSEAL_LENGTH_MISMATCH);
    CHECK_FAILS(postseal_sealer_finish(sealer, take, &output, &err), POSTSEAL_LENGTH_MISMATCH);
    postseal_sealer_free(sealer);
    CHECK_OK(postseal_plan_sealer(plan, 1, (int64_t)mail.len + 1, &sealer, &err));
    CHECK_OK(postseal_sealer_push(sealer, mail.data, mail.len, take, &output, &err));
    CHECK_FAILS(postseal_sealer_finish(sealer, take, &output, &err), POSTSEAL_LENGTH_MISMATCH);
    postseal_sealer_free(sealer);
    postseal_plan_free(plan);
    postseal_engine_free(engine);
    free(output.octets.data);
    free(mail.data);
}

/* The engine does what is left to do. */
static void carried_out_by_the_engine(void)
{
    static const char *const nobody[] = {"nobody@goal.example"};
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    postseal_engine *without = engine_of(IMPORT);
    postseal_options options = at_now();
    postseal_operation *operation = NULL;
    postseal_question *question = NULL;
    postseal_plan *plan = NULL;
    postseal_error *err = NULL;
    octets mail = file("alice.eml");
    int32_t step = 0;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_OK(postseal_encrypt_operation(engine, NULL, 0, alice, 1, NULL, 0, &options, &operation, &err));
    CHECK_OK(postseal_operation_carry_out(operation, engine, NULL, &err));
    CHECK_NUMBER(postseal_operation_recipient_count(operation), 1);
    CHECK_FAILS(postseal_operation_carry_out(operation, engine, NULL, &err), POSTSEAL_POLLED_WHILE_FINISHED);
    CHECK_FAILS(postseal_operation_poll(operation, &step, &question, &err), POSTSEAL_POLLED_WHILE_FINISHED);
    CHECK_OK(postseal_operation_plan(operation, &plan, &err));
    CHECK_NUMBER(postseal_plan_message_count(plan), 1);
    postseal_plan_free(plan);
    postseal_operation_free(operation);
    /* An engine without a store has nobody to ask. */
    CHECK_OK(postseal_encrypt_operation(engine, NULL, 0, nobody, 1, NULL, 0, &options, &operation, &err));
    CHECK_FAILS(postseal_operation_carry_out(operation, without, NULL, &err), POSTSEAL_STORE_MISSING);
    CHECK_OK(postseal_operation_carry_out(operation, engine, NULL, &err));
    CHECK_NUMBER(postseal_recipient_outcome(postseal_operation_recipient(operation, 0)), POSTSEAL_RECIPIENT_NOT_FOUND);
    CHECK_FAILS(postseal_operation_plan(operation, &plan, &err), POSTSEAL_NO_CERTIFICATE);
    CHECK(plan == NULL);
    postseal_operation_free(operation);
    /* The question is ours: nobody else can answer it. */
    CHECK_OK(postseal_encrypt_operation(engine, NULL, 0, alice, 1, NULL, 0, &options, &operation, &err));
    CHECK_OK(postseal_operation_poll(operation, &step, &question, &err));
    CHECK_FAILS(postseal_operation_carry_out(operation, engine, NULL, &err), POSTSEAL_UNANSWERED);
    postseal_question_free(question);
    CHECK_FAILS(postseal_operation_poll(operation, &step, &question, &err), POSTSEAL_POLLED_WHILE_FINISHED);
    postseal_operation_free(operation);
    CHECK_OK(postseal_import_operation(engine, mail.data, mail.len, &options, &operation, &err));
    CHECK_FAILS(postseal_operation_carry_out(operation, engine, NULL, &err), POSTSEAL_VALUE_UNKNOWN);
    CHECK_OK(postseal_operation_poll(operation, &step, &question, &err));
    postseal_question_free(question);
    postseal_operation_free(operation);
    postseal_engine_free(engine);
    postseal_engine_free(without);
    free(mail.data);
}

void test_stream(void)
{
    carried_out_by_the_engine();
    two_messages_in_pieces();
    an_output_that_fails_ends_the_message();
    another_length_than_was_said();
}
