// Passwords: hashed byte for byte, checked, found outdated, judged by zxcvbn with the customer's own words.
// Hashed at the lowest cost that the settings allow. Whose password it is, is not known here.
#include "support.h"

#include "storefront/security/password.h"

#include <sys/resource.h>
#include <sys/wait.h>

static const struct password_cost cheap = {1024, 1};

static int start(void **state)
{
    (void)state;
    return password_start(cheap) ? 0 : -1;
}

static void a_password_passes_its_own_hash_alone(void **state)
{
    struct text hash = password_hash(*state, TEXT("securepass123"), cheap);
    assert_true(text_starts_with(hash, TEXT("$argon2id$v=19$m=1024,t=1,p=1$")));
    assert_true(hash.length < PASSWORD_HASH_MAXIMUM);
    assert_true(password_check(*state, TEXT("securepass123"), hash));
    assert_false(password_check(*state, TEXT("securepass124"), hash));
    assert_false(password_check(*state, TEXT("Securepass123"), hash));
    assert_false(password_check(*state, TEXT("securepass12"), hash));
    assert_false(password_check(*state, TEXT("securepass1234"), hash));
    assert_false(password_check(*state, TEXT(" securepass123"), hash));
    assert_false(password_check(*state, TEXT(""), hash));
}

static void two_hashes_of_one_password_differ(void **state)
{
    struct text first = password_hash(*state, TEXT("securepass123"), cheap);
    struct text second = password_hash(*state, TEXT("securepass123"), cheap);
    assert_false(text_equals(first, second));
    assert_true(password_check(*state, TEXT("securepass123"), second));
}

// Each pair looks the same, or is the same after normalising; neither may pass for the other.
static const char *const alike[][2] = {
    {"caf\xc3\xa9 caf\xc3\xa9", "cafe\xcc\x81 cafe\xcc\x81"},
    {"\xef\xbd\x81\xef\xbd\x82\xef\xbd\x83 12345", "abc 12345"},
    {"pass\xc2\xa0word", "pass word"},
    {"pass\xe2\x80\x8bword", "password"},
    {"\xf0\x9f\x98\x80\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80\xf0\x9f\x98\x81"},
    {"password\n", "password"},
    {"PASSWORD", "password"},
    {"\xe2\x84\xab", "\xc3\x85"},
};

static void passwords_are_hashed_byte_for_byte(void **state)
{
    for (size_t i = 0; i < ROWS(alike); i++) {
        struct text hash = password_hash(*state, text_from(alike[i][0]), cheap);
        assert_row(password_check(*state, text_from(alike[i][0]), hash), alike[i][0]);
        assert_row(!password_check(*state, text_from(alike[i][1]), hash), alike[i][0]);
    }
}

static void the_last_of_many_bytes_counts(void **state)
{
    struct arena *arena = *state;
    const struct text longer[] = {repeated(arena, "\xf0\x9f\x98\x80", 1023), TEXT("a")};
    const struct text other[] = {longer[0], TEXT("b")};
    struct text hash = password_hash(arena, text_join(arena, longer, 2), cheap);
    assert_true(password_check(*state, text_join(arena, longer, 2), hash));
    assert_false(password_check(*state, text_join(arena, other, 2), hash));
    assert_false(password_check(*state, longer[0], hash));
}

static const char *const not_hashes[] = {
    "",
    "securepass123",
    "$argon2id$",
    "$argon2id$v=19$m=1024,t=1,p=1$",
    "$argon2id$v=19$m=1024,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$",
    "$argon2id$v=19$m=4194305,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2id$v=19$m=1024,t=1,p=2$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$argon2i$v=19$m=1024,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "$2b$12$abcdefghijklmnopqrstuuJ8bJ8bJ8bJ8bJ8bJ8bJ8bJ8bJ8bJ8b",
    "pbkdf2_sha256$600000$salt$hash",
};

