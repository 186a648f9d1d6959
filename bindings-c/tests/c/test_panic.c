/* A mistake of the library ends at the boundary. */
#include "tests.h"

#ifdef POSTSEAL_TEST_PANIC
/* A panic inside of each function: its guard meets it, with the code or with what the getter says for nothing. */
static void every_function_has_the_guard(void)
{
    postseal_error *err = NULL;
#define ARM postseal_test_panic(); CHECK(postseal_test_panic_is_armed());
#define MET CHECK(!postseal_test_panic_is_armed());
#define STATUS(call) ARM CHECK_FAILS(call, POSTSEAL_INTERNAL_ERROR); MET
#define POINTER(call) ARM CHECK((call) == NULL); postseal_version();
#define NUMBER(call) ARM CHECK_NUMBER(call, 0); postseal_version();
#define FLAG(call) ARM CHECK(!(call)); postseal_version();
#define NOTHING(call)
#include "calls.h"
    MET
}

/* Inside of a callback: the host sees the code, and the mail is deferred. */
static int32_t meets_it(void *userdata, const postseal_question *question, postseal_answer *answer)
{
    const char *address = postseal_question_address(question, 0);
    postseal_entry *entry = NULL;
    (void)userdata;
    (void)answer;
    postseal_test_panic();
    CHECK_NUMBER(postseal_entry_new(address, 0, &entry, NULL), POSTSEAL_INTERNAL_ERROR);
    return POSTSEAL_INTERNAL_ERROR;
}

static void inside_of_a_callback(void)
{
    postseal_store_table table = {sizeof table, meets_it, meets_it, meets_it, NULL};
    postseal_engine *engine = engine_of("trust = [\"root.pem\"]\nimport = true\n");
    postseal_error *err = NULL;
    CHECK_OK(postseal_engine_set_store(engine, &table, NULL, &err));
    CHECK_NUMBER(import_file(engine, "alice.eml"), POSTSEAL_OUTCOME_DEFERRED);
    postseal_engine_free(engine);
}

void test_panic(void)
{
    every_function_has_the_guard();
    inside_of_a_callback();
}
#else
void test_panic(void) {}
#endif
