// The file of the secret keys. Input: its content. Keys that were read sign and verify under their own
// number, and the file written anew with the same numbers and keys signs the same.
#include "support.h"

#include "storefront/base/encode.h"

#define PURPOSES (1U << KEY_CODES | 1U << KEY_LIMITS)

static const struct text parts[] = {TEXT("what"), TEXT("is signed")};

static void check_numbers(const struct keyring *keyring)
{
    promise(keyring_count(keyring) >= 1 && keyring_count(keyring) <= 8);
    promise(keyring_current(keyring) == keyring_number(keyring, 0));
    for (size_t i = 0; i < keyring_count(keyring); i++) {
        int64_t number = keyring_number(keyring, i);
        promise(number >= 1 && number <= KEY_NUMBER_MAXIMUM);
        for (size_t other = 0; other < i; other++) {
            promise(keyring_number(keyring, other) != number);
        }
    }
}

static void check_macs(const struct keyring *keyring, const struct keyring *again)
{
    for (size_t i = 0; i < keyring_count(keyring); i++) {
        unsigned char mac[DIGEST_SIZE];
        unsigned char same[DIGEST_SIZE];
        int64_t number = keyring_number(keyring, i);
        promise(keyring_mac(keyring, KEY_CODES, number, parts, 2, mac));
        promise(keyring_mac(again, KEY_CODES, number, parts, 2, same));
        promise(secret_equals(text_of(mac, sizeof mac), text_of(same, sizeof same)));
        promise(keyring_verify(fuzz_room(), keyring, KEY_CODES, parts, 2, text_of(mac, sizeof mac)));
        promise(!keyring_verify(fuzz_room(), keyring, KEY_LIMITS, parts, 2, text_of(mac, sizeof mac)));
        promise(!keyring_verify(fuzz_room(), keyring, KEY_CODES, parts, 1, text_of(mac, sizeof mac)));
        promise(!keyring_mac(keyring, KEY_TOKENS, number, parts, 2, mac));
    }
    unsigned char mac[DIGEST_SIZE];
    promise(!keyring_mac(keyring, KEY_CODES, 0, parts, 2, mac));
}

// The file as `keyring` read it, without comments and blanks.
static struct text tidy(struct text content)
{
    struct buffer out = buffer_open(fuzz_room(), (size_t)8192);
    while (content.length > 0) {
        struct text line = text_trim(text_next(&content, '\n'));
        if (line.length > 0 && line.bytes[0] != '#') {
            struct text number = text_next(&line, ' ');
            buffer_add(&out, number);
            buffer_add(&out, TEXT(" "));
            buffer_add(&out, text_trim(line));
            buffer_add(&out, TEXT("\r\n\n# comment\n"));
        }
    }
    return text_cut(buffer_text(&out), 0, 4096);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct text content = text_of(bytes, size);
    (void)fuzz_begin();
    struct keyring *keyring = keyring_open(fuzz_file(0, content), PURPOSES);
    if (keyring != NULL) {
        struct keyring *again = keyring_open(fuzz_file(0, tidy(content)), PURPOSES);
        check_numbers(keyring);
        promise(again != NULL && keyring_count(again) == keyring_count(keyring));
        check_macs(keyring, again);
        keyring_close(&again);
        promise(again == NULL);
    }
    keyring_close(&keyring);
    fuzz_end();
    return 0;
}
