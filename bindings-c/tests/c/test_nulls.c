/* NULL everywhere: a code, or nothing, and never a crash. */
#include "tests.h"

void test_nulls(void)
{
    postseal_error *err = NULL;
#define STATUS(call) CHECK_FAILS(call, POSTSEAL_ARGUMENT_NULL);
#define POINTER(call) CHECK((call) == NULL);
#define NUMBER(call) CHECK_NUMBER(call, 0);
#define FLAG(call) CHECK(!(call));
#define NOTHING(call) call;
#include "calls.h"
#undef STATUS
#undef POINTER
#undef NUMBER
#undef FLAG
#undef NOTHING
}
