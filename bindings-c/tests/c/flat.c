#include "flat.h"
#include <stdarg.h>
#include <stdlib.h>

static void unescape(char *text)
{
    char *out = text;
    for (; *text; text++) {
        if (*text == '\\' && text[1]) {
            text++;
            *out++ = *text == 't' ? '\t' : *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text;
        } else {
            *out++ = *text;
        }
    }
    *out = 0;
}

flat flat_read(const char *folder, const char *name)
{
    octets text = file_of(folder, name);
    flat flat = {name, NULL, NULL, NULL, 0};
    for (char *line = strtok((char *)text.data, "\n"); line; line = strtok(NULL, "\n")) {
        char *tab = strchr(line, '\t');
        CHECK(tab != NULL);
        if (!tab)
            continue;
        *tab = 0;
        flat.keys = realloc(flat.keys, (flat.count + 1) * sizeof *flat.keys);
        flat.values = realloc(flat.values, (flat.count + 1) * sizeof *flat.values);
        flat.seen = realloc(flat.seen, (flat.count + 1) * sizeof *flat.seen);
        if (!flat.keys || !flat.values || !flat.seen)
            abort();
        flat.keys[flat.count] = copy(line);
        flat.values[flat.count] = copy(tab + 1);
        unescape(flat.values[flat.count]);
        flat.seen[flat.count++] = false;
    }
    free(text.data);
    return flat;
}

void flat_free(flat *flat)
{
    for (size_t i = 0; i < flat->count; i++) {
        free(flat->keys[i]);
        free(flat->values[i]);
    }
    free(flat->keys);
    free(flat->values);
    free(flat->seen);
}

static size_t index_of(const flat *flat, const char *key)
{
    size_t i = 0;
    while (i < flat->count && strcmp(flat->keys[i], key) != 0)
        i++;
    return i;
}

#define KEY(name, format) \
    char name[512]; \
    va_list arguments; \
    va_start(arguments, format); \
    vsnprintf(name, sizeof name, format, arguments); \
    va_end(arguments)

const char *flat_get(const flat *flat, const char *key, ...)
{
    KEY(whole, key);
    size_t i = index_of(flat, whole);
    return i < flat->count ? flat->values[i] : NULL;
}

size_t flat_len(const flat *flat, const char *key, ...)
{
    KEY(whole, key);
    strncat(whole, ".#", sizeof whole - strlen(whole) - 1);
    size_t i = index_of(flat, whole);
    return i < flat->count ? (size_t)strtoull(flat->values[i], NULL, 10) : 0;
}

static void expect(flat *flat, const char *value, const char *key)
{
    size_t i = index_of(flat, key);
    const char *wanted = i < flat->count ? flat->values[i] : NULL;
    char what[1024];
    snprintf(what, sizeof what, "%s: %s", flat->name, key);
    check_text_at(__FILE__, __LINE__, what, value, wanted);
    if (i < flat->count)
        flat->seen[i] = true;
}

void flat_expect(flat *flat, const char *value, const char *key, ...)
{
    KEY(whole, key);
    expect(flat, value, whole);
}

void flat_expect_number(flat *flat, long long value, const char *key, ...)
{
    char text[32];
    KEY(whole, key);
    snprintf(text, sizeof text, "%lld", value);
    expect(flat, text, whole);
}

void flat_all_seen(const flat *flat, const char *prefix)
{
    for (size_t i = 0; i < flat->count; i++) {
        if (strncmp(flat->keys[i], prefix, strlen(prefix)) == 0 && !flat->seen[i]) {
            fprintf(stderr, "%s: %s was expected to be %s\n", flat->name, flat->keys[i], flat->values[i]);
            CHECK(!"something did not come");
        }
    }
}

/* One JSON string; `*at` stands after its first quotation mark, and then after its last. */
static char *json_string(const char **at)
{
    char *text = malloc(strlen(*at) * 2 + 1), *out = text;
    if (!text)
        abort();
    for (; **at && **at != '"'; ++*at) {
        unsigned code;
        if (**at != '\\') {
            *out++ = **at;
        } else if (*++*at == 'u' && sscanf(*at + 1, "%4x", &code) == 1) {
            /* Only control characters are written so. */
            CHECK(code < 0x80);
            *out++ = (char)code;
            *at += 4;
        } else {
            *out++ = **at == 'n' ? '\n' : **at == 't' ? '\t' : **at == 'r' ? '\r' : **at;
        }
    }
    *at += **at == '"';
    *out = 0;
    return text;
}

void flat_expect_json(flat *flat, const char *json, const char *prefix)
{
    CHECK(*json == '{');
    for (json++; *json == '"' || *json == ',';) {
        char *key, *value;
        json += *json == ',';
        CHECK(*json == '"');
        json++;
        key = json_string(&json);
        CHECK(*json == ':');
        json++;
        if (*json == '"') {
            json++;
            value = json_string(&json);
        } else {
            size_t len = strcspn(json, ",}");
            value = copy(json);
            value[len] = 0;
            json += len;
        }
        if (strcmp(value, "null") != 0)
            flat_expect(flat, value, "%s.%s", prefix, key);
        free(key);
        free(value);
    }
    CHECK(strcmp(json, "}") == 0);
}

octets from_base64(const char *text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    octets octets = {malloc(strlen(text) + 1), 0};
    unsigned long bits = 0;
    int count = 0;
    bool are_digits = true;
    if (!octets.data)
        abort();
    for (; *text && *text != '='; text++) {
        const char *digit = strchr(digits, *text);
        are_digits = are_digits && digit != NULL;
        bits = bits << 6 | (unsigned long)(digit ? digit - digits : 0);
        count += 6;
        if (count >= 8) {
            count -= 8;
            octets.data[octets.len++] = (uint8_t)(bits >> count & 0xff);
        }
    }
    CHECK(are_digits);
    return octets;
}

void from_hex(const char *text, uint8_t *out, size_t len)
{
    bool are_digits = strlen(text) == len * 2;
    for (size_t i = 0; are_digits && i < len; i++) {
        unsigned octet = 0;
        are_digits = sscanf(text + 2 * i, "%2x", &octet) == 1;
        out[i] = (uint8_t)octet;
    }
    CHECK(are_digits);
}
