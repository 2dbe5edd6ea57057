// Hashes of passwords as PHC strings. Input: the password, a line end, the hash. A hash that would take more
// memory or time than a test may is left alone.
#include "support.h"

#include "storefront/security/password.h"

#define MEMORY_MAXIMUM 256
#define PASSES_MAXIMUM 4

// The largest number behind any `name` in `hash`, so that no order of parameters hides one.
static int64_t largest(struct text hash, struct text name)
{
    int64_t most = 0;
    for (size_t at = text_find_text(hash, name); at < hash.length; at = text_find_text(hash, name)) {
        hash = text_after(hash, at + name.length);
        int64_t number = 0;
        for (size_t i = 0; i < hash.length && hash.bytes[i] >= '0' && hash.bytes[i] <= '9' && i < 15; i++) {
            number = number * 10 + (hash.bytes[i] - '0');
        }
        most = number > most ? number : most;
    }
    return most;
}

static void check_cost(struct text hash)
{
    const struct password_cost small = {8, 1};
    const struct password_cost more_memory = {9, 1};
    const struct password_cost more_passes = {8, 2};
    bool is_small_enough = !password_is_outdated(hash, small);
    promise(!is_small_enough || text_starts_with(hash, TEXT("$argon2id$v=19$m=")));
    promise(is_small_enough || password_is_outdated(hash, more_memory));
    promise(is_small_enough || password_is_outdated(hash, more_passes));
}

static void check_own(struct arena *arena, struct text password)
{
    const struct password_cost cost = {8, 1};
    const struct password_cost costlier = {16, 1};
    struct text own = password_hash(arena, password, cost);
    promise(own.length > 0 && own.length < PASSWORD_HASH_MAXIMUM &&
            password_check(fuzz_room(), password, own));
    promise(!password_is_outdated(own, cost) && password_is_outdated(own, costlier));
    promise(!password_check(fuzz_room(), text_after(password, 1), own) || password.length == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text hash = text_of(bytes, size);
    struct text password = text_next(&hash, '\n');
    struct arena *arena = fuzz_begin();
    check_cost(hash);
    if (largest(hash, TEXT("m=")) <= MEMORY_MAXIMUM && largest(hash, TEXT("t=")) <= PASSES_MAXIMUM &&
        password_check(fuzz_room(), password, hash)) {
        promise(text_starts_with(hash, TEXT("$argon2")));
        promise(!password_check(fuzz_room(), TEXT("another password"), hash) ||
                text_equals(password, TEXT("another password")));
    }
    check_own(arena, password);
    fuzz_end();
    return 0;
}
