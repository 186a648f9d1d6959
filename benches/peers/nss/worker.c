/* NSS behind the line protocol. It has no MIME reader: the parts are found with memmem, which flatters it on large mails; base64
 * is its own. */
#define _GNU_SOURCE
#include "../worker.h"
#include <cert.h>
#include <certdb.h>
#include <cms.h>
#include <nss.h>
#include <nssb64.h>
#include <pk11pub.h>
#include <prerror.h>
#include <secerr.h>
#include <sechash.h>
#include <secitem.h>
#include <secoid.h>

static CERTCertificate *recipients[10000];
static int recipient_count;
static char *entity;
static size_t entity_length;
static unsigned char *sealed;
static size_t sealed_room, sealed_length;

static void die(const char *where) {
    fprintf(stderr, "%s: NSS error %d %s\n", where, PR_GetError(), PR_ErrorToName(PR_GetError()));
    exit(1);
}

static void nothing(void *argument, const char *octets, unsigned long length) { (void)argument; (void)octets; (void)length; }

static void output(void *argument, const char *octets, unsigned long length) {
    (void)argument;
    if (sealed_length + length > sealed_room) sealed = realloc(sealed, sealed_room = (sealed_length + length) * 2);
    memcpy(sealed + sealed_length, octets, length);
    sealed_length += length;
}

static void set_digest(NSSCMSSignedData *signed_data, char *content, size_t length) {
    PLArenaPool *arena = PORT_NewArena(1024);
    SECAlgorithmID **algorithms = NSS_CMSSignedData_GetDigestAlgs(signed_data);
    NSSCMSDigestContext *context = NSS_CMSDigestContext_StartMultiple(algorithms);
    NSS_CMSDigestContext_Update(context, (unsigned char *)content, length);
    SECItem **digests;
    if (NSS_CMSDigestContext_FinishMultiple(context, arena, &digests)) die("digest");
    if (NSS_CMSSignedData_SetDigests(signed_data, algorithms, digests)) die("set digests");
    PORT_FreeArena(arena, 0);
}

static void verify(const struct mail *mail) {
    char *content, *text;
    size_t content_length, text_length;
    if (!split(mail, &content, &content_length, &text, &text_length)) die("split");
    SECItem der = { siBuffer, NULL, 0 };
    if (!NSSBase64_DecodeBuffer(NULL, &der, text, text_length)) die("base64");
    NSSCMSDecoderContext *decoder = NSS_CMSDecoder_Start(NULL, nothing, NULL, NULL, NULL, NULL, NULL);
    if (NSS_CMSDecoder_Update(decoder, (char *)der.data, der.len)) die("decode");
    NSSCMSMessage *message = NSS_CMSDecoder_Finish(decoder);
    if (!message) die("finish");
    NSSCMSSignedData *signed_data = NSS_CMSContentInfo_GetContent(NSS_CMSMessage_ContentLevel(message, 0));
    if (content) set_digest(signed_data, content, content_length);
    CERTCertDBHandle *db = CERT_GetDefaultCertDB();
    if (NSS_CMSSignedData_ImportCerts(signed_data, db, certUsageEmailSigner, PR_FALSE)) die("import");
    if (NSS_CMSSignedData_VerifySignerInfo(signed_data, 0, db, certUsageEmailSigner)) die("verify");
    NSSCMSSignerInfo *info = NSS_CMSSignedData_GetSignerInfo(signed_data, 0);
    CERTCertificate *signer = NSS_CMSSignerInfo_GetSigningCertificate(info, db);
    if (!signer) die("signer");
    int found = 0;
    for (const char *at = CERT_GetFirstEmailAddress(signer); at; at = CERT_GetNextEmailAddress(signer, at))
        found |= !strcasecmp(at, mail->sender);
    if (!found) die("address");
    unsigned char fingerprint[32];
    PK11_HashBuf(SEC_OID_SHA256, fingerprint, signer->derCert.data, signer->derCert.len);
    NSS_CMSMessage_Destroy(message);
    SECITEM_FreeItem(&der, 0);
}

static const char HEADER[] = "MIME-Version: 1.0\r\nContent-Disposition: attachment; filename=\"smime.p7m\"\r\nContent-Type: "
    "application/pkcs7-mime; smime-type=enveloped-data; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n\r\n";

