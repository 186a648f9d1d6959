/* Encrypting by one call. */
#include "tests.h"
#include <stdlib.h>

#define IMPORT "trust = [\"root.pem\"]\nimport = true\n"

static const char *const alice[] = {"alice@goal.example"};
static const char *const alice_and_nobody[] = {"alice@goal.example", "nobody@goal.example"};
static const char *const bob[] = {"Bob@goal.example"};

static postseal_encryption *encrypted(postseal_engine *engine, const char *const *visible, size_t visible_len,
                                      const char *const *hidden, size_t hidden_len)
{
    octets mail = file("plain.eml");
    postseal_options options = at_now();
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_encrypt(engine, mail.data, mail.len, visible, visible_len, hidden, hidden_len, &options, &encryption, &err));
    free(mail.data);
    return encryption;
}

static void one_message_for_all_and_one_for_each_hidden(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_encryption *encryption;
    const postseal_message *message;
    const uint8_t *data;
    size_t len = 0;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(import_file(engine, "bob.eml"), POSTSEAL_OUTCOME_IMPORTED);
    encryption = encrypted(engine, alice, 1, bob, 1);
    CHECK_NUMBER(postseal_encryption_message_count(encryption), 2);
    CHECK_NUMBER(postseal_encryption_left_out_count(encryption), 0);
    CHECK(!postseal_encryption_plaintext_allowed(encryption));
    CHECK(!postseal_encryption_is_passed(encryption));
    message = postseal_encryption_message(encryption, 0);
    CHECK_NUMBER(postseal_message_address_count(message), 1);
    CHECK_TEXT(postseal_message_address(message, 0), "alice@goal.example");
    CHECK_TEXT(postseal_message_address(message, 1), NULL);
    CHECK(!postseal_message_hidden(message));
    CHECK(strncmp(postseal_message_content_encryption(message), "aes", 3) == 0);
    data = postseal_message_mail(message, &len);
    CHECK(data != NULL && len > 500);
    CHECK(postseal_message_mail(message, NULL) == data);
    result("alice.sealed.eml", data, len);
    message = postseal_encryption_message(encryption, 1);
    CHECK_TEXT(postseal_message_address(message, 0), "Bob@goal.example");
    CHECK(postseal_message_hidden(message));
    data = postseal_message_mail(message, &len);
    result("bob.sealed.eml", data, len);
    CHECK(postseal_encryption_message(encryption, 2) == NULL);
    postseal_encryption_free(encryption);
    postseal_engine_free(engine);
}

static void who_cannot_be_reached_is_named(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    octets mail = file("plain.eml");
    postseal_options options = at_now();
    postseal_encryption *encryption = (postseal_encryption *)1;
    postseal_error *err = NULL;
    const postseal_recipient *nobody;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(postseal_encrypt(engine, mail.data, mail.len, alice_and_nobody, 2, NULL, 0, &options, &encryption, &err),
                 POSTSEAL_NO_CERTIFICATE);
    CHECK(encryption == NULL);
    CHECK_NUMBER(postseal_error_recipient_count(err), 1);
    nobody = postseal_error_recipient(err, 0);
    CHECK_TEXT(postseal_recipient_address(nobody), "nobody@goal.example");
    CHECK_NUMBER(postseal_recipient_outcome(nobody), POSTSEAL_RECIPIENT_NOT_FOUND);
    CHECK(!postseal_recipient_hidden(nobody));
    CHECK_NUMBER(postseal_recipient_found_count(nobody), 0);
    CHECK_NUMBER(postseal_recipient_rejected_count(nobody), 0);
    CHECK_NUMBER(postseal_error_number(postseal_recipient_error(nobody)), POSTSEAL_NO_CERTIFICATE);
    CHECK_TEXT(postseal_recipient_unavailable(nobody), NULL);
    CHECK(!postseal_recipient_needs_operator(nobody));
    CHECK(postseal_recipient_may_get_plaintext(nobody));
    CHECK(postseal_error_recipient(err, 1) == NULL);
    /* The text of the error names nobody. */
    CHECK(strstr(postseal_error_message(err), "nobody@") == NULL);
    postseal_error_free(err);
    free(mail.data);
    postseal_engine_free(engine);
}

static void plaintext_where_the_route_allows_it(void)
{
    postseal_engine *engine = engine_with(IMPORT "[encrypt]\nmode = \"if-possible\"\n", NULL);
    postseal_encryption *encryption;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    encryption = encrypted(engine, alice_and_nobody, 2, NULL, 0);
    CHECK_NUMBER(postseal_encryption_message_count(encryption), 1);
    CHECK(postseal_encryption_plaintext_allowed(encryption));
    CHECK_NUMBER(postseal_encryption_left_out_count(encryption), 1);
    CHECK_TEXT(postseal_recipient_address(postseal_encryption_left_out(encryption, 0)), "nobody@goal.example");
    CHECK(postseal_encryption_left_out(encryption, 1) == NULL);
    postseal_encryption_free(encryption);
    postseal_engine_free(engine);
}

