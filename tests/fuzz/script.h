// The scripted database of the harness of whole requests: what its statements come to is read from the input.
// It promises answers in the form that each statement has, and holds the callers to the rules of database.h:
// parameters of the right number and type, and transactions that end. It refuses to know any journey.
#ifndef STOREFRONT_TESTS_FUZZ_SCRIPT_H
#define STOREFRONT_TESTS_FUZZ_SCRIPT_H

#include "storefront/database/database.h"

// Texts that a column may hold, and the first of them in code facts of which every byte is zero.
#define SCRIPT_EMAIL    "john@example.com"
#define SCRIPT_PASSWORD "securepass123"
#define SCRIPT_HOSTILE  "<zq>&\"'"

// From now on statements come to what `script` says; to success with few rows once it has ended. `token` is
// the digest that a column may hold as that of an earlier token.
void script_begin(struct text script, struct text token);

// A database whose answers are the script's.
struct database *script_database(void);

// What has happened since script_begin().
struct script_tale {
    size_t statements;
    bool is_open;       // a transaction was begun and not ended
    bool commit_failed; // a commit came to another end than DATABASE_DONE
    bool was_away;      // a statement that is not best effort was unavailable
};

struct script_tale script_tale(void);

#endif
