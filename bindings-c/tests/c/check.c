#include "check.h"
#include <pthread.h>

unsigned long checks_done = 0;
unsigned long checks_failed = 0;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void count(bool holds)
{
    pthread_mutex_lock(&lock);
    checks_done++;
    checks_failed += holds ? 0 : 1;
    pthread_mutex_unlock(&lock);
}

void check_at(const char *file, int line, const char *what, bool holds)
{
    count(holds);
    if (!holds)
        fprintf(stderr, "%s:%d: %s does not hold\n", file, line, what);
}

void check_text_at(const char *file, int line, const char *what, const char *found, const char *wanted)
{
    bool same = found == wanted || (found && wanted && strcmp(found, wanted) == 0);
    count(same);
    if (!same)
        fprintf(stderr, "%s:%d: %s is %s, not %s\n", file, line, what, found ? found : "NULL", wanted ? wanted : "NULL");
}

void check_number_at(const char *file, int line, const char *what, long long found, long long wanted)
{
    count(found == wanted);
    if (found != wanted)
        fprintf(stderr, "%s:%d: %s is %lld, not %lld\n", file, line, what, found, wanted);
}

void check_ok_at(const char *file, int line, const char *what, postseal_status status, postseal_error **err)
{
    bool fine = status == POSTSEAL_OK && *err == NULL;
    count(fine);
    if (!fine)
        fprintf(stderr, "%s:%d: %s fails: %d %s\n", file, line, what, (int)status, postseal_error_message(*err));
    postseal_error_free(*err);
    *err = NULL;
}

void check_fails_at(const char *file, int line, const char *what, postseal_status status, postseal_error **err, int wanted)
{
    bool fine = status == wanted && postseal_error_number(*err) == status;
    count(fine);
    if (!fine)
        fprintf(stderr, "%s:%d: %s gives %d %s, not %d\n", file, line, what, (int)status,
                *err ? postseal_error_message(*err) : "without an error", wanted);
    postseal_error_free(*err);
    *err = NULL;
}
