// The outbox as the mailer sees it: mails taken in hand, handed over, put off or given up. It promises that
// two mailers never have one mail at once while its lease lasts. It refuses to know SMTP and words.
#ifndef STOREFRONT_MAIL_OUTBOX_H
#define STOREFRONT_MAIL_OUTBOX_H

#include "storefront/database/database.h"
#include "storefront/security/code.h"

#define OUTBOX_CLAIM_MAXIMUM ((size_t)500)

struct outbox_mail {
    struct text id;          // 16 bytes
    struct text language;    // tag
    int64_t attempts;        // this one included
    int64_t queued_at;       // seconds since 1970
    struct code_facts facts; // of the code that it brings; facts.email is where it goes
    int64_t seconds_left;    // that the code has from now on
    bool is_dead;            // the code has ended: not to be sent
    int64_t waited_ms;       // milliseconds from the wish for it to its claim
};

struct outbox_claim {
    struct outbox_mail mails[OUTBOX_CLAIM_MAXIMUM];
    size_t count;
};

// Takes up to `most` mails that are due in hand for `lease` seconds. False when the database is away.
bool outbox_claim(struct database *database, struct arena *arena, size_t most, int64_t lease,
                  struct outbox_claim *claim);

enum outbox_state {
    OUTBOX_QUEUED,  // to be tried again
    OUTBOX_SENT,    // the mail server took it: its code's life begins
    OUTBOX_DROPPED, // its code was dead
    OUTBOX_REFUSED  // the mail server will never take it
};

// What became of a mail.
struct outbox_verdict {
    struct text id;
    enum outbox_state state;
    int64_t attempts;   // as it was claimed: a mail that another mailer holds now is not judged
    int64_t seconds;    // until a queued one is tried again
    struct text reason; // for the operator; may be empty
};

// Writes `count` verdicts down, in one commit. False when that could not be done, or is not known to be: the
// caller may try again.
bool outbox_settle(struct database *database, struct arena *arena, const struct outbox_verdict *verdicts,
                   size_t count);

#endif
