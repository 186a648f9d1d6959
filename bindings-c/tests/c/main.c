/* Runs all tests, or those that are named: tests FIXTURES RESULTS [CORPUS TRANSCRIPTS LINES] [-- NAME...] */
#include "tests.h"

const char *corpus = NULL;
const char *transcripts = NULL;
const char *lines = NULL;

static const struct {
    const char *name;
    void (*run)(void);
} tests[] = {
    {"layout", test_layout},         {"engine", test_engine},         {"import", test_import},       {"store", test_store},
    {"tracer", test_tracer},         {"encrypt", test_encrypt},     {"directory", test_directory},
    {"fetcher", test_fetcher},       {"operation", test_operation}, {"stream", test_stream},
    {"operator", test_operator},     {"nulls", test_nulls},         {"threads", test_threads},
    {"attacks", test_attacks},       {"transcripts", test_transcripts}, {"panic", test_panic},
};

static bool is_wanted(const char *name, int count, char **names)
{
    bool wanted = count == 0;
    for (int i = 0; i < count; i++)
        wanted = wanted || strcmp(names[i], name) == 0;
    return wanted;
}

int main(int argc, char **argv)
{
    int named = argc;
    for (int i = 1; i < argc && named == argc; i++)
        if (strcmp(argv[i], "--") == 0)
            named = i + 1;
    if (argc < 3 || named < 4) {
        fprintf(stderr, "tests FIXTURES RESULTS [CORPUS TRANSCRIPTS LINES] [-- NAME...]\n");
        return 2;
    }
    fixtures = argv[1];
    results = argv[2];
    if ((named == argc ? argc : named - 1) > 5) {
        corpus = argv[3];
        transcripts = argv[4];
        lines = argv[5];
    }
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) {
        unsigned long before = checks_done, failed = checks_failed;
        if (!is_wanted(tests[i].name, argc - named, argv + named))
            continue;
        tests[i].run();
        printf("%-12s %5lu checks%s\n", tests[i].name, checks_done - before, checks_failed > failed ? "  FAILED" : "");
        fflush(stdout);
    }
    printf("%lu checks, %lu failed\n", checks_done, checks_failed);
    return checks_failed == 0 && checks_done > 0 ? 0 : 1;
}
