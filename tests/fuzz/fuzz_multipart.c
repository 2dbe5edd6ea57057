// multipart/form-data. The first byte chooses the form of the map and whether the body is cut; then comes the
// line of the header Content-Type behind its media type, then the body.
#include "body.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char type[256] = "multipart/form-data";
    size_t length = sizeof "multipart/form-data" - 1;
    struct text body = text_of(bytes, size);
    unsigned number = fuzz_byte(&body);
    struct text line = text_next(&body, '\n');
    for (size_t i = 0; i < line.length && length < sizeof type; i++) {
        type[length++] = line.bytes[i];
    }
    body_try(text_of(type, length), body, number);
    return 0;
}
