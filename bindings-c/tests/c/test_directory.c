/* A directory of the host's own. */
#include "tests.h"
#include <stdlib.h>

#define STAFF "trust = [\"root.pem\"]\ndirectories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n"

static const char *const carol_and_dave[] = {"carol@goal.example", "dave@goal.example"};

/* What the directory does when it is asked. */
typedef struct staff {
    enum { LENDS, LENDS_CMS, LENDS_BROKEN_CMS, LENDS_NO_CMS, LENDS_NOTHING, KNOWS_THEM, IS_DOWN, FAILS,
           SAYS_NOTHING, LENDS_GARBAGE, STOPS_AFTER_GARBAGE, IS_DOWN_FOR_ONE, SAYS_TOO_MUCH } does;
    int asked, destroyed;
} staff;

static int32_t lend(const postseal_question *question, postseal_answer *answer, size_t index)
{
    postseal_loan loan = {.struct_size = sizeof loan, .preferred = 1};
    bool is_carol = strcmp(postseal_question_address(question, index), "carol@goal.example") == 0;
    octets der = file(is_carol ? "carol.der" : "dave.der"), middle = file("middle.der"), gcm = file("gcm.der");
    postseal_octets issuers[] = {{middle.data, middle.len}};
    int32_t status;
    loan.der.data = der.data;
    loan.der.len = der.len;
    loan.issuers = issuers;
    loan.issuers_len = is_carol ? 0 : 1;
    loan.capabilities.data = gcm.data;
    loan.capabilities.len = gcm.len;
    loan.capabilities_are_dated = 1;
    loan.capabilities_signed_at = NOW - 1;
    status = postseal_answer_found(answer, index, &loan, NULL);
    /* Everything was copied. */
    memset(der.data, 0, der.len);
    free(der.data);
    free(middle.data);
    free(gcm.data);
    return status;
}

/* The same as one CMS object. */
static int32_t lend_cms(const postseal_question *question, postseal_answer *answer, size_t index, bool is_broken)
{
    bool is_carol = strcmp(postseal_question_address(question, index), "carol@goal.example") == 0;
    octets cms = file(is_carol ? "carol.p7c" : is_broken ? "dave-broken.p7s" : "dave.p7s");
    int32_t status = postseal_answer_found_cms(answer, index, cms.data, cms.len, NULL);
    memset(cms.data, 0, cms.len);
    free(cms.data);
    return status;
}

