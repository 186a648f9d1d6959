/* The conversations that every language replays: each question as it was asked, each answer as it was given, the outcome, the
   trace. */
#include "flat.h"
#include "tests.h"
#include <dirent.h>
#include <stdlib.h>

/* Where the transcripts are, and where they are as lines. */
extern const char *transcripts;
extern const char *lines;

#define QUESTIONS 32
#define TURN "turn.%zu."

/* One conversation. */
typedef struct play {
    flat flat;
    octets mail;
    uint8_t nonce[32];
    const char *visible[300], *hidden[300];
    size_t visible_len, hidden_len;
    postseal_operation *operation;
    postseal_question *questions[QUESTIONS];
    size_t asked;
    journal journal;
} play;

static postseal_engine *engine_for(const play *play)
{
    postseal_engine *engine = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_engine_from_text(flat_get(&play->flat, "configuration"), transcripts, &engine, &err));
    return engine;
}

static postseal_status begin(play *play, const postseal_engine *engine, postseal_operation **operation, postseal_error **err)
{
    postseal_options options = {.struct_size = sizeof options};
    const char *nonce = flat_get(&play->flat, "ocsp_nonce"), *dry_run = flat_get(&play->flat, "dry_run");
    options.now = strtoll(flat_get(&play->flat, "now"), NULL, 10);
    options.tenant = flat_get(&play->flat, "tenant");
    options.route = flat_get(&play->flat, "route");
    options.dry_run = dry_run && strcmp(dry_run, "true") == 0;
    if (nonce) {
        from_hex(nonce, play->nonce, sizeof play->nonce);
        options.ocsp_nonce = play->nonce;
    }
    if (strcmp(flat_get(&play->flat, "operation"), "import") == 0)
        return postseal_import_operation(engine, play->mail.data, play->mail.len, &options, operation, err);
    return postseal_encrypt_operation(engine, play->mail.data, play->mail.len, play->visible, play->visible_len, play->hidden,
                                      play->hidden_len, &options, operation, err);
}

/* What `poll` gives, which is a question when this turn is one. */
static void ask(play *play, size_t turn)
{
    flat *flat = &play->flat;
    postseal_question *question = NULL;
    postseal_error *err = NULL;
    const postseal_change *change;
    const char *single;
    int32_t step = 0;
    CHECK_OK(postseal_operation_poll(play->operation, &step, &question, &err));
    if (step == POSTSEAL_STEP_WAIT) {
        flat_expect(flat, "true", TURN "wait", turn);
        return;
    }
    CHECK_NUMBER(step, POSTSEAL_STEP_ASK);
    if (!question || play->asked >= QUESTIONS)
        return;
    play->questions[play->asked++] = question;
    flat_expect_number(flat, (long long)play->asked, TURN "ask.number", turn);
    flat_expect(flat, postseal_question_name(postseal_question_kind(question)), TURN "ask.question", turn);
    flat_expect(flat, postseal_question_tenant(question), TURN "ask.tenant", turn);
    flat_expect(flat, postseal_question_directory(question), TURN "ask.directory", turn);
    flat_expect(flat, postseal_question_at(question), TURN "ask.at", turn);
    change = postseal_question_change(question);
    single = change ? postseal_question_address(question, 0) : NULL;
    flat_expect(flat, single, TURN "ask.address", turn);
    flat_expect(flat, postseal_change_name(postseal_change_kind(change)), TURN "ask.change", turn);
    flat_expect(flat, postseal_change_fingerprint(change), TURN "ask.fingerprint", turn);
    if (change)
        flat_expect_number(flat, (long long)postseal_question_expect(question), TURN "ask.expect", turn);
    if (postseal_question_at(question))
        flat_expect_number(flat, (long long)postseal_question_limit(question), TURN "ask.limit", turn);
    if (!change && postseal_question_address_count(question) > 0) {
        flat_expect_number(flat, (long long)postseal_question_address_count(question), TURN "ask.addresses.#", turn);
        for (size_t i = 0; i < postseal_question_address_count(question); i++)
            flat_expect(flat, postseal_question_address(question, i), TURN "ask.addresses.%zu", turn, i);
    }
    if (flat_get(flat, TURN "ask.request", turn)) {
        octets wanted = from_base64(flat_get(flat, TURN "ask.request", turn));
        size_t len = 0;
        const uint8_t *request = postseal_question_request(question, &len);
        bool same = len == wanted.len && memcmp(request, wanted.data, len) == 0;
        flat_expect(flat, same ? flat_get(flat, TURN "ask.request", turn) : "another", TURN "ask.request", turn);
        free(wanted.data);
    } else {
        CHECK(postseal_question_request(question, NULL) == NULL);
    }
}

