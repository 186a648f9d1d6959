/* Learns the certificates of those who signed mail: learn postseal.toml MAIL...

   The configuration has the trust anchors, `import = true`, and where the store is: `store = "sqlite:postseal.db"`. */
#include <postseal/postseal.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned char *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    unsigned char *data = NULL;
    long size;
    if (file && fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0) {
        data = malloc((size_t)size + 1);
        *len = data ? fread(data, 1, (size_t)size, file) : 0;
    }
    if (file)
        fclose(file);
    return data;
}

/* Says what is wrong; the error is ours to free. */
static int failed(postseal_error *err)
{
    fprintf(stderr, "%s (%d): %s\n", postseal_error_name(err), (int)postseal_error_number(err), postseal_error_message(err));
    postseal_error_free(err);
    return 1;
}

static int learn(const postseal_engine *engine, const char *path)
{
    postseal_report *report = NULL;
    postseal_error *err = NULL;
    size_t len = 0;
    unsigned char *mail = read_file(path, &len);
    if (!mail) {
        perror(path);
        return 1;
    }
    /* Without options: the tenant "default", and now. What is wrong with the mail is no failure of the call. */
    if (postseal_import_mail(engine, mail, len, NULL, &report, &err) != POSTSEAL_OK) {
        free(mail);
        return failed(err);
    }
    printf("%s: %s", path, postseal_outcome_name(postseal_report_outcome(report)));
    if (postseal_report_address(report))
        printf(" %s %.12s", postseal_report_address(report), postseal_report_fingerprint(report));
    if (postseal_report_error(report))
        printf(" (%s)", postseal_error_name(postseal_report_error(report)));
    printf("\n");
    postseal_report_free(report);
    free(mail);
    return 0;
}

int main(int argc, char **argv)
{
    postseal_engine *engine = NULL;
    postseal_error *err = NULL;
    int status = 0;
    if (argc < 3) {
        fprintf(stderr, "learn postseal.toml MAIL...\n");
        return 2;
    }
    if (postseal_engine_from_file(argv[1], &engine, &err) != POSTSEAL_OK)
        return failed(err);
    for (int i = 2; i < argc; i++)
        status |= learn(engine, argv[i]);
    postseal_engine_free(engine);
    return status;
}
