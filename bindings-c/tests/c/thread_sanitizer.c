/* What LLVM calls in a library with ThreadSanitizer and GCC's runtime has not under these names. It has the functions themselves,
   and looks at what they read and write. */
#ifdef __SANITIZE_THREAD__
#include <string.h>

void *__tsan_memcpy(void *to, const void *from, size_t len);
void *__tsan_memmove(void *to, const void *from, size_t len);
void *__tsan_memset(void *to, int octet, size_t len);

void *__tsan_memcpy(void *to, const void *from, size_t len)
{
    return memcpy(to, from, len);
}

void *__tsan_memmove(void *to, const void *from, size_t len)
{
    return memmove(to, from, len);
}

void *__tsan_memset(void *to, int octet, size_t len)
{
    return memset(to, octet, len);
}
#else
typedef int thread_sanitizer_is_off;
#endif
