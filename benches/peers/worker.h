/* What the workers in C share: loading mails, the clock, the answers of the line protocol (src/bin/worker/main.rs says what is
 * asked; here "verify" and "encrypt" take the same words). Times are the thread's CPU clock. */
#ifndef WORKER_H
#define WORKER_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct mail {
    char *octets;
    size_t length;
    char *sender;
};
static struct mail *mails;
static int mail_count;

static char *read_file(const char *path, size_t *length) {
    FILE *file = fopen(path, "rb");
    if (!file) { perror(path); exit(1); }
    fseek(file, 0, SEEK_END);
    *length = ftell(file);
    rewind(file);
    char *octets = malloc(*length + 1);
    if (fread(octets, 1, *length, file) != *length) { perror(path); exit(1); }
    octets[*length] = 0;
    fclose(file);
    return octets;
}

/* Lines of path TAB sender. */
static void load_mails(const char *path) {
    for (int i = 0; i < mail_count; i++) { free(mails[i].octets); free(mails[i].sender); }
    free(mails);
    mails = NULL;
    mail_count = 0;
    FILE *file = fopen(path, "r");
    char line[4096];
    if (!file) { perror(path); exit(1); }
    while (fgets(line, sizeof line, file)) {
        char *tab = strchr(line, '\t');
        if (!tab) continue;
        *tab++ = 0;
        tab[strcspn(tab, "\r\n")] = 0;
        mails = realloc(mails, (mail_count + 1) * sizeof *mails);
        mails[mail_count].octets = read_file(line, &mails[mail_count].length);
        mails[mail_count++].sender = strdup(tab);
    }
    fclose(file);
}

static void done(const char *what) { printf("{\"ok\":\"%s\"}\n", what); fflush(stdout); }
static void refuse(const char *why) { printf("{\"error\":\"%s\"}\n", why); fflush(stdout); }

static double clock_ns(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec * 1e9 + time.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double *samples;
static int sample_count, sample_room;
static void sample(double ns) {
    if (sample_count == sample_room) {
        sample_room = sample_room ? sample_room * 2 : 4096;
        samples = realloc(samples, sample_room * sizeof *samples);
    }
    samples[sample_count++] = ns;
}

static void answer(void) {
    qsort(samples, sample_count, sizeof *samples, compare);
    printf("{\"n\":%d,\"median_ns\":%.0f,\"p10_ns\":%.0f,\"p90_ns\":%.0f}\n", sample_count, samples[sample_count / 2],
           samples[sample_count / 10], samples[sample_count * 9 / 10]);
    fflush(stdout);
}

/* Repeats WORK until it has worked for MS milliseconds or MOST times (0: as often as it takes); once at least. */
#define MEASURE(MS, MOST, WORK) do { \
    double limit_ = (MS) * 1e6; \
    int most_ = (MOST), turn = 0; \
    sample_count = 0; \
    double wall_ = clock_ns(CLOCK_MONOTONIC), first_ = clock_ns(CLOCK_THREAD_CPUTIME_ID), last_ = first_; \
    do { \
        WORK; \
        double time_ = clock_ns(CLOCK_THREAD_CPUTIME_ID); \
        sample(time_ - last_); \
        last_ = clock_ns(CLOCK_THREAD_CPUTIME_ID); \
        turn++; \
    } while ((!most_ || turn < most_) && last_ - first_ < limit_ && clock_ns(CLOCK_MONOTONIC) - wall_ < limit_ * 20); \
    answer(); \
} while (0)

/* The parts of a mail: *content is null when the signature is opaque. What libraries without a MIME reader need. */
static int split(const struct mail *mail, char **content, size_t *content_length, char **cms, size_t *cms_length) {
    char *end = mail->octets + mail->length, *head = memmem(mail->octets, mail->length, "\r\n\r\n", 4);
    if (!head) return 0;
    *content = NULL;
    char *boundary = memmem(mail->octets, head - mail->octets, "boundary=\"", 10);
    if (!boundary) { *cms = head + 4; *cms_length = end - *cms; return 1; }
    boundary += 10;
    char *quote = memchr(boundary, '"', head - boundary), line[256];
    int length = snprintf(line, sizeof line, "\r\n--%.*s", (int)(quote - boundary), boundary);
    char *first = memmem(head, end - head, line, length);
    if (!first) return 0;
    first += length + 2;
    char *second = memmem(first, end - first, line, length);
    if (!second) return 0;
    *content = first;
    *content_length = second - first;
    char *part = memmem(second, end - second, "\r\n\r\n", 4);
    if (!part) return 0;
    *cms = part + 4;
    char *last = memmem(*cms, end - *cms, line, length);
    if (!last) return 0;
    *cms_length = last - *cms;
    return 1;
}
#endif
