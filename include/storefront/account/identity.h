// What a username, an e-mail, a name and a password may be, and when two are the same. It promises one
// canonical form for each. It refuses to know who has them.
#ifndef STOREFRONT_ACCOUNT_IDENTITY_H
#define STOREFRONT_ACCOUNT_IDENTITY_H

#include "storefront/account/account.h"

struct identity {
    struct text username;     // NFKC
    struct text username_key; // NFKC case folding: unique
    struct text email;        // its domain in ASCII
    struct text email_key;    // ASCII lower case: unique
    struct text name;
};

// Reads what was typed into `identity` and checks `password` against it; what is wrong goes into `errors`.
// All in the arena of `account`.
void identity_read(struct account *account, struct text username, struct text email, struct text name,
                   struct text password, struct identity *identity, struct field_errors *errors);

// The keys under which what was typed at a sign-in may stand: as a username, and as an e-mail. Either may be
// empty.
void identity_sign_in_keys(struct account *account, struct text typed, struct text *username_key,
                           struct text *email_key);

// The key of a username alone, for comparisons.
struct text identity_username_key(struct account *account, struct text typed);

// The mailbox of `email` for counting: lower case, `+tag` cut.
struct text identity_mailbox(struct account *account, struct text email);

#endif