/* Octets of base64 under a key; none without. */
static octets decoded(const flat *flat, const char *prefix, const char *key)
{
    const char *text = flat_get(flat, "%s.%s", prefix, key);
    octets none = {NULL, 0};
    return text ? from_base64(text) : none;
}

/* What certificates of entries and of loans have in common. */
typedef struct shared {
    octets der, capabilities, issuers[8];
    postseal_octets views[8];
    size_t issuers_len;
    const char *signed_at;
} shared;

static shared shared_of(const flat *flat, const char *prefix)
{
    shared shared = {.der = decoded(flat, prefix, "der"), .capabilities = decoded(flat, prefix, "capabilities")};
    shared.signed_at = flat_get(flat, "%s.signed_at", prefix);
    shared.issuers_len = flat_len(flat, "%s.issuers", prefix);
    CHECK(shared.issuers_len <= 8);
    for (size_t i = 0; i < shared.issuers_len; i++) {
        char key[32];
        snprintf(key, sizeof key, "issuers.%zu", i);
        shared.issuers[i] = decoded(flat, prefix, key);
        shared.views[i].data = shared.issuers[i].data;
        shared.views[i].len = shared.issuers[i].len;
    }
    return shared;
}

static void shared_free(shared *shared)
{
    free(shared->der.data);
    free(shared->capabilities.data);
    for (size_t i = 0; i < shared->issuers_len; i++)
        free(shared->issuers[i].data);
}

static int32_t numbered(const char *name, const char *(*name_of)(int32_t))
{
    for (int32_t i = 1; name && i < 16; i++)
        if (name_of(i) && strcmp(name_of(i), name) == 0)
            return i;
    CHECK(!"a name of a number");
    return 0;
}

static postseal_entry *entry_of(const flat *flat, const char *prefix)
{
    postseal_entry *entry = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_entry_new(flat_get(flat, "%s.address", prefix), strtoull(flat_get(flat, "%s.version", prefix), NULL, 10), &entry, &err));
    for (size_t i = 0; i < flat_len(flat, "%s.certs", prefix); i++) {
        char at[256];
        uint8_t key[32] = {0};
        postseal_stored_cert cert = {.struct_size = sizeof cert, .issuer_key = key};
        shared shared;
        snprintf(at, sizeof at, "%s.certs.%zu", prefix, i);
        shared = shared_of(flat, at);
        from_hex(flat_get(flat, "%s.issuer_key", at), key, sizeof key);
        cert.state = numbered(flat_get(flat, "%s.state", at), postseal_state_name);
        cert.source = numbered(flat_get(flat, "%s.source", at), postseal_source_name);
        cert.der.data = shared.der.data;
        cert.der.len = shared.der.len;
        cert.issuers = shared.views;
        cert.issuers_len = shared.issuers_len;
        cert.capabilities.data = shared.capabilities.data;
        cert.capabilities.len = shared.capabilities.len;
        cert.capabilities_are_dated = shared.signed_at != NULL;
        cert.capabilities_signed_at = shared.signed_at ? strtoll(shared.signed_at, NULL, 10) : 0;
        cert.imported_at = strtoll(flat_get(flat, "%s.imported_at", at), NULL, 10);
        CHECK_OK(postseal_entry_add(entry, &cert, &err));
        shared_free(&shared);
    }
    return entry;
}

