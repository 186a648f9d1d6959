/* OpenSSL behind the line protocol.
 *   verify full: SMIME_read_CMS, CMS_verify, then address, DER and fingerprint of the signer, as an importer takes them.
 *          tuned: what a careful caller does who goes around OpenSSL's MIME reader: the parts found with memmem, EVP_DecodeUpdate,
 *                 d2i, CMS_verify(CMS_BINARY) over the octets in place.
 *          sha256: only the digest of the same octets.
 *   encrypt with output smime, smime-stream (CMS_STREAM), sink-stream (the same, thrown away), raw (only the cipher). */
#define _GNU_SOURCE
#include "../worker.h"
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

static X509_STORE *store;
static STACK_OF(X509) *recipients;
static char *entity;
static size_t entity_length;
static BIO *sealed; /* the same memory for every message */

static void die(const char *where) {
    fprintf(stderr, "%s\n", where);
    ERR_print_errors_fp(stderr);
    exit(1);
}

static void harvest(CMS_ContentInfo *cms, const char *sender) {
    STACK_OF(X509) *signers = CMS_get0_signers(cms);
    if (!signers || sk_X509_num(signers) != 1) die("signers");
    X509 *signer = sk_X509_value(signers, 0);
    if (X509_check_email(signer, sender, 0, 0) != 1) die("address");
    unsigned char *der = NULL, fingerprint[32];
    unsigned length = sizeof fingerprint;
    int size = i2d_X509(signer, &der);
    if (size <= 0 || !EVP_Digest(der, size, fingerprint, &length, EVP_sha256(), NULL)) die("fingerprint");
    OPENSSL_free(der);
    sk_X509_free(signers);
}

static void verify_full(const struct mail *mail) {
    BIO *in = BIO_new_mem_buf(mail->octets, mail->length), *content = NULL;
    CMS_ContentInfo *cms = SMIME_read_CMS(in, &content);
    if (!cms) die("SMIME_read_CMS");
    if (CMS_verify(cms, NULL, store, content, NULL, 0) != 1) die("CMS_verify");
    harvest(cms, mail->sender);
    CMS_ContentInfo_free(cms);
    BIO_free(content);
    BIO_free(in);
}

static void verify_tuned(const struct mail *mail) {
    static unsigned char *der;
    static size_t room;
    char *content, *text;
    size_t content_length, text_length;
    if (!split(mail, &content, &content_length, &text, &text_length)) die("split");
    if (room < text_length) { free(der); der = malloc(room = text_length); }
    EVP_ENCODE_CTX *base64 = EVP_ENCODE_CTX_new();
    int length = 0, rest = 0;
    EVP_DecodeInit(base64);
    if (EVP_DecodeUpdate(base64, der, &length, (unsigned char *)text, text_length) < 0) die("base64");
    if (EVP_DecodeFinal(base64, der + length, &rest) < 0) die("base64");
    EVP_ENCODE_CTX_free(base64);
    const unsigned char *at = der;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, length + rest);
    if (!cms) die("d2i");
    BIO *in = content ? BIO_new_mem_buf(content, content_length) : NULL;
    if (CMS_verify(cms, NULL, store, in, NULL, CMS_BINARY) != 1) die("CMS_verify");
    harvest(cms, mail->sender);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
}

static void sha256_alone(const struct mail *mail) {
    unsigned char digest[32];
    if (!EVP_Digest(mail->octets, mail->length, digest, NULL, EVP_sha256(), NULL)) die("digest");
}

/* A BIO that throws away what is written. */
static int sink_write(BIO *bio, const char *octets, int length) { (void)bio; (void)octets; return length; }
static long sink_ctrl(BIO *bio, int command, long number, void *pointer) {
    (void)bio; (void)number; (void)pointer;
    return command == BIO_CTRL_FLUSH;
}
static BIO *sink_new(void) {
    static BIO_METHOD *method;
    if (!method) {
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | 99, "sink");
        BIO_meth_set_write(method, sink_write);
        BIO_meth_set_ctrl(method, sink_ctrl);
    }
    BIO *bio = BIO_new(method);
    BIO_set_init(bio, 1);
    return bio;
}

static void use_oaep(CMS_RecipientInfo *info) {
    EVP_PKEY_CTX *key = CMS_RecipientInfo_get0_pkey_ctx(info);
    EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_OAEP_PADDING);
    EVP_PKEY_CTX_set_rsa_oaep_md(key, EVP_sha256());
    EVP_PKEY_CTX_set_rsa_mgf1_md(key, EVP_sha256());
}

