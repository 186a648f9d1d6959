/* A check that tells what went wrong and goes on. */
#ifndef CHECK_H
#define CHECK_H

#include "postseal.h"
#include <stdio.h>
#include <string.h>

extern unsigned long checks_done;
extern unsigned long checks_failed;

void check_at(const char *file, int line, const char *what, bool holds);
void check_text_at(const char *file, int line, const char *what, const char *found, const char *wanted);
void check_number_at(const char *file, int line, const char *what, long long found, long long wanted);
void check_ok_at(const char *file, int line, const char *what, postseal_status status, postseal_error **err);
void check_fails_at(const char *file, int line, const char *what, postseal_status status, postseal_error **err, int wanted);

/* It holds. */
#define CHECK(condition) check_at(__FILE__, __LINE__, #condition, (condition))
/* The text is this one; NULL is a text of its own. */
#define CHECK_TEXT(found, wanted) check_text_at(__FILE__, __LINE__, #found, (found), (wanted))
/* The number is this one. */
#define CHECK_NUMBER(found, wanted) check_number_at(__FILE__, __LINE__, #found, (long long)(found), (long long)(wanted))
/* A call succeeds. `call` ends with `&err`, a variable of where this stands. */
#define CHECK_OK(call) check_ok_at(__FILE__, __LINE__, #call, (call), &err)
/* A call fails with this code, and gives an error that says the same; it is freed. */
#define CHECK_FAILS(call, code) check_fails_at(__FILE__, __LINE__, #call, (call), &err, (code))

#endif
