/* Where each member of each struct is, and that programs which were compiled with a shorter or a longer struct still work.

   Members are only appended: a line of this table never changes. A new member comes with a new one, at the end of its struct. */
#include "tests.h"
#include <stdlib.h>

#define AT(type, member, offset, size)                                                 \
    _Static_assert(offsetof(type, member) == (offset), #type "." #member " has moved"); \
    _Static_assert(sizeof(((type *)0)->member) == (size), #type "." #member " has another size");
#define ENDS(type, size) _Static_assert(sizeof(type) == (size), #type " has a member that is not in this table");

/* Of all 64-bit targets. */
#if UINTPTR_MAX == UINT64_MAX
AT(postseal_octets, data, 0, 8)
AT(postseal_octets, len, 8, 8)
ENDS(postseal_octets, 16)

AT(postseal_options, struct_size, 0, 8)
AT(postseal_options, tenant, 8, 8)
AT(postseal_options, route, 16, 8)
AT(postseal_options, now, 24, 8)
AT(postseal_options, dry_run, 32, 4)
AT(postseal_options, reserved, 36, 4)
AT(postseal_options, timeout_ms, 40, 8)
AT(postseal_options, expired, 48, 8)
AT(postseal_options, expired_userdata, 56, 8)
AT(postseal_options, ocsp_nonce, 64, 8)
ENDS(postseal_options, 72)

AT(postseal_store_table, struct_size, 0, 8)
AT(postseal_store_table, find, 8, 8)
AT(postseal_store_table, put, 16, 8)
AT(postseal_store_table, entries, 24, 8)
AT(postseal_store_table, destroy, 32, 8)
ENDS(postseal_store_table, 40)

AT(postseal_directory_table, struct_size, 0, 8)
AT(postseal_directory_table, resolve, 8, 8)
AT(postseal_directory_table, destroy, 16, 8)
ENDS(postseal_directory_table, 24)

AT(postseal_fetcher_table, struct_size, 0, 8)
AT(postseal_fetcher_table, fetch, 8, 8)
AT(postseal_fetcher_table, destroy, 16, 8)
ENDS(postseal_fetcher_table, 24)

AT(postseal_tracer_table, struct_size, 0, 8)
AT(postseal_tracer_table, event, 8, 8)
AT(postseal_tracer_table, destroy, 16, 8)
ENDS(postseal_tracer_table, 24)

AT(postseal_loan, struct_size, 0, 8)
AT(postseal_loan, der, 8, 16)
AT(postseal_loan, issuers, 24, 8)
AT(postseal_loan, issuers_len, 32, 8)
AT(postseal_loan, capabilities, 40, 16)
AT(postseal_loan, capabilities_signed_at, 56, 8)
AT(postseal_loan, capabilities_are_dated, 64, 4)
AT(postseal_loan, preferred, 68, 4)
ENDS(postseal_loan, 72)

AT(postseal_stored_cert, struct_size, 0, 8)
AT(postseal_stored_cert, state, 8, 4)
AT(postseal_stored_cert, source, 12, 4)
AT(postseal_stored_cert, der, 16, 16)
AT(postseal_stored_cert, issuers, 32, 8)
AT(postseal_stored_cert, issuers_len, 40, 8)
AT(postseal_stored_cert, issuer_key, 48, 8)
AT(postseal_stored_cert, capabilities, 56, 16)
AT(postseal_stored_cert, capabilities_are_dated, 72, 4)
AT(postseal_stored_cert, reserved, 76, 4)
AT(postseal_stored_cert, capabilities_signed_at, 80, 8)
AT(postseal_stored_cert, imported_at, 88, 8)
ENDS(postseal_stored_cert, 96)
#endif

/* As much of a struct as an older header has, on the heap and not longer: valgrind and AddressSanitizer see an octet that is read
   or written behind it. */
static void *older(const void *whole, size_t size)
{
    void *part = malloc(size);
    if (!part)
        abort();
    memcpy(part, whole, size);
    memcpy(part, &size, sizeof size);
    return part;
}

/* The time is over when there is userdata. */
static int32_t is_over(void *userdata)
{
    return userdata != NULL;
}

static void options_of_every_length(void)
{
    static const uint8_t nonce[32] = {7};
    int something;
    postseal_options whole = {0, "tenant", NULL, NOW, 1, 0, 0, is_over, &something, nonce};
    octets mail = file("alice.eml");
    for (size_t size = sizeof(size_t); size <= sizeof whole; size += sizeof(void *)) {
        memory_store *store = NULL;
        postseal_engine *engine = engine_with("trust = [\"root.pem\"]\nimport = true\n", &store);
        postseal_options *options = older(&whole, size);
        postseal_report *report = NULL;
        postseal_error *err = NULL;
        CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, options, &report, &err));
        if (size >= offsetof(postseal_options, ocsp_nonce)) {
            CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_DEFERRED);
            CHECK_NUMBER(store->finds, 0);
        } else {
            CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
            /* dry_run is not heard of before it is there. */
            CHECK_NUMBER(store->puts, size > offsetof(postseal_options, dry_run) ? 0 : 1);
        }
        postseal_report_free(report);
        postseal_engine_free(engine);
        free(options);
    }
    free(mail.data);
}

