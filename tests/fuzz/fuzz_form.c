// application/x-www-form-urlencoded. The first byte chooses the form of the map and whether the body is cut;
// the rest is the body.
#include "body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = text_of(bytes, size);
    unsigned number = fuzz_byte(&body);
    body_try(TEXT("application/x-www-form-urlencoded"), body, number);
    return 0;
}
