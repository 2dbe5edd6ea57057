// See server.h.
#include "storefront/mail/server.h"
#include "storefront/base/log.h"

#include <string.h>

static bool refuse(const char *setting, const char *reason)
{
    log_event(LOG_ERROR, "setting refused", LOG_STRING("setting", setting), LOG_STRING("reason", reason));
    return false;
}

static bool is_loopback_number(struct text host)
{
    for (size_t i = 0; i < host.length; i++) {
        if (host.bytes[i] != '.' && (host.bytes[i] < '0' || host.bytes[i] > '9')) {
            return false;
        }
    }
    return text_starts_with(host, TEXT("127."));
}

static struct text after_scheme(struct text url)
{
    return text_after(url, text_find_text(url, TEXT("://")) + 3);
}

// A password in the address would be printed with it; a path is what libcurl greets the server with.
static bool is_server_alone(struct text url)
{
    struct text rest = after_scheme(url);
    for (size_t i = 0; i < rest.length; i++) {
        if (rest.bytes[i] <= ' ' || rest.bytes[i] > '~' || strchr("@/?#\\", rest.bytes[i]) != NULL) {
            return false;
        }
    }
    return rest.length > 0;
}

// By the whole host: a name that only begins like this machine's is another's.
static bool is_local(struct text url)
{
    struct text host = after_scheme(url);
    bool is_six = text_starts_with(host, TEXT("[::1]"));
    host = is_six ? text_after(host, sizeof "[::1]" - 1) : host;
    struct text name = text_cut(host, 0, text_find(host, ':'));
    return is_six ? name.length == 0 : text_equals(name, TEXT("localhost")) || is_loopback_number(name);
}

// One @ with something printable on both sides, and nothing that would end a command or a header.
static bool is_address(struct text address)
{
    size_t at = text_find(address, '@');
    for (size_t i = 0; i < address.length; i++) {
        char byte = address.bytes[i];
        if (byte <= ' ' || byte > '~' || byte == '<' || byte == '>' || (byte == '@' && i != at)) {
            return false;
        }
    }
    return at > 0 && at + 1 < address.length;
}

static bool choose_tls(struct text word, enum mail_tls *tls)
{
    if (text_equals(word, TEXT("off"))) {
        *tls = MAIL_TLS_OFF;
    } else if (text_equals(word, TEXT("try"))) {
        *tls = MAIL_TLS_TRY;
    } else {
        *tls = MAIL_TLS_REQUIRED;
        return text_equals(word, TEXT("required")) || refuse("SMTP_TLS", "neither off, try nor required");
    }
    return true;
}

bool mail_server_judge(const struct settings *settings, enum mail_tls *tls)
{
    bool is_tls_from_start = text_starts_with(settings->smtp_url, TEXT("smtps://"));
    if (!is_address(settings->mail_sender)) {
        return refuse("MAIL_SENDER", "not a mail address");
    }
    if (settings->shop_support.length > 0 && !is_address(settings->shop_support)) {
        return refuse("SHOP_SUPPORT", "not a mail address");
    }
    if (!is_tls_from_start && !text_starts_with(settings->smtp_url, TEXT("smtp://"))) {
        return refuse("SMTP_URL", "begins with neither smtp:// nor smtps://");
    }
    if (!is_server_alone(settings->smtp_url)) {
        return refuse(
            "SMTP_URL",
            "names more than a server and its port; a name and password have settings of their own");
    }
    if (!choose_tls(settings->smtp_tls, tls)) {
        return false;
    }
    return settings->smtp_user.length == 0 || *tls == MAIL_TLS_REQUIRED || is_tls_from_start ||
           is_local(settings->smtp_url) || refuse("SMTP_TLS", "must be required where there is a password");
}
