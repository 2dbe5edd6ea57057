// The mail server as the settings name it: what cannot be meant is refused with the setting's name. That
// mails arrive is journey.mailer's.
#include "support.h"

#include "storefront/mail/server.h"

struct server_row {
    const char *what;
    const char *variables[6];
    const char *refused; // the setting that is complained of; NULL: none
    enum mail_tls tls;
};

static const struct server_row rows[] = {
    {"as shipped", {NULL}, NULL, MAIL_TLS_REQUIRED},
    {"try", {"STOREFRONT_SMTP_TLS=try"}, NULL, MAIL_TLS_TRY},
    {"off", {"STOREFRONT_SMTP_TLS=off"}, NULL, MAIL_TLS_OFF},
    {"no word for TLS", {"STOREFRONT_SMTP_TLS=banana"}, "SMTP_TLS", 0},
    {"TLS from the start", {"STOREFRONT_SMTP_URL=smtps://mail.example"}, NULL, MAIL_TLS_REQUIRED},
    {"no scheme", {"STOREFRONT_SMTP_URL=mail.example"}, "SMTP_URL", 0},
    {"another scheme", {"STOREFRONT_SMTP_URL=https://mail.example"}, "SMTP_URL", 0},
    {"no address", {"STOREFRONT_MAIL_SENDER=nobody"}, "MAIL_SENDER", 0},
    {"nobody at", {"STOREFRONT_MAIL_SENDER=@shop.example"}, "MAIL_SENDER", 0},
    {"nowhere", {"STOREFRONT_MAIL_SENDER=shop@"}, "MAIL_SENDER", 0},
    {"two addresses", {"STOREFRONT_MAIL_SENDER=a@b.example,c@d.example"}, "MAIL_SENDER", 0},
    {"the end of a command", {"STOREFRONT_MAIL_SENDER=a@b.example>\r\n"}, "MAIL_SENDER", 0},
    {"no address for support", {"STOREFRONT_SHOP_SUPPORT=x"}, "SHOP_SUPPORT", 0},
    {"support", {"STOREFRONT_SHOP_SUPPORT=help@shop.example"}, NULL, MAIL_TLS_REQUIRED},
    {"a password in the clear",
     {"STOREFRONT_SMTP_URL=smtp://mail.example", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=try"},
     "SMTP_TLS",
     0},
    {"a password with TLS",
     {"STOREFRONT_SMTP_URL=smtp://mail.example", "STOREFRONT_SMTP_USER=shop"},
     NULL,
     MAIL_TLS_REQUIRED},
    {"a password by smtps",
     {"STOREFRONT_SMTP_URL=smtps://mail.example", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     NULL,
     MAIL_TLS_OFF},
    {"a password to this host",
     {"STOREFRONT_SMTP_URL=smtp://127.0.0.1", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     NULL,
     MAIL_TLS_OFF},
    {"a password to localhost.example",
     {"STOREFRONT_SMTP_URL=smtp://localhost.example", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     "SMTP_TLS",
     0},
    {"a name and password in the address",
     {"STOREFRONT_SMTP_URL=smtp://shop:secret@mail.example"},
     "SMTP_URL",
     0},
    {"a name in the address that looks like this host",
     {"STOREFRONT_SMTP_URL=smtp://localhost:25@mail.example", "STOREFRONT_SMTP_USER=shop",
      "STOREFRONT_SMTP_TLS=off"},
     "SMTP_URL",
     0},
    {"a path", {"STOREFRONT_SMTP_URL=smtp://mail.example/"}, "SMTP_URL", 0},
    {"a query", {"STOREFRONT_SMTP_URL=smtp://mail.example?x"}, "SMTP_URL", 0},
    {"a fragment", {"STOREFRONT_SMTP_URL=smtp://mail.example#x"}, "SMTP_URL", 0},
    {"a space", {"STOREFRONT_SMTP_URL=smtp://mail example"}, "SMTP_URL", 0},
    {"no server", {"STOREFRONT_SMTP_URL=smtp://"}, "SMTP_URL", 0},
    {"a password to 127.0.0.1.example",
     {"STOREFRONT_SMTP_URL=smtp://127.0.0.1.example", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     "SMTP_TLS",
     0},
    {"a password to [::1].example",
     {"STOREFRONT_SMTP_URL=smtp://[::1].example", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     "SMTP_TLS",
     0},
    {"a password to localhost:2525",
     {"STOREFRONT_SMTP_URL=smtp://localhost:2525", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     NULL,
     MAIL_TLS_OFF},
    {"a password to 127.1.2.3:25",
     {"STOREFRONT_SMTP_URL=smtp://127.1.2.3:25", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     NULL,
     MAIL_TLS_OFF},
    {"a password to [::1]:25",
     {"STOREFRONT_SMTP_URL=smtp://[::1]:25", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     NULL,
     MAIL_TLS_OFF},
    {"a password to [::1]",
     {"STOREFRONT_SMTP_URL=smtp://[::1]", "STOREFRONT_SMTP_USER=shop", "STOREFRONT_SMTP_TLS=off"},
     NULL,
     MAIL_TLS_OFF},
};

static void what_cannot_be_meant_is_refused(void **state)
{
    for (size_t i = 0; i < ROWS(rows); i++) {
        struct settings settings = settings_of(*state, rows[i].variables);
        enum mail_tls tls = MAIL_TLS_OFF;
        struct capture capture = capture_begin();
        bool done = mail_server_judge(&settings, &tls);
        struct text logged = capture_end(*state, &capture);
        assert_row(done == (rows[i].refused == NULL), rows[i].what);
        assert_row(done ? logged.length == 0 && tls == rows[i].tls : holds(logged, rows[i].refused),
                   rows[i].what);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(what_cannot_be_meant_is_refused),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