static void what_is_no_hash_passes_nothing(void **state)
{
    struct arena *arena = *state;
    for (size_t i = 0; i < ROWS(not_hashes); i++) {
        assert_row(!password_check(*state, TEXT("securepass123"), text_from(not_hashes[i])), not_hashes[i]);
    }
    assert_false(password_check(*state, TEXT("securepass123"), (struct text){NULL, 0}));
    assert_false(password_check(*state, TEXT("securepass123"), repeated(arena, "x", PASSWORD_HASH_MAXIMUM)));
    assert_false(password_check(*state, TEXT("securepass123"), repeated(arena, "x", 5000)));
}

static void what_cannot_be_hashed_has_no_hash(void **state)
{
    const struct password_cost impossible = {0, 1};
    assert_int_equal(password_hash(*state, TEXT("securepass123"), impossible).length, 0);
}

// Whether a check without the memory that `hash` takes leaves it open, in a child whose memory is limited.
static bool leaves_open_without_memory(struct arena *arena, struct text password, struct text hash)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        const struct rlimit little = {(rlim_t)1 << 30, (rlim_t)1 << 30};
        (void)setrlimit(RLIMIT_AS, &little);
        bool is_right = password_check(arena, password, hash);
        _exit(is_right || !arena_failed(arena) ? 1 : 0);
    }
    (void)waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void without_memory_nobody_is_told_wrong(void **state)
{
    const struct text costly[] = {TEXT("$argon2id$v=19$m=4194304,t=1,p=1"),
                                  text_after(password_hash(*state, TEXT("securepass123"), cheap),
                                             strlen("$argon2id$v=19$m=1024,t=1,p=1"))};
    struct text hash = text_join(*state, costly, 2);
    // The sanitizers' own memory is not to be limited.
    assert_true(IS_SANITIZED || leaves_open_without_memory(*state, TEXT("securepass123"), hash));
    assert_true(IS_SANITIZED || leaves_open_without_memory(*state, TEXT("another password"), hash));
    // Nor where the memory is for what an older hash has spared.
    const struct password_cost dearest = {4194304, 1};
    assert_true(password_start(dearest));
    struct text old = password_hash(*state, TEXT("securepass123"), cheap);
    assert_true(IS_SANITIZED || leaves_open_without_memory(*state, TEXT("another password"), old));
    assert_true(password_start(cheap));
}

static void a_changed_hash_passes_nothing(void **state)
{
    struct text hash = password_hash(*state, TEXT("securepass123"), cheap);
    for (size_t i = 1; i <= 40; i++) {
        char *changed = text_string(*state, hash);
        changed[hash.length - 1 - i] = changed[hash.length - 1 - i] == 'A' ? 'B' : 'A';
        assert_false(password_check(*state, TEXT("securepass123"), text_from(changed)));
    }
}

static void nobody_costs_what_somebody_costs(void **state)
{
    const struct password_cost dear = {16384, 2};
    assert_true(password_start(dear));
    struct text somebody = password_hash(*state, TEXT("securepass123"), dear);
    struct text nobody = text_copy(*state, password_nobody());
    assert_true(password_start(cheap));
    // All up to the salt: algorithm, version, memory, passes, lanes.
    size_t parameters = text_find_text(somebody, TEXT("p=1$")) + 4;
    assert_texts(text_cut(nobody, 0, parameters), text_cut(somebody, 0, parameters));
    assert_int_equal(nobody.length, somebody.length);
    assert_false(password_check(*state, TEXT("securepass123"), nobody));
    assert_false(password_check(*state, TEXT(""), nobody));
}

// libsodium's, whose work is added up: KiB times passes.
static int64_t work;

int __real_crypto_pwhash(unsigned char *digest, unsigned long long size, const char *password,
                         unsigned long long length, const unsigned char *salt, unsigned long long passes,
                         size_t memory, int algorithm);
int __wrap_crypto_pwhash(unsigned char *digest, unsigned long long size, const char *password,
                         unsigned long long length, const unsigned char *salt, unsigned long long passes,
                         size_t memory, int algorithm);

int __wrap_crypto_pwhash(unsigned char *digest, unsigned long long size, const char *password,
                         unsigned long long length, const unsigned char *salt, unsigned long long passes,
                         size_t memory, int algorithm)
{
    work += (int64_t)passes * (int64_t)(memory / 1024);
    return __real_crypto_pwhash(digest, size, password, length, salt, passes, memory, algorithm);
}

