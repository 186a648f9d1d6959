/* What several tests need: files, an engine, and a store in memory over the table of callbacks. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include "check.h"
#include <pthread.h>

/* 2026-06-01T00:00:00Z, when everything that is made for the tests is valid. */
#define NOW 1780272000

/* Where what is made for the tests is, and where to put what they make. */
extern const char *fixtures;
extern const char *results;

typedef struct octets {
    uint8_t *data;
    size_t len;
} octets;

/* A file of the fixtures, or of `folder`. It ends the program when it cannot be read. */
octets file(const char *name);
octets file_of(const char *folder, const char *name);
/* Writes a result for those who look at it after the program. */
void result(const char *name, const uint8_t *data, size_t len);
/* The same text, of one's own. */
char *copy(const char *text);

/* An engine of this configuration, beside the fixtures. */
postseal_engine *engine_of(const char *configuration);

/* Options for NOW. */
postseal_options at_now(void);

/* A store in memory. */
typedef struct memory_store {
    pthread_mutex_t lock;
    struct row *rows;
    size_t count;
    /* How often each callback was called, and `destroy`. */
    int finds, puts, lists;
    int *destroyed;
    /* Not 0: what the next callbacks return at once. */
    int fails;
    /* Leave the answer as it is. */
    bool is_silent;
    /* One entry too many. */
    bool is_talkative;
} memory_store;

extern const postseal_store_table memory_table;
memory_store *memory_new(int *destroyed);
/* An engine with such a store; `*store` lives as long as the engine. */
postseal_engine *engine_with(const char *configuration, memory_store **store);

/* Imports a mail of the fixtures at NOW, and gives the outcome. */
int import_file(postseal_engine *engine, const char *name);

/* Events, counted by name and kept. */
typedef struct journal {
    pthread_mutex_t lock;
    char *names[256];
    char *lines[256];
    size_t count;
    int destroyed;
} journal;

extern const postseal_tracer_table journal_table;
size_t journal_has(journal *journal, const char *name);
void journal_clear(journal *journal);

#endif
