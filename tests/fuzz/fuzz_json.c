// application/json: as a body for a form of the map, and as any JSON. What was read and written again reads
// the same, and what is written can stand in a page. The first byte chooses the form; the rest is the body.
#include "body.h"

#include "storefront/base/json.h"

#define DEPTH 8

static struct text write(const struct value *value)
{
    struct buffer out = buffer_open(fuzz_room(), (size_t)1024 * 1024);
    json_write(&out, value);
    promise(!out.overflowed);
    return buffer_text(&out);
}

static struct value read(struct text text)
{
    struct value value = {.kind = VALUE_NOTHING};
    promise(json_read(fuzz_room(), text, DEPTH, &value, NULL));
    return value;
}

static void try_any(struct text text)
{
    struct arena *arena = fuzz_begin();
    struct value value = {.kind = VALUE_NOTHING};
    struct value shallow = {.kind = VALUE_NOTHING};
    struct text fault = {NULL, 0};
    if (json_read(arena, text, DEPTH, &value, &fault)) {
        struct text written = write(&value);
        promise(unicode_is_valid(written) && fuzz_is_one_line(written));
        promise(!fuzz_holds(written, TEXT("<")) && !fuzz_holds(written, TEXT(">")) &&
                !fuzz_holds(written, TEXT("&")));
        // A decimal without a fraction becomes a whole number the first time.
        struct value once = read(written);
        struct value twice = read(write(&once));
        promise(text_equals(write(&once), write(&twice)));
        bool is_flat = json_read(fuzz_room(), text, 1, &shallow, NULL);
        promise(!is_flat || text_equals(write(&shallow), written));
    } else {
        promise(fault.length > 0 || arena_failed(arena));
    }
    fuzz_end();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text body = text_of(bytes, size);
    unsigned number = fuzz_byte(&body);
    body_try(TEXT("application/json"), body, number);
    try_any(body);
    return 0;
}
