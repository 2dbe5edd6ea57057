// What one password hash costs alone: the processor time of libsodium's Argon2id, as the shop calls it, for
// as many hashes as fit into some seconds. It knows nothing of the shop. Arguments: KiB, passes, seconds.
// Prints the hashes and the processor time in microseconds that they took.
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define MILLION  1000000
#define THOUSAND 1000
#define DECIMAL  10

static long long microseconds(clockid_t clock)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(clock, &now);
    return (long long)now.tv_sec * MILLION + now.tv_nsec / THOUSAND;
}

int main(int count, char **arguments)
{
    static const char password[] = "securepass123";
    char hash[crypto_pwhash_STRBYTES];
    if (count != 4 || sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    size_t bytes = strtoul(arguments[1], NULL, DECIMAL) * 1024;
    unsigned long long passes = strtoull(arguments[2], NULL, DECIMAL);
    long long end = microseconds(CLOCK_MONOTONIC) + strtoll(arguments[3], NULL, DECIMAL) * MILLION;
    long long begun = microseconds(CLOCK_PROCESS_CPUTIME_ID);
    int hashes = 0;
    while (microseconds(CLOCK_MONOTONIC) < end) {
        if (crypto_pwhash_str_alg(hash, password, sizeof password - 1, passes, bytes,
                                  crypto_pwhash_ALG_ARGON2ID13) != 0) {
            return EXIT_FAILURE;
        }
        hashes++;
    }
    (void)printf("%d %lld\n", hashes, microseconds(CLOCK_PROCESS_CPUTIME_ID) - begun);
    return EXIT_SUCCESS;
}
