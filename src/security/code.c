// See code.h.
#include "storefront/security/code.h"

#define WORD_SIZE ((size_t)8)

// Takes from `mac` the first word that gives every remainder of `range` the same chance.
static bool reduce(const unsigned char mac[static DIGEST_SIZE], uint64_t range, uint64_t *code)
{
    const uint64_t limit = UINT64_MAX - UINT64_MAX % range;
    for (size_t at = 0; at < DIGEST_SIZE; at += WORD_SIZE) {
        uint64_t word = 0;
        for (size_t i = 0; i < WORD_SIZE; i++) {
            word = word << 8 | mac[at + i];
        }
        if (word < limit) {
            *code = word % range;
            return true;
        }
    }
    return false;
}

static uint64_t power_of_ten(int64_t digits)
{
    uint64_t power = 1;
    for (int64_t i = 0; i < digits; i++) {
        power *= 10;
    }
    return power;
}

bool code_derive(const struct keyring *keyring, const struct code_facts *facts,
                 char digits[static CODE_DIGITS_MAXIMUM])
{
    if (facts->digits < CODE_DIGITS_MINIMUM || facts->digits > CODE_DIGITS_MAXIMUM) {
        return false;
    }
    unsigned char mac[DIGEST_SIZE];
    uint64_t code = 0;
    bool found = false;
    bool has_key = true;
    // A round fails once in 10^40; the bound is there so that the loop is seen to end.
    for (unsigned char round = 0; round < 4 && !found && has_key; round++) {
        const struct text parts[] = {TEXT("prove an address"), text_of(&round, 1), facts->code_id,
                                     facts->registration_id,   facts->email,       facts->nonce};
        has_key =
            keyring_mac(keyring, KEY_CODES, facts->key_number, parts, sizeof parts / sizeof *parts, mac);
        found = has_key && reduce(mac, power_of_ten(facts->digits), &code);
    }
    for (int64_t i = facts->digits - 1; i >= 0; i--) {
        digits[i] = (char)('0' + code % 10);
        code /= 10;
    }
    secret_wipe(mac, sizeof mac);
    return found;
}