static void reply(const flat *flat, postseal_answer *answer, size_t index, const char *prefix)
{
    postseal_error *err = NULL;
    size_t found = flat_len(flat, "%s.found", prefix);
    if (flat_get(flat, "%s.unavailable", prefix))
        CHECK_OK(postseal_answer_not_answered(answer, index, flat_get(flat, "%s.unavailable", prefix), &err));
    if (flat_get(flat, "%s.not_found", prefix))
        CHECK_OK(postseal_answer_not_found(answer, index, &err));
    if (flat_get(flat, "%s.found.#", prefix) && found == 0)
        CHECK_OK(postseal_answer_found(answer, index, NULL, &err));
    for (size_t i = 0; i < found; i++) {
        char at[256];
        postseal_loan loan = {.struct_size = sizeof loan};
        shared shared;
        snprintf(at, sizeof at, "%s.found.%zu", prefix, i);
        shared = shared_of(flat, at);
        loan.der.data = shared.der.data;
        loan.der.len = shared.der.len;
        loan.issuers = shared.views;
        loan.issuers_len = shared.issuers_len;
        loan.capabilities.data = shared.capabilities.data;
        loan.capabilities.len = shared.capabilities.len;
        loan.capabilities_are_dated = shared.signed_at != NULL;
        loan.capabilities_signed_at = shared.signed_at ? strtoll(shared.signed_at, NULL, 10) : 0;
        loan.preferred = strcmp(flat_get(flat, "%s.preferred", at), "true") == 0;
        CHECK_OK(postseal_answer_found(answer, index, &loan, &err));
        shared_free(&shared);
    }
}

/* Hands in what the host answered in this turn. */
static void answer(play *play, size_t turn)
{
    const flat *flat = &play->flat;
    size_t to = (size_t)strtoull(flat_get(flat, TURN "answer.to", turn), NULL, 10);
    const char *unavailable = flat_get(flat, TURN "answer.unavailable", turn);
    postseal_answer *answer = NULL;
    postseal_error *err = NULL;
    char prefix[64];
    CHECK(to >= 1 && to <= play->asked);
    CHECK_OK(postseal_answer_new(play->questions[to - 1], &answer, &err));
    if (unavailable)
        CHECK_OK(postseal_answer_unavailable(answer, unavailable, &err));
    if (flat_get(flat, TURN "answer.stored", turn))
        CHECK_OK(postseal_answer_stored(answer, &err));
    if (flat_get(flat, TURN "answer.body", turn)) {
        octets body = from_base64(flat_get(flat, TURN "answer.body", turn));
        CHECK_OK(postseal_answer_body(answer, body.data, body.len, &err));
        free(body.data);
    }
    if (flat_get(flat, TURN "answer.conflict.address", turn)) {
        postseal_entry *entry;
        snprintf(prefix, sizeof prefix, TURN "answer.conflict", turn);
        entry = entry_of(flat, prefix);
        CHECK_OK(postseal_answer_conflict(answer, entry, &err));
        postseal_entry_free(entry);
    }
    for (size_t i = 0; i < flat_len(flat, TURN "answer.entries", turn); i++) {
        postseal_entry *entry;
        snprintf(prefix, sizeof prefix, TURN "answer.entries.%zu", turn, i);
        entry = entry_of(flat, prefix);
        CHECK_OK(postseal_answer_entry(answer, entry, &err));
        postseal_entry_free(entry);
    }
    for (size_t i = 0; i < flat_len(flat, TURN "answer.replies", turn); i++) {
        /* One too many is refused at once, and is the end of the answer. */
        if (i >= postseal_question_address_count(play->questions[to - 1])) {
            CHECK_FAILS(postseal_answer_not_found(answer, i, &err), POSTSEAL_VALUE_UNKNOWN);
            continue;
        }
        snprintf(prefix, sizeof prefix, TURN "answer.replies.%zu", turn, i);
        reply(flat, answer, i, prefix);
    }
    CHECK_OK(postseal_operation_answer(play->operation, answer, &err));
    postseal_answer_free(answer);
}

static void tell_error(flat *flat, const postseal_error *error, const char *prefix)
{
    size_t offset = 0;
    flat_expect(flat, postseal_error_name(error), "%scode", prefix);
    if (error)
        flat_expect_number(flat, postseal_error_number(error), "%snumber", prefix);
    flat_expect(flat, postseal_fault_name(postseal_error_fault(error)), "%sfault", prefix);
    if (postseal_error_offset(error, &offset))
        flat_expect_number(flat, (long long)offset, "%soffset", prefix);
}

