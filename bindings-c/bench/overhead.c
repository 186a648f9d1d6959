/* What the boundary costs: one import and one encryption of a mail of 50 KB, through C. `overhead FIXTURES ROUNDS` prints
   nanoseconds for each round; overhead.rs does the same without C. */
#include "../tests/c/support.h"
#include <stdlib.h>
#include <time.h>

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* A first contact: nothing is stored, the certificate is. */
static void import(postseal_engine *engine, octets mail)
{
    postseal_options options = at_now();
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_engine_set_store(engine, &memory_table, memory_new(NULL), &err));
    CHECK_OK(postseal_import_mail(engine, mail.data, mail.len, &options, &report, &err));
    CHECK_NUMBER(postseal_report_outcome(report), POSTSEAL_OUTCOME_IMPORTED);
    postseal_report_free(report);
}

static void encrypt(postseal_engine *engine, octets mail)
{
    static const char *const to[] = {"alice@goal.example"};
    postseal_options options = at_now();
    postseal_encryption *encryption = NULL;
    postseal_error *err = NULL;
    CHECK_OK(postseal_encrypt(engine, mail.data, mail.len, to, 1, NULL, 0, &options, &encryption, &err));
    CHECK_NUMBER(postseal_encryption_message_count(encryption), 1);
    postseal_encryption_free(encryption);
}

int main(int argc, char **argv)
{
    int rounds = argc == 3 ? atoi(argv[2]) : 0;
    postseal_engine *engine;
    octets signed_mail, plain;
    if (rounds < 1)
        return 2;
    fixtures = argv[1];
    engine = engine_of("trust = [\"root.pem\"]\nimport = true\n");
    signed_mail = file("large-signed.eml");
    plain = file("large.eml");
    for (int i = 0; i < rounds; i++) {
        long long begin = now_ns();
        import(engine, signed_mail);
        printf("import %lld\n", now_ns() - begin);
        begin = now_ns();
        encrypt(engine, plain);
        printf("encrypt %lld\n", now_ns() - begin);
    }
    postseal_engine_free(engine);
    free(signed_mail.data);
    free(plain.data);
    return checks_failed == 0 ? 0 : 1;
}
