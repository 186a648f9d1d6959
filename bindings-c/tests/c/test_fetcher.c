/* A fetcher of the host's own: lists, responses, issuers. */
#include "tests.h"
#include <stdlib.h>

#define FETCHING "trust = [\"root.pem\"]\nimport = true\n[revocation]\nmode = \"hard\"\nfetch = true\n"

typedef struct web {
    /* What it serves; NULL: nothing. */
    const char *serves;
    int kind;
    int asked, destroyed;
    char at[64];
} web;

static int32_t fetch(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    web *web = userdata;
    size_t len = 99;
    octets body;
    int32_t status;
    web->asked++;
    web->kind = postseal_question_kind(question);
    snprintf(web->at, sizeof web->at, "%s", postseal_question_at(question));
    CHECK(postseal_question_limit(question) > 1000);
    CHECK_TEXT(postseal_question_tenant(question), NULL);
    CHECK_NUMBER(postseal_question_address_count(question), 0);
    if (web->kind == POSTSEAL_QUESTION_FETCH_OCSP)
        CHECK(postseal_question_request(question, &len) != NULL && len > 40 && postseal_question_request(question, NULL)[0] == 0x30);
    else
        CHECK(postseal_question_request(question, &len) == NULL && len == 0);
    CHECK_NUMBER(postseal_answer_not_found(answer, 0, NULL), POSTSEAL_ANSWER_KIND);
    if (!web->serves)
        return postseal_answer_unavailable(answer, "ca.example: no route to host", NULL);
    body = file(web->serves);
    status = postseal_answer_body(answer, body.data, body.len, NULL);
    free(body.data);
    return status;
}

static void destroy(void *userdata)
{
    ((web *)userdata)->destroyed++;
}

static const postseal_fetcher_table table = {sizeof table, fetch, destroy};

static int imports(const char *mail, const char *serves, int kind, const char *at, int wanted_code)
{
    web web = {serves, 0, 0, 0, ""};
    postseal_engine *engine = engine_with(FETCHING, NULL);
    postseal_options options = at_now();
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    octets octets = file(mail);
    int outcome;
    CHECK_OK(postseal_engine_set_fetcher(engine, &table, &web, &err));
    CHECK_OK(postseal_import_mail(engine, octets.data, octets.len, &options, &report, &err));
    outcome = postseal_report_outcome(report);
    CHECK_NUMBER(postseal_error_number(postseal_report_error(report)), wanted_code);
    CHECK_NUMBER(web.kind, kind);
    CHECK_TEXT(web.at, at);
    CHECK(web.asked >= 1);
    postseal_report_free(report);
    postseal_engine_free(engine);
    CHECK_NUMBER(web.destroyed, 1);
    free(octets.data);
    return outcome;
}

static void lists_and_responses(void)
{
    const char *crl = "http://ca.example/1.crl", *ocsp = "http://ocsp.ca.example/";
    CHECK_NUMBER(imports("frank.eml", "good.crl", POSTSEAL_QUESTION_FETCH_CRL, crl, 0), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(imports("frank.eml", "revoked.crl", POSTSEAL_QUESTION_FETCH_CRL, crl, POSTSEAL_CERTIFICATE_REVOKED), POSTSEAL_OUTCOME_REFUSED);
    CHECK_NUMBER(imports("frank.eml", NULL, POSTSEAL_QUESTION_FETCH_CRL, crl, POSTSEAL_REVOCATION_UNAVAILABLE), POSTSEAL_OUTCOME_DEFERRED);
    CHECK_NUMBER(imports("grace.eml", "grace-good.ocsp", POSTSEAL_QUESTION_FETCH_OCSP, ocsp, 0), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(imports("grace.eml", "grace-revoked.ocsp", POSTSEAL_QUESTION_FETCH_OCSP, ocsp, POSTSEAL_CERTIFICATE_REVOKED), POSTSEAL_OUTCOME_REFUSED);
}

/* A directory that lends without the issuer. */
static int32_t lends_alone(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    octets der = file("dave.der");
    postseal_loan loan = {.struct_size = sizeof loan, .der = {der.data, der.len}};
    int32_t status = postseal_answer_found(answer, 0, &loan, NULL);
    (void)userdata;
    (void)question;
    free(der.data);
    return status;
}

static void a_missing_issuer(void)
{
    static const char *const dave[] = {"dave@goal.example"};
    const postseal_directory_table directory = {sizeof directory, lends_alone, NULL};
    web web = {"middle.der", 0, 0, 0, ""};
    postseal_engine *engine = engine_with("trust = [\"root.pem\"]\ndirectories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n"
                                          "[revocation]\nfetch = true\nfetch_issuers = true\n", NULL);
    postseal_options options = at_now();
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    const uint8_t nonce[32] = {7};
    options.ocsp_nonce = nonce;
    CHECK_OK(postseal_engine_set_fetcher(engine, &table, &web, &err));
    CHECK_OK(postseal_engine_set_directory(engine, "staff", &directory, NULL, &err));
    CHECK_OK(postseal_encrypt(engine, (const uint8_t *)"Subject: x\r\n\r\nx", 15, dave, 1, NULL, 0, &options, &encryption, &err));
    CHECK_NUMBER(web.kind, POSTSEAL_QUESTION_FETCH_ISSUER);
    CHECK_TEXT(web.at, "http://ca.example/ca.cer");
    CHECK_NUMBER(postseal_encryption_message_count(encryption), 1);
    postseal_encryption_free(encryption);
    postseal_engine_free(engine);
}

void test_fetcher(void)
{
    lists_and_responses();
    a_missing_issuer();
}