/* Does what must not be done, and meets the code. */
static void misuse(play *play, size_t turn)
{
    flat *flat = &play->flat;
    const char *kind = flat_get(flat, TURN "misuse.kind", turn), *to = flat_get(flat, TURN "misuse.to", turn);
    postseal_question *question = NULL, *asked = to ? play->questions[strtoull(to, NULL, 10) - 1] : NULL;
    postseal_answer *answer = NULL;
    postseal_operation *other = NULL;
    postseal_engine *engine = NULL;
    postseal_error *err = NULL, *met = NULL;
    postseal_status status = POSTSEAL_OK;
    char prefix[64];
    int32_t step = 0;
    if (strcmp(kind, "foreign-answer") == 0) {
        engine = engine_for(play);
        CHECK_OK(begin(play, engine, &other, &err));
        CHECK_OK(postseal_operation_poll(other, &step, &question, &err));
        CHECK_OK(postseal_answer_new(question, &answer, &err));
        CHECK_OK(postseal_answer_unavailable(answer, "another's", &err));
        status = postseal_operation_answer(play->operation, answer, &met);
    } else if (strcmp(kind, "answer-twice") == 0) {
        CHECK_OK(postseal_answer_new(asked, &answer, &err));
        CHECK_OK(postseal_answer_unavailable(answer, "once more", &err));
        status = postseal_operation_answer(play->operation, answer, &met);
    } else if (strcmp(kind, "answer-kind") == 0) {
        CHECK_OK(postseal_answer_new(asked, &answer, &err));
        if (postseal_question_at(asked))
            status = postseal_answer_stored(answer, &met);
        else
            status = postseal_answer_body(answer, NULL, 0, &met);
    } else if (strcmp(kind, "poll-after-done") == 0) {
        CHECK_OK(postseal_operation_poll(play->operation, &step, &question, &err));
        CHECK_NUMBER(step, POSTSEAL_STEP_DONE);
        status = postseal_operation_poll(play->operation, &step, &question, &met);
    } else {
        CHECK(!"a kind of misuse that is known");
    }
    snprintf(prefix, sizeof prefix, TURN "misuse.", turn);
    CHECK_NUMBER(status, postseal_error_number(met));
    tell_error(flat, met, prefix);
    postseal_error_free(met);
    postseal_answer_free(answer);
    postseal_question_free(question);
    postseal_operation_free(other);
    postseal_engine_free(engine);
}

static const char *truth(bool value)
{
    return value ? "true" : "false";
}

static void tell_report(flat *flat, const postseal_report *report)
{
    int64_t seconds = 0;
    flat_expect(flat, postseal_outcome_name(postseal_report_outcome(report)), "outcome.outcome");
    flat_expect(flat, postseal_report_message_id(report), "outcome.message_id");
    flat_expect(flat, postseal_report_address(report), "outcome.address");
    flat_expect(flat, postseal_report_fingerprint(report), "outcome.fingerprint");
    if (postseal_report_not_before(report, &seconds))
        flat_expect_number(flat, seconds, "outcome.not_before");
    if (postseal_report_not_after(report, &seconds))
        flat_expect_number(flat, seconds, "outcome.not_after");
    flat_expect(flat, postseal_verdict_name(postseal_report_signature(report)), "outcome.signature");
    flat_expect(flat, postseal_verdict_name(postseal_report_path(report)), "outcome.path");
    flat_expect(flat, postseal_candidate_name(postseal_report_candidate(report)), "outcome.candidate");
    flat_expect(flat, postseal_report_unavailable(report), "outcome.unavailable");
    tell_error(flat, postseal_report_error(report), "outcome.");
}

