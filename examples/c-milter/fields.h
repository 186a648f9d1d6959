/* The fields of a header that lies in memory from `at` to `end`, its lines with CRLF. */
#pragma once
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_OCTETS = 256 };

/* Octets of the header field at `at` with its continuation lines; 0 at the end of the header. */
static size_t field(const char *at, const char *end)
{
    const char *line = at;
    while (at < end && *at != '\r' && (line = memchr(line, '\n', (size_t)(end - line))) && ++line < end && (*line == ' ' || *line == '\t'))
        ;
    return line ? (size_t)(line - at) : 0;
}

/* How often the header has a field of this name from `at` on. */
static int count(const char *at, const char *end, const char *name)
{
    int found = 0;
    for (size_t len, name_len = strlen(name); (len = field(at, end)); at += len)
        found += len > name_len && at[name_len] == ':' && strncasecmp(at, name, name_len) == 0;
    return found;
}

static bool is_of_address(char c) { return (unsigned char)c > ' ' && !strchr("<>,;:()\"", c); }

/* Whether To or Cc names this address by itself. */
static bool names_address(const char *at, const char *end, const char *address)
{
    for (size_t len, want = strlen(address); (len = field(at, end)); at += len)
        for (size_t i = 3; strncasecmp(at, "To:", 3) * strncasecmp(at, "Cc:", 3) == 0 && i + want < len; i++)
            if (strncasecmp(at + i, address, want) == 0 && !is_of_address(at[i - 1]) && !is_of_address(at[i + want]))
                return true;
    return false;
}

/* The name at the beginning of a field; false when it has none, or one that is too long. */
static bool name_of(char name[NAME_MAX_OCTETS], const char *at, size_t len)
{
    const char *colon = memchr(at, ':', len);
    return colon && snprintf(name, NAME_MAX_OCTETS, "%.*s", (int)(colon - at), at) < NAME_MAX_OCTETS;
}

/* libmilter gives folded lines with LF. */
static void write_field(FILE *to, const char *name, const char *value)
{
    fprintf(to, "%s:", name);
    for (size_t len; len = strcspn(value, "\r\n"), fwrite(value, 1, len, to), *(value += len); value++)
        fputs(*value == '\n' ? "\r\n" : "", to);
    fputs("\r\n", to);
}

/* And takes them so. */
static char *without_cr(char *value)
{
    char *kept = value;
    for (const char *c = value; (*kept = *c); c++)
        kept += *c != '\r';
    return value;
}