static void encrypt(int count) {
    NSSCMSMessage *message = NSS_CMSMessage_Create(NULL);
    NSSCMSEnvelopedData *enveloped = NSS_CMSEnvelopedData_Create(message, SEC_OID_AES_256_CBC, 256);
    if (!enveloped) die("enveloped");
    if (NSS_CMSContentInfo_SetContent_EnvelopedData(message, NSS_CMSMessage_GetContentInfo(message), enveloped)) die("set");
    NSSCMSContentInfo *content = NSS_CMSEnvelopedData_GetContentInfo(enveloped);
    if (NSS_CMSContentInfo_SetContent_Data(message, content, NULL, PR_FALSE)) die("data");
    for (int i = 0; i < count; i++) {
        NSSCMSRecipientInfo *info = NSS_CMSRecipientInfo_Create(message, recipients[i]);
        if (!info || NSS_CMSEnvelopedData_AddRecipient(enveloped, info)) die("recipient");
    }
    sealed_length = 0;
    NSSCMSEncoderContext *encoder =
        NSS_CMSEncoder_Start(message, output, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    if (!encoder || NSS_CMSEncoder_Update(encoder, entity, entity_length) || NSS_CMSEncoder_Finish(encoder)) die("encode");
    SECItem der = { siBuffer, sealed, sealed_length };
    char *text = NSSBase64_EncodeItem(NULL, NULL, 0, &der);
    if (!text) die("base64");
    sealed_length = 0;
    output(NULL, HEADER, sizeof HEADER - 1);
    output(NULL, text, strlen(text));
    PORT_Free(text);
    NSS_CMSMessage_Destroy(message);
}

static int can_encrypt(void) {
    NSSCMSMessage *message = NSS_CMSMessage_Create(NULL);
    int can = recipient_count && NSS_CMSRecipientInfo_Create(message, recipients[0]);
    NSS_CMSMessage_Destroy(message);
    return can;
}

static void load_root(const char *path) {
    size_t length;
    char *pem = read_file(path, &length);
    CERTCertificate *root = CERT_DecodeCertFromPackage(pem, length);
    CERTCertTrust trust;
    if (!root || CERT_DecodeTrustString(&trust, ",C,")) die("root");
    if (CERT_ChangeCertTrust(CERT_GetDefaultCertDB(), root, &trust)) die("trust");
    free(pem);
}

static void load_recipients(const char *path) {
    for (int i = 0; i < recipient_count; i++) CERT_DestroyCertificate(recipients[i]);
    recipient_count = 0;
    size_t length;
    char *pem = read_file(path, &length), *at = pem;
    while ((at = strstr(at, "-----BEGIN CERT")) && recipient_count < 10000) {
        char *end = strchr(strstr(at, "-----END CERT"), '\n') + 1;
        if (!(recipients[recipient_count++] = CERT_DecodeCertFromPackage(at, end - at))) die("recipient");
        at = end;
    }
    free(pem);
}

int main(void) {
    if (NSS_NoDB_Init(NULL)) die("start");
    fprintf(stderr, "NSS %s\n", NSS_GetVersion());
    char line[4096];
    while (fgets(line, sizeof line, stdin)) {
        char word[4][1024] = {{0}};
        if (sscanf(line, "%1023s %1023s %1023s %1023s", word[0], word[1], word[2], word[3]) < 1) continue;
        if (!strcmp(word[0], "quit")) break;
        if (!strcmp(word[0], "load_verify")) { load_mails(word[1]); load_root(word[2]); done("loaded"); }
        else if (!strcmp(word[0], "load_encrypt")) {
            free(entity);
            entity = read_file(word[1], &entity_length);
            load_recipients(word[2]);
            done("loaded");
        } else if (!strcmp(word[0], "verify")) {
            if (strcmp(word[1], "full")) refuse("unsupported");
            else MEASURE(atof(word[2]), atoi(word[3]), verify(&mails[turn % mail_count]));
        } else if (!strcmp(word[0], "encrypt")) {
            char cipher[16], padding[16], where[32];
            int count, most;
            double ms;
            if (sscanf(line, "%*s %15s %d %15s %31s %lf %d", cipher, &count, padding, where, &ms, &most) != 6) die("arguments");
            if (strcmp(cipher, "cbc") || strcmp(padding, "v15") || strcmp(where, "smime") || !can_encrypt()) refuse("unsupported");
            else MEASURE(ms, most, encrypt(count));
        } else if (!strcmp(word[0], "dump")) {
            FILE *file = fopen(word[1], "wb");
            fwrite(sealed, 1, sealed_length, file);
            fclose(file);
            done("written");
        } else refuse("unsupported");
    }
    return 0;
}