static int64_t work_of_a_check(struct arena *arena, const char *password, struct text hash)
{
    work = 0;
    (void)password_check(arena, text_from(password), hash);
    return work;
}

static void a_no_takes_the_same_work_for_whom_was_hashed_cheaply(void **state)
{
    const struct password_cost usual = {4096, 3};
    const struct password_cost costs[] = {cheap, {4096, 1}, {1024, 3}, {4090, 3}, usual};
    assert_true(password_start(usual));
    int64_t wanted = work_of_a_check(*state, "another password", password_nobody());
    assert_int_equal(wanted, 4096 * 3);
    for (size_t i = 0; i < ROWS(costs); i++) {
        struct text hash = password_hash(*state, TEXT("securepass123"), costs[i]);
        int64_t taken = work_of_a_check(*state, "another password", hash);
        // What is less than Argon2's least memory, and what a division leaves, is not made up for.
        assert_in_range(taken, wanted - 8 * 3, wanted);
        assert_int_equal(work_of_a_check(*state, "securepass123", hash),
                         costs[i].memory_kib * costs[i].passes);
    }
    assert_int_equal(work_of_a_check(*state, "another password", TEXT("$2b$12$abc")), wanted);
    // What libsodium refuses has taken no time, but it was asked.
    const struct text no_passes[] = {TEXT("$argon2id$v=19$m=4096,t=0,p=1"),
                                     text_after(password_nobody(), strlen("$argon2id$v=19$m=4096,t=3,p=1"))};
    assert_int_equal(work_of_a_check(*state, "another password", text_join(*state, no_passes, 2)), wanted);
    const struct password_cost dearer = {8192, 3};
    struct text dear = password_hash(*state, TEXT("securepass123"), dearer);
    assert_int_equal(work_of_a_check(*state, "another password", dear), 8192 * 3);
    assert_true(password_start(cheap));
}

struct outdated_row {
    const char *hash;
    bool is_outdated;
};

static const struct outdated_row outdated[] = {
    {"$argon2id$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA", false},
    {"$argon2id$v=19$m=131072,t=2,p=1$c2FsdA$aGFzaA", false},
    {"$argon2id$v=19$m=65536,t=10,p=1$c2FsdA$aGFzaA", false},
    {"$argon2id$v=19$m=65535,t=2,p=1$c2FsdA$aGFzaA", true},
    {"$argon2id$v=19$m=65536,t=1,p=1$c2FsdA$aGFzaA", true},
    {"$argon2id$v=19$m=131072,t=1,p=1$c2FsdA$aGFzaA", true},
    {"$argon2id$v=16$m=65536,t=2,p=1$c2FsdA$aGFzaA", true},
    {"$argon2i$v=19$m=65536,t=2,p=1$c2FsdA$aGFzaA", true},
    {"$argon2id$v=19$m=,t=2,p=1$c2FsdA$aGFzaA", true},
    {"$argon2id$v=19$m=99999999999999999999,t=2,p=1$c2FsdA$aGFzaA", true},
    {"$argon2id$v=19$m=65536", true},
    {"$2b$12$abc", true},
    {"", true},
};

static void hashes_below_the_cost_are_outdated(void **state)
{
    (void)state;
    const struct password_cost cost = {65536, 2};
    for (size_t i = 0; i < ROWS(outdated); i++) {
        assert_row(password_is_outdated(text_from(outdated[i].hash), cost) == outdated[i].is_outdated,
                   outdated[i].hash);
    }
}

struct weak_row {
    const char *password;
    bool is_weak;
};