static void tell_recipient(flat *flat, const postseal_recipient *recipient, size_t index)
{
    const char *const prefix = "outcome.recipients";
    flat_expect(flat, postseal_recipient_address(recipient), "%s.%zu.address", prefix, index);
    flat_expect(flat, truth(postseal_recipient_hidden(recipient)), "%s.%zu.hidden", prefix, index);
    flat_expect(flat, postseal_recipient_outcome_name(postseal_recipient_outcome(recipient)), "%s.%zu.outcome", prefix, index);
    flat_expect(flat, truth(postseal_recipient_needs_operator(recipient)), "%s.%zu.needs_operator", prefix, index);
    flat_expect(flat, postseal_error_name(postseal_recipient_error(recipient)), "%s.%zu.code", prefix, index);
    flat_expect(flat, postseal_recipient_unavailable(recipient), "%s.%zu.unavailable", prefix, index);
    flat_expect_number(flat, (long long)postseal_recipient_found_count(recipient), "%s.%zu.found.#", prefix, index);
    for (size_t i = 0; i < postseal_recipient_found_count(recipient); i++) {
        flat_expect(flat, postseal_recipient_found_source(recipient, i), "%s.%zu.found.%zu.source", prefix, index, i);
        flat_expect(flat, postseal_recipient_found_fingerprint(recipient, i), "%s.%zu.found.%zu.fingerprint", prefix, index, i);
    }
    flat_expect_number(flat, (long long)postseal_recipient_rejected_count(recipient), "%s.%zu.rejected.#", prefix, index);
    for (size_t i = 0; i < postseal_recipient_rejected_count(recipient); i++) {
        const postseal_error *error = postseal_recipient_rejected_error(recipient, i);
        flat_expect(flat, postseal_recipient_rejected_source(recipient, i), "%s.%zu.rejected.%zu.source", prefix, index, i);
        flat_expect(flat, postseal_recipient_rejected_fingerprint(recipient, i), "%s.%zu.rejected.%zu.fingerprint", prefix, index, i);
        flat_expect(flat, postseal_error_name(error), "%s.%zu.rejected.%zu.code", prefix, index, i);
    }
}

static void tell_encryption(flat *flat, const postseal_encryption *encryption)
{
    if (flat_get(flat, "outcome.messages.#"))
        flat_expect_number(flat, (long long)postseal_encryption_message_count(encryption), "outcome.messages.#");
    else
        CHECK_NUMBER(postseal_encryption_message_count(encryption), 0);
    for (size_t i = 0; i < postseal_encryption_message_count(encryption); i++) {
        const postseal_message *message = postseal_encryption_message(encryption, i);
        flat_expect_number(flat, (long long)postseal_message_address_count(message), "outcome.messages.%zu.addresses.#", i);
        for (size_t k = 0; k < postseal_message_address_count(message); k++)
            flat_expect(flat, postseal_message_address(message, k), "outcome.messages.%zu.addresses.%zu", i, k);
        flat_expect(flat, truth(postseal_message_hidden(message)), "outcome.messages.%zu.hidden", i);
        flat_expect(flat, postseal_message_content_encryption(message), "outcome.messages.%zu.content_encryption", i);
    }
    flat_expect_number(flat, (long long)postseal_encryption_left_out_count(encryption), "outcome.left_out.#");
    for (size_t i = 0; i < postseal_encryption_left_out_count(encryption); i++)
        flat_expect(flat, postseal_recipient_address(postseal_encryption_left_out(encryption, i)), "outcome.left_out.%zu", i);
    flat_expect(flat, truth(postseal_encryption_plaintext_allowed(encryption)), "outcome.plaintext_allowed");
    flat_expect(flat, truth(postseal_encryption_is_passed(encryption)), "outcome.is_passed");
}

static void tell_unsealed(flat *flat, const postseal_error *error)
{
    tell_error(flat, error, "outcome.");
    flat_expect_number(flat, (long long)postseal_error_recipient_count(error), "outcome.left_out.#");
    for (size_t i = 0; i < postseal_error_recipient_count(error); i++)
        flat_expect(flat, postseal_recipient_address(postseal_error_recipient(error, i)), "outcome.left_out.%zu", i);
}

/* The operation is done: what it came to. */
static void finish(play *play)
{
    flat *flat = &play->flat;
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    size_t recipients = postseal_operation_recipient_count(play->operation);
    if (postseal_operation_report(play->operation)) {
        tell_report(flat, postseal_operation_report(play->operation));
        return;
    }
    flat_expect_number(flat, (long long)recipients, "outcome.recipients.#");
    for (size_t i = 0; i < recipients; i++)
        tell_recipient(flat, postseal_operation_recipient(play->operation, i), i);
    if (postseal_operation_seal(play->operation, play->mail.data, play->mail.len, &encryption, &err) == POSTSEAL_OK)
        tell_encryption(flat, encryption);
    else
        tell_unsealed(flat, err);
    postseal_encryption_free(encryption);
    postseal_error_free(err);
}

