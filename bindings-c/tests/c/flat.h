/* A transcript as lines: what it says, and whether everything of it was seen. */
#ifndef FLAT_H
#define FLAT_H

#include "support.h"

typedef struct flat {
    const char *name;
    char **keys, **values;
    bool *seen;
    size_t count;
} flat;

/* Reads a file; its name is for complaints. */
flat flat_read(const char *folder, const char *name);
void flat_free(flat *flat);

/* The value of a key, which is made as by printf; NULL when there is none. */
const char *flat_get(const flat *flat, const char *key, ...) __attribute__((format(printf, 2, 3)));
/* The length of the list under a key; 0 when there is none. */
size_t flat_len(const flat *flat, const char *key, ...) __attribute__((format(printf, 2, 3)));
/* Octets out of base64 and out of hexadecimal digits. */
octets from_base64(const char *text);
void from_hex(const char *text, uint8_t *out, size_t len);

/* The key has this value, or is not there for NULL; it was seen. */
void flat_expect(flat *flat, const char *value, const char *key, ...) __attribute__((format(printf, 3, 4)));
/* The same, of a number. */
void flat_expect_number(flat *flat, long long value, const char *key, ...) __attribute__((format(printf, 3, 4)));
/* Every member of one JSON object without lists, under a prefix. */
void flat_expect_json(flat *flat, const char *json, const char *prefix);
/* Every key that begins with this was seen. */
void flat_all_seen(const flat *flat, const char *prefix);

#endif
