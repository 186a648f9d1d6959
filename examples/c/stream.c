/* Encrypts a mail of any size in constant memory: stream postseal.toml ADDRESS < mail > sealed

   What was written is a message only when the exit code is 0. */
#include <postseal/postseal.h>
#include <stdio.h>

/* Takes octets of the message: 0, or the sealing ends. */
static int32_t take(void *userdata, const uint8_t *data, size_t len)
{
    return fwrite(data, 1, len, userdata) == len ? 0 : -1;
}

/* The mail in pieces through the sealer. */
static postseal_status seal(postseal_sealer *sealer, postseal_error **err)
{
    static unsigned char piece[1 << 16];
    postseal_status status = POSTSEAL_OK;
    size_t len;
    while (status == POSTSEAL_OK && (len = fread(piece, 1, sizeof piece, stdin)) > 0)
        status = postseal_sealer_push(sealer, piece, len, take, stdout, err);
    if (status == POSTSEAL_OK)
        status = postseal_sealer_finish(sealer, take, stdout, err);
    return status;
}

int main(int argc, char **argv)
{
    postseal_engine *engine = NULL;
    postseal_operation *operation = NULL;
    postseal_plan *plan = NULL;
    postseal_sealer *sealer = NULL;
    postseal_error *err = NULL;
    postseal_options options = {.struct_size = sizeof options, .timeout_ms = 10000};
    postseal_status status;
    if (argc != 3) {
        fprintf(stderr, "stream postseal.toml ADDRESS < mail > sealed\n");
        return 2;
    }
    status = postseal_engine_from_file(argv[1], &engine, &err);
    /* Who gets it is known before the first octet of the mail is read. */
    if (status == POSTSEAL_OK)
        status = postseal_encrypt_operation(engine, NULL, 0, (const char *const *)&argv[2], 1, NULL, 0, &options, &operation, &err);
    if (status == POSTSEAL_OK)
        status = postseal_operation_carry_out(operation, engine, &options, &err);
    if (status == POSTSEAL_OK)
        status = postseal_operation_plan(operation, &plan, &err);
    /* One recipient, one message: the first. More would be for hidden recipients, and for those who read no content encryption in
       common with the others (postseal_plan_message_count). How long the mail is, is not known: -1. */
    if (status == POSTSEAL_OK)
        status = postseal_plan_sealer(plan, 0, -1, &sealer, &err);
    if (status == POSTSEAL_OK)
        status = seal(sealer, &err);
    if (err)
        fprintf(stderr, "%s\n", postseal_error_message(err));
    postseal_sealer_free(sealer);
    postseal_plan_free(plan);
    postseal_operation_free(operation);
    postseal_engine_free(engine);
    postseal_error_free(err);
    return status == POSTSEAL_OK ? 0 : 65;
}