/* What is no such object: the code says so, and nothing is added. */
static void lend_no_cms(postseal_answer *answer, size_t index)
{
    octets der = file("carol.der"), cms = file("carol.p7c");
    postseal_error *err = NULL;
    CHECK_FAILS(postseal_answer_found_cms(answer, index, der.data, der.len, &err), POSTSEAL_CMS_NOT_SIGNED_DATA);
    for (size_t len = 0; len < cms.len; len++)
        CHECK(postseal_answer_found_cms(answer, index, cms.data, len, NULL) != POSTSEAL_OK);
    CHECK_FAILS(postseal_answer_found_cms(answer, index, NULL, 1, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_FAILS(postseal_answer_found_cms(answer, index, cms.data, SIZE_MAX, &err), POSTSEAL_VALUE_UNKNOWN);
    free(der.data);
    free(cms.data);
}

static int32_t resolve(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    staff *staff = userdata;
    size_t count = postseal_question_address_count(question);
    postseal_loan garbage = {.struct_size = sizeof garbage, .der = {(const uint8_t *)"x", 1}};
    int32_t status = 0;
    staff->asked++;
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_RESOLVE_DIRECTORY);
    CHECK_TEXT(postseal_question_directory(question), "staff");
    CHECK_TEXT(postseal_question_tenant(question), "default");
    CHECK_NUMBER(postseal_answer_stored(answer, NULL), POSTSEAL_ANSWER_KIND);
    for (size_t i = 0; status == 0 && i < count; i++) {
        if (staff->does == LENDS)
            status = lend(question, answer, i);
        if (staff->does == LENDS_CMS || staff->does == LENDS_BROKEN_CMS)
            status = lend_cms(question, answer, i, staff->does == LENDS_BROKEN_CMS);
        if (staff->does == LENDS_NO_CMS)
            lend_no_cms(answer, i);
        if (staff->does == KNOWS_THEM)
            status = postseal_answer_found(answer, i, NULL, NULL);
        if (staff->does == LENDS_NOTHING || staff->does == SAYS_TOO_MUCH) {
            status = postseal_answer_not_found(answer, i, NULL);
            /* One reply for each. */
            CHECK_NUMBER(postseal_answer_found(answer, i, &garbage, NULL), POSTSEAL_VALUE_UNKNOWN);
            CHECK_NUMBER(lend_cms(question, answer, i, false), POSTSEAL_VALUE_UNKNOWN);
        }
        if (staff->does == IS_DOWN_FOR_ONE)
            status = i == 0 ? lend(question, answer, i) : postseal_answer_not_answered(answer, i, "referral without an answer", NULL);
        if (staff->does == STOPS_AFTER_GARBAGE) {
            CHECK_NUMBER(postseal_answer_found(answer, i, &garbage, NULL), 0);
            status = postseal_answer_not_answered(answer, i, "size limit", NULL);
        }
        if (staff->does == LENDS_GARBAGE) {
            status = postseal_answer_found(answer, i, &garbage, NULL);
            CHECK_NUMBER(postseal_answer_not_found(answer, i, NULL), POSTSEAL_VALUE_UNKNOWN);
        }
    }
    if (staff->does == SAYS_TOO_MUCH) {
        CHECK_NUMBER(postseal_answer_not_found(answer, count, NULL), POSTSEAL_VALUE_UNKNOWN);
        CHECK_NUMBER(postseal_answer_found(answer, SIZE_MAX, &garbage, NULL), POSTSEAL_VALUE_UNKNOWN);
        CHECK_NUMBER(postseal_answer_found_cms(answer, count, NULL, 0, NULL), POSTSEAL_VALUE_UNKNOWN);
        CHECK_NUMBER(postseal_answer_not_answered(answer, count, "x", NULL), POSTSEAL_VALUE_UNKNOWN);
    }
    if (staff->does == IS_DOWN)
        status = postseal_answer_unavailable(answer, "dc1.corp.example: connection refused", NULL);
    return staff->does == FAILS ? 42 : status;
}

static void destroy(void *userdata)
{
    ((staff *)userdata)->destroyed++;
}

static const postseal_directory_table table = {sizeof table, resolve, destroy};

static postseal_status encrypt_to(staff *staff, const char *const *to, size_t count, postseal_encryption **encryption,
                                  postseal_error **error)
{
    static journal journal = {.lock = PTHREAD_MUTEX_INITIALIZER};
    postseal_engine *engine = engine_with(STAFF, NULL);
    postseal_options options = at_now();
    postseal_error *err = NULL;
    octets mail = file("plain.eml");
    postseal_status status;
    CHECK_OK(postseal_engine_set_directory(engine, "staff", &table, staff, &err));
    CHECK_OK(postseal_engine_set_tracer(engine, &journal_table, &journal, &err));
    status = postseal_encrypt(engine, mail.data, mail.len, to, count, NULL, 0, &options, encryption, error);
    if (status == POSTSEAL_OK) {
        /* What was lent was used, and is gone. */
        CHECK_NUMBER(journal_has(&journal, "lent-used"), count);
        CHECK_NUMBER(journal_has(&journal, "lent-discarded"), count);
    }
    CHECK_NUMBER(staff->asked, 1);
    CHECK_NUMBER(staff->destroyed, 0);
    journal_clear(&journal);
    postseal_engine_free(engine);
    CHECK_NUMBER(staff->destroyed, 1);
    free(mail.data);
    return status;
}

static postseal_status encrypt(staff *staff, postseal_encryption **encryption, postseal_error **error)
{
    return encrypt_to(staff, carol_and_dave, 2, encryption, error);
}

static void it_lends_for_one_delivery(void)
{
    staff staff = {LENDS, 0, 0};
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    const uint8_t *data;
    size_t len = 0;
    CHECK_OK(encrypt(&staff, &encryption, &err));
    CHECK_NUMBER(postseal_encryption_message_count(encryption), 1);
    CHECK_NUMBER(postseal_message_address_count(postseal_encryption_message(encryption, 0)), 2);
    /* Both signed that they read it. */
    CHECK_TEXT(postseal_message_content_encryption(postseal_encryption_message(encryption, 0)), "aes256-gcm");
    data = postseal_message_mail(postseal_encryption_message(encryption, 0), &len);
    result("dave.sealed.eml", data, len);
    postseal_encryption_free(encryption);
}

/* What came as one CMS object counts as if it had come by itself; what its owner signed does as long as the signature holds. */
static void it_lends_one_object(void)
{
    const struct { int does; size_t first; const char *sealed_with; } cases[] = {
        {LENDS_CMS, 1, "aes256-gcm"},
        {LENDS_BROKEN_CMS, 1, "aes256-cbc"},
        /* Carol signed nothing, and Dave not that he reads AES-256-CBC: what everybody must read is left (RFC 8551 2.7). */
        {LENDS_CMS, 0, "aes128-cbc"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        staff staff = {cases[i].does, 0, 0};
        size_t first = cases[i].first, len = 0;
        postseal_encryption *encryption = NULL;
        postseal_error *err = NULL;
        const postseal_message *message;
        const uint8_t *data;
        CHECK_OK(encrypt_to(&staff, carol_and_dave + first, 2 - first, &encryption, &err));
        message = postseal_encryption_message(encryption, 0);
        CHECK_NUMBER(postseal_message_address_count(message), 2 - first);
        CHECK_TEXT(postseal_message_content_encryption(message), cases[i].sealed_with);
        data = postseal_message_mail(message, &len);
        if (first == 0)
            result("carol.cms.eml", data, len);
        postseal_encryption_free(encryption);
    }
}

static void what_it_says_is_what_becomes_of_the_recipient(void)
{
    const struct { int does; int code; int outcome; const char *why; } cases[] = {
        {LENDS_NOTHING, POSTSEAL_NO_CERTIFICATE, POSTSEAL_RECIPIENT_NOT_FOUND, NULL},
        {KNOWS_THEM, POSTSEAL_NO_CERTIFICATE, POSTSEAL_RECIPIENT_NOT_FOUND, NULL},
        {SAYS_TOO_MUCH, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE,
         "the directory did not give one reply for each address that it was asked about"},
        {IS_DOWN, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE, "dc1.corp.example: connection refused"},
        {FAILS, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE, "the host's callback returned 42"},
        {LENDS_NO_CMS, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE, "the host answered nothing"},
        {SAYS_NOTHING, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE, "the host answered nothing"},
        {LENDS_GARBAGE, 0, POSTSEAL_RECIPIENT_UNUSABLE, NULL},
        {STOPS_AFTER_GARBAGE, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE, "size limit"},
        {IS_DOWN_FOR_ONE, POSTSEAL_DIRECTORY_UNAVAILABLE, POSTSEAL_RECIPIENT_UNAVAILABLE, "referral without an answer"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        staff staff = {cases[i].does, 0, 0};
        postseal_encryption *encryption = NULL;
        postseal_error *err = NULL;
        postseal_status status = encrypt(&staff, &encryption, &err);
        const postseal_recipient *recipient = postseal_error_recipient(err, 0);
        CHECK(status != POSTSEAL_OK && encryption == NULL);
        if (cases[i].code)
            CHECK_NUMBER(status, cases[i].code);
        CHECK_NUMBER(postseal_recipient_outcome(recipient), cases[i].outcome);
        CHECK_TEXT(postseal_recipient_unavailable(recipient), cases[i].why);
        if (cases[i].does == LENDS_GARBAGE) {
            CHECK_NUMBER(postseal_recipient_rejected_count(recipient), 1);
            CHECK_TEXT(postseal_recipient_rejected_source(recipient, 0), "staff");
            CHECK_TEXT(postseal_recipient_rejected_fingerprint(recipient, 0), NULL);
            CHECK_NUMBER(postseal_error_fault(postseal_recipient_rejected_error(recipient, 0)), POSTSEAL_FAULT_MALFORMED);
            CHECK(postseal_recipient_rejected_error(recipient, 1) == NULL);
            CHECK_TEXT(postseal_recipient_rejected_source(recipient, 1), NULL);
        }
        postseal_error_free(err);
    }
}

static void one_that_the_program_does_not_bring(void)
{
    postseal_engine *engine = engine_with(STAFF, NULL);
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    staff staff = {LENDS, 0, 0};
    CHECK_FAILS(postseal_encrypt(engine, NULL, 0, carol_and_dave, 2, NULL, 0, NULL, &encryption, &err), POSTSEAL_DIRECTORY_UNAVAILABLE);
    CHECK_FAILS(postseal_engine_set_directory(engine, NULL, &table, &staff, &err), POSTSEAL_ARGUMENT_NULL);
    CHECK_NUMBER(staff.destroyed, 1);
    /* Nobody would ask it, and then nobody would have a certificate. */
    CHECK_FAILS(postseal_engine_set_directory(engine, "stafff", &table, &staff, &err), POSTSEAL_DIRECTORY_UNKNOWN);
    CHECK_NUMBER(staff.destroyed, 2);
    postseal_engine_free(engine);
}

void test_directory(void)
{
    it_lends_for_one_delivery();
    it_lends_one_object();
    what_it_says_is_what_becomes_of_the_recipient();
    one_that_the_program_does_not_bring();
}
