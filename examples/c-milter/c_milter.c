/* A milter in C: learns from signed mail that comes in, seals mail that goes out. One tenant, one domain.

       c_milter POSTSEAL.TOML SOCKET DOMAIN          SOCKET as libmilter has it: inet:8895@127.0.0.1

   Mail from DOMAIN goes out, on the route "outbound"; other mail is learned from, on the route "inbound". A milter cannot make several
   messages of one: mail with a hidden recipient beside others, or to people who read nothing in common, or that only some can be sealed
   to, is refused. Every failure is 451 or
   550; mail passes unsealed only where the route allows it for each recipient, unlearned where it is too large. ../milter has the rest. */
#define _GNU_SOURCE
#include "fields.h"
#include <libmilter/mfapi.h>
#include <postseal/postseal.h>
#include <stdlib.h>

enum { MAIL_MAX = 50 << 20, RECIPIENTS_MAX = 1000 };

/* The mail as it will be: header, empty line, body. `data` and `len` are right after a flush of `whole`. */
struct mail { char *sender, *recipients[RECIPIENTS_MAX], *data; size_t count, len, header_len; FILE *whole; bool is_too_large; };

static postseal_engine *engine;
static const char *domain;

static sfsistat forget(SMFICTX *ctx)
{
    struct mail *mail = smfi_getpriv(ctx);
    for (size_t i = 0; mail && i < mail->count; i++)
        free(mail->recipients[i]);
    if (mail && mail->whole)
        fclose(mail->whole);
    if (mail)
        free(mail->data), free(mail->sender), free(mail);
    smfi_setpriv(ctx, NULL);
    return SMFIS_CONTINUE;
}

/* <local@domain> without the brackets; NULL when there is no memory. */
static char *bare(const char *path)
{
    size_t len = strlen(path);
    return len >= 2 && path[0] == '<' && path[len - 1] == '>' ? strndup(path + 1, len - 2) : strdup(path);
}

static sfsistat refuse(SMFICTX *ctx, bool is_temporary, const char *why)
{
    char text[128];
    snprintf(text, sizeof text, "postseal: %s", why);
    smfi_setreply(ctx, is_temporary ? "451" : "550", is_temporary ? "4.7.5" : "5.7.5", text);
    return is_temporary ? SMFIS_TEMPFAIL : SMFIS_REJECT;
}

/* Without SMFIP_HDR_LEADSPC a field would come without its first space, and a signature over it would be lost. */
static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long steps, unsigned long f2, unsigned long f3,
                             unsigned long *our_actions, unsigned long *our_steps, unsigned long *our_f2, unsigned long *our_f3)
{
    (void)ctx, (void)f2, (void)f3;
    *our_actions = SMFIF_CHGHDRS | SMFIF_ADDHDRS | SMFIF_CHGBODY, *our_steps = SMFIP_HDR_LEADSPC, *our_f2 = *our_f3 = 0;
    return (actions & *our_actions) == *our_actions && (steps & *our_steps) ? SMFIS_CONTINUE : SMFIS_REJECT;
}

static sfsistat on_sender(SMFICTX *ctx, char **argv)
{
    struct mail *mail;
    forget(ctx);
    if (!(mail = calloc(1, sizeof *mail)) || smfi_setpriv(ctx, mail) != MI_SUCCESS)
        return free(mail), SMFIS_TEMPFAIL;
    mail->sender = bare(argv[0]);
    mail->whole = open_memstream(&mail->data, &mail->len);
    return mail->sender && mail->whole ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat on_recipient(SMFICTX *ctx, char **argv)
{
    struct mail *mail = smfi_getpriv(ctx);
    if (mail->count == RECIPIENTS_MAX || !(mail->recipients[mail->count] = bare(argv[0])))
        return SMFIS_TEMPFAIL;
    for (size_t i = 0; i < mail->count; i++)
        if (strcasecmp(mail->recipients[i], mail->recipients[mail->count]) == 0)
            return free(mail->recipients[mail->count]), SMFIS_CONTINUE;
    mail->count++;
    return SMFIS_CONTINUE;
}

/* Whether so many octets more are kept; once they are not, none are. */
static bool has_room(struct mail *mail, size_t len)
{
    return !(mail->is_too_large |= (size_t)ftello(mail->whole) + len > MAIL_MAX);
}

/* What cannot be written is seen at the end, by ferror. */
static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
    struct mail *mail = smfi_getpriv(ctx);
    if (has_room(mail, strlen(name) + strlen(value)))
        write_field(mail->whole, name, value);
    return SMFIS_CONTINUE;
}

static sfsistat on_header_end(SMFICTX *ctx)
{
    struct mail *mail = smfi_getpriv(ctx);
    mail->header_len = (size_t)ftello(mail->whole);
    fputs("\r\n", mail->whole);
    return SMFIS_CONTINUE;
}