// Judged for John Doe, johndoe, john@example.com.
static const struct weak_row weak[] = {
    {"securepass123", false}, {"johndoe123", true},
    {"JohnDoe2024", true},    {"john@example.com", true},
    {"eodnhoj1", true},       {"password", true},
    {"password1", true},      {"12345678", true},
    {"qwertyuiop", true},     {"aaaaaaaaaaaa", true},
    {"abcdefgh", true},       {"19841984", true},
    {"Passw0rd!", true},      {"correct horse battery staple", false},
    {"xkT8#mQp2vL", false},   {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xe2\x82\xac\xe4\xb8\xad\xe6\x96\x87", false},
};

static void guessable_passwords_are_weak(void **state)
{
    const struct text words[] = {TEXT("johndoe"),  TEXT("john@example.com"),
                                 TEXT("john"),     TEXT("example"),
                                 TEXT("John Doe"), TEXT("John"),
                                 TEXT("Doe"),      TEXT("")};
    for (size_t i = 0; i < ROWS(weak); i++) {
        assert_row(password_is_weak(*state, text_from(weak[i].password), words, ROWS(words)) ==
                       weak[i].is_weak,
                   weak[i].password);
    }
}

static void own_words_make_a_password_weak(void **state)
{
    const struct text word = TEXT("wintergreen");
    assert_false(password_is_weak(*state, TEXT("wintergreen77"), NULL, 0) &&
                 !password_is_weak(*state, TEXT("wintergreen77"), &word, 1));
    assert_false(password_is_weak(*state, TEXT("xqzvbnwk"), NULL, 0));
    const struct text own = TEXT("xqzvbnwk");
    assert_true(password_is_weak(*state, TEXT("xqzvbnwk"), &own, 1));
    assert_true(password_is_weak(*state, TEXT("XQZVBNWK1"), &own, 1));
}

static void any_number_of_words_may_be_given(void **state)
{
    struct text words[40];
    for (size_t i = 0; i < ROWS(words); i++) {
        words[i] = text_number(*state, (int64_t)i * 1000003);
    }
    assert_false(password_is_weak(*state, TEXT("correct horse battery staple"), words, ROWS(words)));
    words[15] = TEXT("xqzvbnwk");
    assert_true(password_is_weak(*state, TEXT("xqzvbnwk"), words, ROWS(words)));
}

static void only_the_first_hundred_characters_are_judged(void **state)
{
    struct arena *arena = *state;
    const struct text same[] = {repeated(arena, "a", 100), TEXT("xkT8#mQp2vL!9fW")};
    assert_true(password_is_weak(arena, text_join(arena, same, 2), NULL, 0));
    const struct text early[] = {repeated(arena, "a", 80), TEXT("xkT8#mQp2vL!9fW")};
    assert_false(password_is_weak(arena, text_join(arena, early, 2), NULL, 0));
    const struct text wide[] = {repeated(arena, "\xe4\xb8\xad", 99), TEXT("xkT8#mQp2vL!9fW")};
    assert_false(arena_failed(arena));
    (void)password_is_weak(arena, text_join(arena, wide, 2), NULL, 0);
}

static void without_memory_nothing_is_strong(void **state)
{
    (void)state;
    struct arena *arena = arena_open(8);
    assert_true(password_is_weak(arena, TEXT("correct horse battery staple"), NULL, 0));
    assert_true(arena_failed(arena));
    arena_close(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(a_password_passes_its_own_hash_alone),
        WITH_ARENA(two_hashes_of_one_password_differ),
        WITH_ARENA(passwords_are_hashed_byte_for_byte),
        WITH_ARENA(the_last_of_many_bytes_counts),
        WITH_ARENA(what_is_no_hash_passes_nothing),
        WITH_ARENA(what_cannot_be_hashed_has_no_hash),
        WITH_ARENA(without_memory_nobody_is_told_wrong),
        WITH_ARENA(a_changed_hash_passes_nothing),
        WITH_ARENA(nobody_costs_what_somebody_costs),
        WITH_ARENA(a_no_takes_the_same_work_for_whom_was_hashed_cheaply),
        cmocka_unit_test(hashes_below_the_cost_are_outdated),
        WITH_ARENA(guessable_passwords_are_weak),
        WITH_ARENA(own_words_make_a_password_weak),
        WITH_ARENA(any_number_of_words_may_be_given),
        WITH_ARENA(only_the_first_hundred_characters_are_judged),
        cmocka_unit_test(without_memory_nothing_is_strong),
    };
    return cmocka_run_group_tests_name("password", tests, start, NULL);
}
