/* Encrypts a mail for one recipient: seal postseal.toml ADDRESS < mail > sealed

   Exit code 75: try again later. 65: the recipient cannot be reached. */
#include <postseal/postseal.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char *read_all(FILE *file, size_t *len)
{
    size_t room = 1 << 16;
    unsigned char *data = malloc(room);
    for (*len = 0; data; room *= 2) {
        unsigned char *larger;
        *len += fread(data + *len, 1, room - *len, file);
        if (*len < room)
            return data;
        larger = realloc(data, room * 2);
        if (!larger)
            free(data);
        data = larger;
    }
    return NULL;
}

/* Says who cannot be reached, and why. */
static int unsealed(postseal_error *err)
{
    int is_temporary = postseal_error_fault(err) == POSTSEAL_FAULT_UNAVAILABLE;
    fprintf(stderr, "%s\n", postseal_error_message(err));
    for (size_t i = 0; i < postseal_error_recipient_count(err); i++) {
        const postseal_recipient *recipient = postseal_error_recipient(err, i);
        fprintf(stderr, "%s: %s\n", postseal_recipient_address(recipient),
                postseal_recipient_outcome_name(postseal_recipient_outcome(recipient)));
    }
    postseal_error_free(err);
    return is_temporary ? 75 : 65;
}

int main(int argc, char **argv)
{
    postseal_engine *engine = NULL;
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    unsigned char *mail;
    size_t len = 0;
    int status = 0;
    if (argc != 3) {
        fprintf(stderr, "seal postseal.toml ADDRESS < mail > sealed\n");
        return 2;
    }
    if (postseal_engine_from_file(argv[1], &engine, &err) != POSTSEAL_OK) {
        fprintf(stderr, "%s\n", postseal_error_message(err));
        postseal_error_free(err);
        return 78;
    }
    mail = read_all(stdin, &len);
    if (postseal_encrypt(engine, mail, len, (const char *const *)&argv[2], 1, NULL, 0, NULL, &encryption, &err) != POSTSEAL_OK) {
        status = unsealed(err);
    } else if (postseal_encryption_is_passed(encryption)) {
        /* It is encrypted already, and the policy says to send it as it is. */
        fwrite(mail, 1, len, stdout);
    } else if (postseal_encryption_message_count(encryption) == 0) {
        /* The route lets it go unencrypted, and the recipient cannot be reached. */
        status = postseal_recipient_may_get_plaintext(postseal_encryption_left_out(encryption, 0)) ? 0 : 75;
        fprintf(stderr, "%s\n", status == 0 ? "to be sent as it is" : "try again later");
    } else {
        const postseal_message *message = postseal_encryption_message(encryption, 0);
        size_t sealed_len = 0;
        const unsigned char *sealed = postseal_message_mail(message, &sealed_len);
        fwrite(sealed, 1, sealed_len, stdout);
        fprintf(stderr, "%s for %s\n", postseal_message_content_encryption(message), postseal_message_address(message, 0));
    }
    postseal_encryption_free(encryption);
    postseal_engine_free(engine);
    free(mail);
    return status;
}
