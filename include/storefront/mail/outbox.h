// The outbox as the mailer sees it: mails taken in hand, handed over, put off or given up. It promises that
// two mailers never have one mail at once while its lease lasts. It refuses to know SMTP and words.
#ifndef STOREFRONT_MAIL_OUTBOX_H
#define STOREFRONT_MAIL_OUTBOX_H

#include "storefront/database/database.h"
#include "storefront/security/code.h"

#define OUTBOX_CLAIM_MAXIMUM ((size_t)20)

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

// Takes up to OUTBOX_CLAIM_MAXIMUM mails that are due in hand for `lease` seconds. False when the database is
// away.
bool outbox_claim(struct database *database, struct arena *arena, int64_t lease, struct outbox_claim *claim);

// The mail server took the mail: its code's life begins. False when that could not be written: it will be
// sent again.
bool outbox_hand_over(struct database *database, struct arena *arena, struct text id);

// The mail is tried again in `seconds`; `reason` is for the operator.
bool outbox_defer(struct database *database, struct arena *arena, struct text id, int64_t seconds,
                  struct text reason);

// The mail is not sent any more: its code was dead, or the mail server refused it for good.
bool outbox_drop(struct database *database, struct arena *arena, struct text id);
bool outbox_refuse(struct database *database, struct arena *arena, struct text id, struct text reason);

#endif