static void converse(play *play)
{
    size_t turns = flat_len(&play->flat, "turn");
    postseal_question *question = NULL;
    postseal_error *err = NULL;
    int32_t step = 0;
    bool is_over = false;
    for (size_t turn = 0; turn < turns; turn++) {
        if (flat_get(&play->flat, TURN "ask.number", turn) || flat_get(&play->flat, TURN "wait", turn)) {
            ask(play, turn);
        } else if (flat_get(&play->flat, TURN "misuse.kind", turn)) {
            misuse(play, turn);
            is_over = strcmp(flat_get(&play->flat, TURN "misuse.kind", turn), "poll-after-done") == 0;
        } else {
            answer(play, turn);
        }
    }
    if (!is_over) {
        CHECK_OK(postseal_operation_poll(play->operation, &step, &question, &err));
        CHECK_NUMBER(step, POSTSEAL_STEP_DONE);
        postseal_question_free(question);
    }
    finish(play);
}

static void tell_trace(play *play)
{
    if (flat_get(&play->flat, "event.#"))
        flat_expect_number(&play->flat, (long long)play->journal.count, "event.#");
    else
        CHECK_NUMBER(play->journal.count, 0);
    for (size_t i = 0; i < play->journal.count; i++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, "event.%zu", i);
        flat_expect_json(&play->flat, play->journal.lines[i], prefix);
    }
}

static void replay(const char *name)
{
    play *play = calloc(1, sizeof *play);
    postseal_engine *engine;
    postseal_error *err = NULL;
    if (!play)
        abort();
    pthread_mutex_init(&play->journal.lock, NULL);
    play->flat = flat_read(lines, name);
    play->mail = from_base64(flat_get(&play->flat, "mail"));
    play->visible_len = flat_len(&play->flat, "visible");
    play->hidden_len = flat_len(&play->flat, "hidden");
    CHECK(play->visible_len <= 300 && play->hidden_len <= 300);
    for (size_t i = 0; i < play->visible_len; i++)
        play->visible[i] = flat_get(&play->flat, "visible.%zu", i);
    for (size_t i = 0; i < play->hidden_len; i++)
        play->hidden[i] = flat_get(&play->flat, "hidden.%zu", i);
    engine = engine_for(play);
    CHECK_OK(postseal_engine_set_tracer(engine, &journal_table, &play->journal, &err));
    if (begin(play, engine, &play->operation, &err) == POSTSEAL_OK) {
        converse(play);
    } else if (flat_get(&play->flat, "outcome.error.code")) {
        tell_error(&play->flat, err, "outcome.error.");
    } else {
        flat_expect_number(&play->flat, 0, "outcome.recipients.#");
        tell_unsealed(&play->flat, err);
    }
    postseal_error_free(err);
    for (size_t i = 0; i < play->asked; i++)
        postseal_question_free(play->questions[i]);
    postseal_operation_free(play->operation);
    postseal_engine_free(engine);
    tell_trace(play);
    flat_all_seen(&play->flat, "outcome.");
    flat_all_seen(&play->flat, "event.");
    for (size_t turn = 0; turn < flat_len(&play->flat, "turn"); turn++) {
        char prefix[32];
        snprintf(prefix, sizeof prefix, TURN "ask.", turn);
        flat_all_seen(&play->flat, prefix);
        snprintf(prefix, sizeof prefix, TURN "wait", turn);
        flat_all_seen(&play->flat, prefix);
    }
    journal_clear(&play->journal);
    pthread_mutex_destroy(&play->journal.lock);
    flat_free(&play->flat);
    free(play->mail.data);
    free(play);
}

void test_transcripts(void)
{
    DIR *folder = lines ? opendir(lines) : NULL;
    size_t count = 0;
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        size_t len = strlen(entry->d_name);
        if (len > 5 && strcmp(entry->d_name + len - 5, ".flat") == 0) {
            replay(entry->d_name);
            count++;
        }
    }
    if (folder)
        closedir(folder);
    if (count == 0)
        printf("SKIPPED: there are no transcripts\n");
    else
        printf("transcripts: %zu replayed\n", count);
}
