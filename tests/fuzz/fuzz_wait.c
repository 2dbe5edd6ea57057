// How long a request has waited, by what nginx says of when it passed it on (REQUEST_TIME). Input: that text.
// What nginx itself would write reads back, at every distance from now.
#include "support.h"

#include "storefront/http/request.h"

#define NOW ((int64_t)1767225600123) // some moment, in milliseconds

static void check_written(struct arena *arena, int64_t moment)
{
    const char thousandths[] = {(char)('0' + moment / 100 % 10), (char)('0' + moment / 10 % 10),
                                (char)('0' + moment % 10)};
    const struct text parts[] = {text_number(arena, moment / 1000), TEXT("."), text_of(thousandths, 3)};
    int64_t expected = NOW > moment ? NOW - moment : 0;
    promise(request_wait(text_join(arena, parts, 3), NOW) == expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text sent = text_of(bytes, size);
    struct arena *arena = fuzz_begin();
    int64_t waited = request_wait(sent, NOW);
    promise(waited >= 0 && waited <= NOW);
    promise(request_wait(sent, 0) == 0);
    promise(request_wait(sent, INT64_MAX) >= waited);
    if (waited > 0) {
        check_written(arena, NOW - waited);
    }
    int64_t distance = 0;
    for (size_t i = 0; i < size && i < 5; i++) {
        distance = distance * 256 + bytes[i];
    }
    check_written(arena, NOW - distance);
    fuzz_end();
    return 0;
}
