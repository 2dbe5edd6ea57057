// Limits that all workers share: keyed digests of what is limited, counted in the database. It promises that
// a limit is taken and told the same whether or not the account exists, and that one which cannot be asked
// refuses. It refuses to know what is being limited for.
#ifndef STOREFRONT_ACCOUNT_THROTTLE_H
#define STOREFRONT_ACCOUNT_THROTTLE_H

#include "storefront/account/account.h"

enum limit {
    LIMIT_ADDRESS_REGISTRATIONS, // registrations that cost a hash, for a client address
    LIMIT_ADDRESS_SIGN_INS,      // failed sign-ins, for a client address
    LIMIT_SIGN_INS,              // failed sign-ins, for an account and a client address
    LIMIT_MAILBOX,               // mails and wrong tries, for a mailbox
    LIMIT_SESSION                // mails, for a session
};

// The key under which `subject` is counted for `limit`, 32 bytes in the arena; empty, and the arena failed,
// without one. While the keyring holds several secret keys, what was counted under the others is first
// brought together under it; where that fails the arena fails too.
struct text throttle_key(struct account *account, enum limit limit, struct text subject);

// The two halves of the key under which failed sign-ins count: 16 bytes each in the arena. Where there is
// such an account, its id takes the place of the first.
struct sign_in_key {
    struct text name;
    struct text address;
};

// The same as throttle_key() for failed sign-ins with the name `username_key`, or `email_key` where that is
// not empty, from the client address `address` (as throttle_address() returns it).
struct sign_in_key throttle_sign_in_key(struct account *account, struct text username_key,
                                        struct text email_key, struct text address);

// The client's address as it is counted: IPv4 whole, IPv6 by /64 (contract: client address). Empty where it
// is none.
struct text throttle_address(struct arena *arena, struct text address);

// Counts one more event of `limit` for the client address `address`. OUTCOME_THROTTLED where there were
// enough: `retry_after` is then in how many seconds one more is allowed. Without ADDRESS_LIMITS always
// OUTCOME_DONE.
enum outcome throttle_take_address(struct account *account, enum limit limit, struct text address,
                                   int64_t *retry_after);

// Takes back what throttle_take_address() counted: it turned out not to count.
void throttle_give_back_address(struct account *account, enum limit limit, struct text address);

// Asks, for the next turn of the caller's transaction, to count one more mail for a mailbox and a session.
void throttle_ask_mail(struct account *account, struct text mailbox_key, struct text session_key,
                       struct answer *answer);

// What came of it; `next_in` becomes the seconds until another mail may be asked for, by these limits and by
// the age that a mail must have. OUTCOME_THROTTLED: the transaction is to be given up.
enum outcome throttle_read_mail(const struct account *account, const struct answer *answer, int64_t *next_in);

// In how many seconds one more mail is allowed, at least 1; for Retry-After.
int64_t throttle_mail_wait(struct account *account, struct text mailbox_key, struct text session_key);

#endif
