// What every rule of the accounts works with, and who is asking. Each rule promises that what it makes is
// made in one transaction, of which all or nothing is kept (what it counts first, a limit or a try, stays),
// and to answer by an outcome. None knows HTTP or HTML: it is told a visitor.
#ifndef STOREFRONT_ACCOUNT_ACCOUNT_H
#define STOREFRONT_ACCOUNT_ACCOUNT_H

#include "storefront/account/outcome.h"
#include "storefront/base/settings.h"
#include "storefront/database/database.h"
#include "storefront/security/keyring.h"

#define ACCOUNT_ID_SIZE ((size_t)16) // bytes of a UUID

struct account {
    struct database *database;
    const struct keyring *keyring;
    const struct settings *settings;
    struct arena *arena;     // of the request
    struct text customer_id; // 16 bytes: whom the request is about, as far as a rule knows; the log says it
    int64_t hash_time;       // microseconds spent on hashing passwords in this request
    int64_t hash_processor_time; // of which the processor worked on it
};

struct session;

struct visitor {
    struct text address;      // of the client, from nginx
    struct text token_digest; // of the csrftoken that the request came with
    struct text language;     // tag
    const struct session *session;
};

// One message about one field; the phrase's key, not its words.
struct field_error {
    const char *field;
    const char *phrase;
};

#define FIELD_ERRORS_MAXIMUM ((size_t)8)

struct field_errors {
    struct field_error items[FIELD_ERRORS_MAXIMUM];
    size_t count;
};

// Begins the account's work on a new request: grants it its time with the database.
void account_begin(struct account *account);

// Microseconds that the request has waited for the database.
int64_t account_waited(const struct account *account);

// What this process has done with the database since it began.
struct database_figures account_figures(const struct account *account);

// When a password's hash was begun: account_end_hashing() adds what has passed to the account's figures.
struct hashing {
    int64_t begun, processor_time;
};
struct hashing account_begin_hashing(void);
void account_end_hashing(struct account *account, struct hashing hashing);

// True when the database answers and can be written to.
bool account_is_ready(struct account *account);

// Adds a message to `errors`; more than there is room for are dropped.
void field_errors_add(struct field_errors *errors, const char *field, const char *phrase);

// The outcome of a database call: done, or unavailable.
enum outcome account_outcome(enum database_outcome outcome);

// A new random UUID (RFC 9562, version 4) as 16 bytes in the arena of `account`; empty when there is no
// randomness, which marks the arena as failed.
struct text account_new_id(struct account *account);

// The UUID `id` (16 bytes) as text with dashes in `arena`.
struct text account_id_text(struct arena *arena, struct text id);

#endif