static void encrypt(const EVP_CIPHER *cipher, int count, int oaep, const char *output) {
    int is_stream = strstr(output, "stream") != NULL, is_sink = !strncmp(output, "sink", 4);
    unsigned flags = CMS_BINARY | (is_stream ? CMS_STREAM : 0);
    BIO *in = BIO_new_mem_buf(entity, entity_length);
    CMS_ContentInfo *cms = CMS_encrypt(NULL, in, cipher, flags | CMS_PARTIAL);
    if (!cms) die("CMS_encrypt");
    for (int i = 0; i < count; i++) {
        CMS_RecipientInfo *info = CMS_add1_recipient_cert(cms, sk_X509_value(recipients, i), CMS_KEY_PARAM);
        if (!info) die("recipient");
        if (oaep && CMS_RecipientInfo_type(info) == CMS_RECIPINFO_TRANS) use_oaep(info);
    }
    if (!is_stream && CMS_final(cms, in, NULL, flags) != 1) die("CMS_final");
    BIO *out = is_sink ? sink_new() : sealed;
    if (!is_sink) (void)BIO_reset(sealed);
    if (SMIME_write_CMS(out, cms, in, flags) != 1) die("SMIME_write_CMS");
    if (is_sink) BIO_free(out);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
}

static void cipher_alone(const EVP_CIPHER *cipher) {
    static unsigned char *out;
    static size_t room;
    static const unsigned char key[32] = {7}, iv[16] = {9};
    if (room < entity_length + 32) { free(out); out = malloc(room = entity_length + 32); memset(out, 0, room); }
    int length = 0, rest = 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (!EVP_EncryptInit_ex(context, cipher, NULL, key, iv)
        || !EVP_EncryptUpdate(context, out, &length, (unsigned char *)entity, entity_length)
        || !EVP_EncryptFinal_ex(context, out + length, &rest)) die("cipher");
    EVP_CIPHER_CTX_free(context);
}

static void load_recipients(const char *path) {
    if (recipients) sk_X509_pop_free(recipients, X509_free);
    recipients = sk_X509_new_null();
    FILE *file = fopen(path, "r");
    if (!file) { perror(path); exit(1); }
    X509 *certificate;
    while ((certificate = PEM_read_X509(file, NULL, NULL, NULL))) {
        X509_get0_pubkey(certificate);
        sk_X509_push(recipients, certificate);
    }
    ERR_clear_error();
    fclose(file);
}

static void run_encrypt(const char *line) {
    char name[16], padding[16], output[32];
    int count, most;
    double ms;
    if (sscanf(line, "%*s %15s %d %15s %31s %lf %d", name, &count, padding, output, &ms, &most) != 6) die("arguments");
    const EVP_CIPHER *cipher = !strcmp(name, "gcm") ? EVP_aes_256_gcm() : EVP_aes_256_cbc();
    int oaep = !strcmp(padding, "oaep");
    if (!strcmp(output, "raw")) MEASURE(ms, most, cipher_alone(cipher));
    else if (!strcmp(output, "whole")) refuse("unsupported");
    else MEASURE(ms, most, encrypt(cipher, count, oaep, output));
}

int main(void) {
    char line[4096];
    sealed = BIO_new(BIO_s_mem());
    fprintf(stderr, "%s\n", OpenSSL_version(OPENSSL_VERSION));
    while (fgets(line, sizeof line, stdin)) {
        char word[4][1024] = {{0}};
        if (sscanf(line, "%1023s %1023s %1023s %1023s", word[0], word[1], word[2], word[3]) < 1) continue;
        if (!strcmp(word[0], "quit")) break;
        if (!strcmp(word[0], "load_verify")) {
            load_mails(word[1]);
            X509_STORE_free(store);
            store = X509_STORE_new();
            if (!X509_STORE_load_file(store, word[2])) die("root");
            done("loaded");
        } else if (!strcmp(word[0], "load_encrypt")) {
            free(entity);
            entity = read_file(word[1], &entity_length);
            /* BIO_reset clears the whole of what was ever used. */
            BIO_free(sealed);
            sealed = BIO_new(BIO_s_mem());
            load_recipients(word[2]);
            done("loaded");
        } else if (!strcmp(word[0], "verify")) {
            double ms = atof(word[2]);
            int most = atoi(word[3]);
            if (!strcmp(word[1], "full")) MEASURE(ms, most, verify_full(&mails[turn % mail_count]));
            else if (!strcmp(word[1], "tuned")) MEASURE(ms, most, verify_tuned(&mails[turn % mail_count]));
            else if (!strcmp(word[1], "sha256")) MEASURE(ms, most, sha256_alone(&mails[turn % mail_count]));
            else refuse("unsupported");
        } else if (!strcmp(word[0], "encrypt")) run_encrypt(line);
        else if (!strcmp(word[0], "dump")) {
            FILE *file = fopen(word[1], "wb");
            char *octets;
            long length = BIO_get_mem_data(sealed, &octets);
            fwrite(octets, 1, length, file);
            fclose(file);
            done("written");
        } else refuse("unsupported");
    }
    return 0;
}
