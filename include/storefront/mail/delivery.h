// The door to libcurl: hands mails to the mail server by SMTP, many over one connection. It promises that
// certificates are checked and that each attempt ends in time. It refuses to know what the mails say.
#ifndef STOREFRONT_MAIL_DELIVERY_H
#define STOREFRONT_MAIL_DELIVERY_H

#include "storefront/base/settings.h"

enum delivery_outcome {
    DELIVERY_TAKEN,
    DELIVERY_LATER,   // this mail, not now
    DELIVERY_REFUSED, // this mail, never
    DELIVERY_AWAY     // the mail server is away, or does not let us in: no mail now
};

struct delivery;

// Makes a delivery by the settings SMTP_*. NULL, with the reason logged, where they contradict each other: a
// password without TLS to another machine, or a word that SMTP_TLS does not know.
struct delivery *delivery_open(struct arena *arena, const struct settings *settings);

// Ends the connection to the mail server and frees `*delivery`, which becomes NULL; NULL is allowed.
void delivery_close(struct delivery **delivery);

// Hands `message` to the mail server. Unless it was taken, `reason` becomes the server's status or libcurl's
// reason, in `arena`.
enum delivery_outcome delivery_send(struct delivery *delivery, struct arena *arena, struct text recipient,
                                    struct text message, struct text *reason);

#endif