static sfsistat on_body(SMFICTX *ctx, unsigned char *data, size_t len)
{
    struct mail *mail = smfi_getpriv(ctx);
    return !has_room(mail, len) || fwrite(data, 1, len, mail->whole) == len ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

/* All old fields go, each name's last one first, so that no number changes before it is used; then the new ones come. */
static bool replace(SMFICTX *ctx, const struct mail *mail, char *sealed, size_t sealed_len)
{
    char name[NAME_MAX_OCTETS], *end = sealed + sealed_len, *at = mail->data;
    for (size_t len; (len = field(at, mail->data + mail->header_len)); at += len)
        if (!name_of(name, at, len) || smfi_chgheader(ctx, name, count(at, mail->data + mail->header_len, name), NULL) != MI_SUCCESS)
            return false;
    for (size_t len; (len = field(sealed, end)); sealed += len) {
        char *value = name_of(name, sealed, len) ? strndup(sealed + strlen(name) + 1, len - strlen(name) - 3) : NULL;
        bool is_added = value && smfi_addheader(ctx, name, without_cr(value)) == MI_SUCCESS;
        free(value);
        if (!is_added)
            return false;
    }
    return smfi_replacebody(ctx, (unsigned char *)sealed + 2, (int)(end - sealed - 2)) == MI_SUCCESS;
}

/* Everybody gets the one sealed message, or everybody may get the mail readable. */
static sfsistat seal(SMFICTX *ctx, const struct mail *mail, const postseal_encryption *encryption)
{
    size_t left_out = postseal_encryption_left_out_count(encryption), len = 0;
    bool may_be_plain = postseal_encryption_plaintext_allowed(encryption);
    const uint8_t *sealed = postseal_message_mail(postseal_encryption_message(encryption, 0), &len);
    for (size_t i = 0; i < left_out; i++)
        may_be_plain &= postseal_recipient_may_get_plaintext(postseal_encryption_left_out(encryption, i));
    if (postseal_encryption_is_passed(encryption) || (left_out == mail->count && may_be_plain))
        return SMFIS_CONTINUE;
    if (left_out > 0)
        return refuse(ctx, false, "not everybody can be sealed to");
    if (postseal_encryption_message_count(encryption) != 1)
        return refuse(ctx, false, "the recipients need messages of their own");
    return sealed && replace(ctx, mail, (char *)sealed, len) ? SMFIS_CONTINUE : refuse(ctx, true, "not replaced");
}

static sfsistat outgoing(SMFICTX *ctx, const struct mail *mail, postseal_options options)
{
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    options.route = "outbound";
    if (mail->is_too_large)
        return refuse(ctx, false, "the mail is too large");
    for (size_t i = 0; mail->count > 1 && i < mail->count; i++)
        if (!names_address(mail->data, mail->data + mail->header_len, mail->recipients[i]))
            return refuse(ctx, false, "a hidden recipient needs a message of its own");
    bool is_done = postseal_encrypt(engine, (uint8_t *)mail->data, mail->len, (const char *const *)mail->recipients, mail->count, NULL, 0,
                                    &options, &encryption, &err) == POSTSEAL_OK;
    sfsistat result = is_done ? seal(ctx, mail, encryption)
                              : refuse(ctx, postseal_error_fault(err) == POSTSEAL_FAULT_UNAVAILABLE, postseal_error_name(err));
    postseal_encryption_free(encryption);
    postseal_error_free(err);
    return result;
}

static sfsistat incoming(SMFICTX *ctx, const struct mail *mail, postseal_options options)
{
    postseal_report *report = NULL;
    options.route = "inbound";
    bool is_done = mail->is_too_large ||
                   (postseal_import_mail(engine, (uint8_t *)mail->data, mail->len, &options, &report, NULL) == POSTSEAL_OK &&
                    postseal_report_outcome(report) != POSTSEAL_OUTCOME_DEFERRED);
    postseal_report_free(report);
    return is_done ? SMFIS_CONTINUE : refuse(ctx, true, "the store does not answer");
}

static sfsistat on_end(SMFICTX *ctx)
{
    struct mail *mail = smfi_getpriv(ctx);
    const char *at = strrchr(mail->sender, '@');
    postseal_options options = {.struct_size = sizeof options};
    sfsistat result = SMFIS_TEMPFAIL;
    if (fflush(mail->whole) == 0 && !ferror(mail->whole))
        result = (at && strcasecmp(at + 1, domain) == 0 ? outgoing : incoming)(ctx, mail, options);
    forget(ctx);
    return result;
}

int main(int argc, char **argv)
{
    struct smfiDesc milter = {.xxfi_name = "postseal", .xxfi_version = SMFI_VERSION, .xxfi_flags = SMFIF_CHGHDRS | SMFIF_ADDHDRS | SMFIF_CHGBODY,
        .xxfi_negotiate = on_negotiate, .xxfi_envfrom = on_sender, .xxfi_envrcpt = on_recipient, .xxfi_header = on_header,
        .xxfi_eoh = on_header_end, .xxfi_body = on_body, .xxfi_eom = on_end, .xxfi_abort = forget, .xxfi_close = forget};
    postseal_error *err = NULL;
    if (argc != 4 || postseal_engine_from_file(argv[1], &engine, &err) != POSTSEAL_OK) {
        fprintf(stderr, "%s\n", argc != 4 ? "c_milter POSTSEAL.TOML SOCKET DOMAIN" : postseal_error_message(err));
        return postseal_error_free(err), 78;
    }
    domain = argv[3];
    int failed = smfi_setconn(argv[2]) == MI_FAILURE || smfi_register(milter) == MI_FAILURE || smfi_main() == MI_FAILURE;
    postseal_engine_free(engine);
    return failed;
}