static void a_store_that_is_down_is_not_one_that_has_none(void)
{
    memory_store *store = NULL;
    postseal_engine *engine = engine_with(IMPORT, &store);
    octets mail = file("plain.eml");
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    store->fails = 1;
    CHECK_NUMBER(postseal_encrypt(engine, mail.data, mail.len, alice, 1, NULL, 0, NULL, &encryption, &err), POSTSEAL_STORE_UNAVAILABLE);
    CHECK_NUMBER(postseal_error_fault(err), POSTSEAL_FAULT_UNAVAILABLE);
    CHECK_NUMBER(postseal_recipient_outcome(postseal_error_recipient(err, 0)), POSTSEAL_RECIPIENT_UNAVAILABLE);
    CHECK_TEXT(postseal_recipient_unavailable(postseal_error_recipient(err, 0)), "the host's callback returned 1");
    CHECK(!postseal_recipient_may_get_plaintext(postseal_error_recipient(err, 0)));
    postseal_error_free(err);
    free(mail.data);
    postseal_engine_free(engine);
}

static void a_mail_that_is_encrypted_already(void)
{
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_engine *passing = engine_with(IMPORT "[encrypt]\npass_encrypted = true\n", NULL);
    postseal_encryption *once, *twice = NULL;
    postseal_error *err = NULL;
    const uint8_t *data;
    size_t len = 0;
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_IMPORTED);
    once = encrypted(engine, alice, 1, NULL, 0);
    data = postseal_message_mail(postseal_encryption_message(once, 0), &len);
    CHECK_FAILS(postseal_encrypt(engine, data, len, alice, 1, NULL, 0, NULL, &twice, &err), POSTSEAL_ALREADY_ENCRYPTED);
    CHECK_OK(postseal_encrypt(passing, data, len, alice, 1, NULL, 0, NULL, &twice, &err));
    CHECK(postseal_encryption_is_passed(twice));
    CHECK_NUMBER(postseal_encryption_message_count(twice), 0);
    postseal_encryption_free(once);
    postseal_encryption_free(twice);
    postseal_engine_free(engine);
    postseal_engine_free(passing);
}

static void recipients_that_are_none(void)
{
    static const char *const wrong[] = {"alice"}, *const missing[] = {NULL}, *const bytes[] = {"\xff@goal.example"};
    static const char *const twice[] = {"alice@goal.example", "ALICE@goal.example"};
    postseal_engine *engine = engine_with(IMPORT, NULL);
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    postseal_options options = at_now();
    const uint8_t mail[] = "Subject: x\r\n\r\nx\r\n";
    size_t len = sizeof mail - 1;
    CHECK_FAILS(postseal_encrypt(engine, mail, len, wrong, 1, NULL, 0, NULL, &encryption, &err), POSTSEAL_ADDRESS_MALFORMED);
    CHECK_FAILS(postseal_encrypt(engine, mail, len, NULL, 0, missing, 1, NULL, &encryption, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_encrypt(engine, mail, len, bytes, 1, NULL, 0, NULL, &encryption, &err), POSTSEAL_TEXT_NOT_UTF8);
    CHECK_FAILS(postseal_encrypt(engine, mail, len, NULL, 1, NULL, 0, NULL, &encryption, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_encrypt(engine, mail, len, NULL, 0, NULL, 0, NULL, &encryption, &err), POSTSEAL_RECIPIENTS_MISSING);
    CHECK_FAILS(postseal_encrypt(engine, mail, len, twice, 2, NULL, 0, NULL, &encryption, &err), POSTSEAL_RECIPIENT_REPEATED);
    options.dry_run = 1;
    CHECK_FAILS(postseal_encrypt(engine, mail, len, alice, 1, NULL, 0, &options, &encryption, &err), POSTSEAL_VALUE_UNKNOWN);
    postseal_engine_free(engine);
    engine = engine_of(IMPORT);
    CHECK_FAILS(postseal_encrypt(engine, mail, len, alice, 1, NULL, 0, NULL, &encryption, &err), POSTSEAL_STORE_MISSING);
    postseal_engine_free(engine);
}

void test_encrypt(void)
{
    one_message_for_all_and_one_for_each_hidden();
    who_cannot_be_reached_is_named();
    plaintext_where_the_route_allows_it();
    a_store_that_is_down_is_not_one_that_has_none();
    a_mail_that_is_encrypted_already();
    recipients_that_are_none();
}