static void stored_certificates_of_every_length(void)
{
    octets der = file("dave.der"), middle = file("middle.der"), gcm = file("gcm.der");
    uint8_t key[32] = {1, 2, 3};
    postseal_octets issuers[] = {{middle.data, middle.len}};
    postseal_stored_cert whole = {0, POSTSEAL_STATE_HELD, POSTSEAL_SOURCE_OPERATOR, {der.data, der.len}, issuers, 1, key,
                                  {gcm.data, gcm.len}, 1, 0, 5, 17};
    postseal_stored_cert full = {.struct_size = sizeof full};
    postseal_entry *entry = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_entry_new("dave@goal.example", 1, &entry, &err));
    for (size_t size = sizeof(size_t); size <= sizeof whole; size += sizeof(void *)) {
        postseal_stored_cert *cert = older(&whole, size);
        postseal_status status = postseal_entry_add(entry, cert, NULL);
        /* Without a member that is needed there is no certificate. */
        CHECK((status == POSTSEAL_OK) == (size >= offsetof(postseal_stored_cert, capabilities)));
        free(cert);
    }
    /* The last one has all of it, and the first one what its header had. */
    CHECK_NUMBER(postseal_entry_cert_count(entry), 6);
    CHECK_OK(postseal_entry_cert(entry, 0, &full, &err));
    CHECK_NUMBER(full.capabilities.len, 0);
    CHECK_NUMBER(full.imported_at, 0);
    CHECK_OK(postseal_entry_cert(entry, 5, &full, &err));
    CHECK_NUMBER(full.capabilities.len, gcm.len);
    CHECK_NUMBER(full.capabilities_signed_at, 5);
    CHECK_NUMBER(full.imported_at, 17);
    /* The other way: as much is filled in as there is room for. */
    for (size_t size = sizeof(size_t); size <= sizeof whole; size += sizeof(void *)) {
        postseal_stored_cert *cert = older(&whole, size), *wanted = older(&full, size);
        memset((uint8_t *)cert + sizeof(size_t), 0x5a, size - sizeof(size_t));
        CHECK_OK(postseal_entry_cert(entry, 5, cert, &err));
        CHECK(memcmp(cert, wanted, size) == 0);
        free(cert);
        free(wanted);
    }
    postseal_entry_free(entry);
    free(der.data);
    free(middle.data);
    free(gcm.data);
}

/* A header that has more than the library. */
static void a_longer_struct_is_filled_as_far_as_the_library_goes(void)
{
    struct {
        postseal_stored_cert known;
        int64_t later;
    } longer = {.known.struct_size = sizeof longer, .later = 77};
    octets der = file("carol.der");
    uint8_t key[32] = {0};
    postseal_entry *entry = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_entry_new("carol@goal.example", 1, &entry, &err));
    longer.known.state = POSTSEAL_STATE_HELD;
    longer.known.source = POSTSEAL_SOURCE_OPERATOR;
    longer.known.der.data = der.data;
    longer.known.der.len = der.len;
    longer.known.issuer_key = key;
    CHECK_OK(postseal_entry_add(entry, &longer.known, &err));
    longer.known.state = 0;
    CHECK_OK(postseal_entry_cert(entry, 0, &longer.known, &err));
    CHECK_NUMBER(longer.known.state, POSTSEAL_STATE_HELD);
    CHECK_NUMBER(longer.known.struct_size, sizeof longer);
    CHECK_NUMBER(longer.later, 77);
    postseal_entry_free(entry);
    free(der.data);
}

/* Tables of a header that had no `destroy` yet, as programs have them that were compiled with it. */
typedef struct older_store_table {
    size_t struct_size;
    postseal_callback find, put, entries;
} older_store_table;

