// The mail server and who writes to it, as the settings name them. It promises that what cannot be meant is
// refused before a mail is written: no address, another scheme than SMTP's, a password that could travel in
// the clear. It refuses to know how a mail is handed over.
#ifndef STOREFRONT_MAIL_SERVER_H
#define STOREFRONT_MAIL_SERVER_H

#include "storefront/base/settings.h"

enum mail_tls { MAIL_TLS_OFF, MAIL_TLS_TRY, MAIL_TLS_REQUIRED };

// Judges SMTP_URL, SMTP_TLS, SMTP_USER, MAIL_SENDER and SHOP_SUPPORT; `tls` becomes what SMTP_TLS asks for.
// False, with the reason logged, where one is not understood, or where a password needs TLS to another
// machine (ASVS V12.3.1).
bool mail_server_judge(const struct settings *settings, enum mail_tls *tls);

#endif
