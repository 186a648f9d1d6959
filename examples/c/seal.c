/* Encrypts a mail for one recipient: seal postseal.toml ADDRESS < mail > sealed

   Exit code 0: what was written is to be sent. 3: nothing was written, and the policy lets the mail go out as it is. 65: the recipient
   cannot be reached, or an operator has to decide first, and the mail must not go out as it is. 75: the same, but try again later. */
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

/* There is no message: whether the policy lets the mail go out readable. Where it does not, only a source that did not answer is a
   reason to wait, and not where an operator has to decide. */
static int not_sealed(const postseal_encryption *encryption)
{
    const postseal_recipient *recipient = postseal_encryption_left_out(encryption, 0);
    int needs_operator = postseal_recipient_needs_operator(recipient);
    if (postseal_encryption_plaintext_allowed(encryption) && postseal_recipient_may_get_plaintext(recipient)) {
        fprintf(stderr, "not sealed; the policy lets it go out as it is\n");
        return 3;
    }
    fprintf(stderr, "%s: %s\n", postseal_recipient_outcome_name(postseal_recipient_outcome(recipient)),
            needs_operator ? "an operator has to decide" : "the mail must not go out as it is");
    return postseal_recipient_outcome(recipient) == POSTSEAL_RECIPIENT_UNAVAILABLE && !needs_operator ? 75 : 65;
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
        status = not_sealed(encryption);
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