typedef struct older_table {
    size_t struct_size;
    postseal_callback only;
} older_table;

typedef struct older_tracer_table {
    size_t struct_size;
    void (*event)(void *userdata, const char *name, const char *json);
} older_tracer_table;

/* Lends Carol's certificate in a loan that is as long as `*userdata` says. */
static int32_t lend_a_part(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    octets der = file("carol.der"), gcm = file("gcm.der");
    postseal_loan whole = {0, {der.data, der.len}, NULL, 0, {gcm.data, gcm.len}, NOW - 1, 1, 1};
    postseal_loan *loan = older(&whole, *(size_t *)userdata);
    int32_t status = postseal_answer_found(answer, 0, loan, NULL);
    CHECK_NUMBER(postseal_question_kind(question), POSTSEAL_QUESTION_RESOLVE_DIRECTORY);
    free(loan);
    free(der.data);
    free(gcm.data);
    return status;
}

static int32_t fetches_nothing(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    (void)question;
    ++*(int *)userdata;
    return postseal_answer_unavailable(answer, "nothing is fetched", NULL);
}

static void counts(void *userdata, const char *name, const char *json)
{
    ++*(int *)userdata;
    CHECK(strstr(json, name) != NULL);
}

static void loans_of_every_length(void)
{
    static const char *const carol[] = {"carol@goal.example"};
    octets mail = file("plain.eml");
    for (size_t size = sizeof(size_t); size <= sizeof(postseal_loan); size += sizeof(void *)) {
        postseal_engine *engine = engine_with(
            "trust = [\"root.pem\"]\ndirectories = [\"staff\"]\n[directory.staff]\nkind = \"host\"\n", NULL);
        older_table table = {sizeof table, lend_a_part};
        postseal_directory_table *only = older(&table, sizeof table);
        postseal_options options = at_now();
        postseal_encryption *encryption = NULL;
        postseal_error *err = NULL;
        CHECK_OK(postseal_engine_set_directory(engine, "staff", only, &size, &err));
        if (size < offsetof(postseal_loan, issuers)) {
            /* A certificate of which not all is there is none. */
            CHECK(postseal_encrypt(engine, mail.data, mail.len, carol, 1, NULL, 0, &options, &encryption, NULL) != POSTSEAL_OK);
        } else {
            const char *with = size < offsetof(postseal_loan, capabilities_signed_at) ? "aes256-cbc" : "aes256-gcm";
            CHECK_OK(postseal_encrypt(engine, mail.data, mail.len, carol, 1, NULL, 0, &options, &encryption, &err));
            CHECK_TEXT(postseal_message_content_encryption(postseal_encryption_message(encryption, 0)), with);
        }
        postseal_encryption_free(encryption);
        postseal_engine_free(engine);
        free(only);
    }
    free(mail.data);
}

static void tables_without_destroy(void)
{
    postseal_engine *engine = engine_of("trust = [\"root.pem\"]\nimport = true\n[revocation]\nfetch = true\n");
    memory_store *store = memory_new(NULL);
    older_store_table stores = {sizeof stores, memory_table.find, memory_table.put, memory_table.entries};
    older_table fetches = {sizeof fetches, fetches_nothing};
    older_tracer_table traces = {sizeof traces, counts};
    void *store_table = older(&stores, sizeof stores), *fetcher_table = older(&fetches, sizeof fetches);
    void *tracer_table = older(&traces, sizeof traces);
    int fetched = 0, traced = 0;
    postseal_error *err = NULL;
    CHECK_OK(postseal_engine_set_store(engine, store_table, store, &err));
    CHECK_OK(postseal_engine_set_fetcher(engine, fetcher_table, &fetched, &err));
    CHECK_OK(postseal_engine_set_tracer(engine, tracer_table, &traced, &err));
    free(store_table);
    free(fetcher_table);
    free(tracer_table);
    CHECK_NUMBER(import_file(engine, "frank.eml"), POSTSEAL_OUTCOME_IMPORTED);
    CHECK_NUMBER(store->puts, 1);
    CHECK(fetched > 0 && traced > 0);
    postseal_engine_free(engine);
    /* Nobody gave it back. */
    memory_table.destroy(store);
}

void test_layout(void)
{
    options_of_every_length();
    stored_certificates_of_every_length();
    a_longer_struct_is_filled_as_far_as_the_library_goes();
    loans_of_every_length();
    tables_without_destroy();
}
