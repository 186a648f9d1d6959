/* The tests, one function for each file. */
#ifndef TESTS_H
#define TESTS_H

#include "support.h"

void test_layout(void);
void test_engine(void);
void test_import(void);
void test_store(void);
void test_tracer(void);
void test_encrypt(void);
void test_directory(void);
void test_fetcher(void);
void test_operation(void);
void test_stream(void);
void test_operator(void);
void test_nulls(void);
void test_threads(void);
void test_attacks(void);
void test_transcripts(void);
void test_panic(void);

#endif
