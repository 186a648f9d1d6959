/* A directory of one's own: own_directory ANCHORS FOLDER ADDRESS < mail > sealed

   It lends the certificate in FOLDER/ADDRESS.der for this one delivery. Everything about it is judged by the engine. */
#include <postseal/postseal.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static int32_t resolve(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    const char *folder = userdata;
    int32_t status = POSTSEAL_OK;
    for (size_t i = 0; status == POSTSEAL_OK && i < postseal_question_address_count(question); i++) {
        unsigned char der[8192];
        char path[4096];
        postseal_loan loan = {.struct_size = sizeof loan, .der = {der, 0}};
        FILE *file;
        /* The key has no slash only because this example refuses one: an address may. */
        if (strchr(postseal_question_key(question, i), '/')) {
            status = postseal_answer_not_found(answer, i, NULL);
            continue;
        }
        snprintf(path, sizeof path, "%s/%s.der", folder, postseal_question_key(question, i));
        file = fopen(path, "rb");
        if (file) {
            loan.der.len = fread(der, 1, sizeof der, file);
            fclose(file);
            status = postseal_answer_found(answer, i, &loan, NULL);
        } else if (errno == ENOENT) {
            status = postseal_answer_not_found(answer, i, NULL);
        } else {
            /* Not the same as "there is none": the mail must wait, and not go out readable. */
            status = postseal_answer_not_answered(answer, i, "the folder of certificates cannot be read", NULL);
        }
    }
    return status;
}

static const postseal_directory_table table = {.struct_size = sizeof table, .resolve = resolve};

static void say_what_is_wrong(const postseal_error *err)
{
    fprintf(stderr, "%s\n", postseal_error_message(err));
    for (size_t i = 0; i < postseal_error_recipient_count(err); i++) {
        const postseal_recipient *recipient = postseal_error_recipient(err, i);
        fprintf(stderr, "%s: %s\n", postseal_recipient_address(recipient), postseal_error_name(postseal_recipient_error(recipient)));
    }
}

int main(int argc, char **argv)
{
    char configuration[8192];
    static unsigned char mail[1 << 20];
    size_t len;
    int status = 0;
    postseal_engine *engine = NULL;
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    if (argc != 4) {
        fprintf(stderr, "own_directory ANCHORS FOLDER ADDRESS < mail > sealed\n");
        return 2;
    }
    len = fread(mail, 1, sizeof mail, stdin);
    /* Who asks the directory, and about which domains, is said in the configuration. The store is asked first; it is empty here. */
    snprintf(configuration, sizeof configuration,
             "trust = [\"%s\"]\nstore = \"sqlite:%s/store.db\"\ndirectories = [\"folder\"]\n[directory.folder]\nkind = \"host\"\n",
             argv[1], argv[2]);
    if (postseal_engine_from_text(configuration, NULL, &engine, &err) == POSTSEAL_OK &&
        postseal_engine_set_directory(engine, "folder", &table, argv[2], &err) == POSTSEAL_OK &&
        postseal_encrypt(engine, mail, len, (const char *const *)&argv[3], 1, NULL, 0, NULL, &encryption, &err) == POSTSEAL_OK) {
        size_t sealed_len = 0;
        const unsigned char *sealed = postseal_message_mail(postseal_encryption_message(encryption, 0), &sealed_len);
        fwrite(sealed, 1, sealed_len, stdout);
    }
    if (err) {
        say_what_is_wrong(err);
        status = 65;
    }
    postseal_encryption_free(encryption);
    postseal_engine_free(engine);
    postseal_error_free(err);
    return status;
}
