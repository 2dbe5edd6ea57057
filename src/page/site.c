// See site.h.
#include "storefront/page/site.h"
#include "storefront/base/log.h"

#define PORT_MAXIMUM 65535

static bool refuse(const char *reason)
{
    log_event(LOG_ERROR, "setting refused", LOG_STRING("setting", "PUBLIC_URL"),
              LOG_STRING("reason", reason));
    return false;
}

static bool is_host_character(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') || byte == '.' || byte == '-' ||
           byte == ':' || byte == '[' || byte == ']';
}

// The port at the end of `host` with its colon; the colons of an IPv6 address are inside brackets.
static struct text port_of(struct text host)
{
    size_t bracket = text_find(host, ']');
    struct text behind = bracket < host.length ? text_after(host, bracket + 1) : host;
    return text_after(behind, text_find(behind, ':'));
}

static bool is_host(struct text host)
{
    struct text port = port_of(host);
    int64_t number = 0;
    for (size_t i = 0; i < host.length; i++) {
        if (!is_host_character(host.bytes[i])) {
            return false;
        }
    }
    return host.length > port.length &&
           (port.length == 0 || text_to_number(text_after(port, 1), 1, PORT_MAXIMUM, &number));
}

// Browsers leave the scheme's own port out of Host and Origin; some proxies and probes say it in Host. It is
// the same host (RFC 9110, section 4.2.3).
static struct text without_own_port(struct text host, bool is_secure)
{
    struct text own = is_secure ? TEXT(":443") : TEXT(":80");
    return text_equals(port_of(host), own) ? text_cut(host, 0, host.length - own.length) : host;
}

bool site_open(struct arena *arena, const struct settings *settings, struct site *site)
{
    struct text rest = settings->public_url;
    size_t end = text_find_text(rest, TEXT("://"));
    site->scheme = text_cut(rest, 0, end);
    site->is_secure = text_equals(site->scheme, TEXT("https"));
    rest = text_after(rest, end + 3);
    if (rest.length > 0 && rest.bytes[rest.length - 1] == '/') {
        rest.length--;
    }
    bool has_host = is_host(rest);
    site->host = text_copy(arena, without_own_port(rest, site->is_secure));
    site->has_loopback = settings->loopback_hosts;
    site->session_cookie = site->is_secure ? TEXT("__Host-sessionid") : TEXT("sessionid");
    if ((!site->is_secure && !text_equals(site->scheme, TEXT("http"))) || !has_host) {
        return refuse("not of the form https://host or https://host:port, in lower case");
    }
    return settings->address_limits || !site->is_secure ||
           refuse("ADDRESS_LIMITS is off, which https does not allow");
}

static bool is_port_or_nothing(struct text end)
{
    int64_t number = 0;
    return end.length == 0 ||
           (end.bytes[0] == ':' && text_to_number(text_after(end, 1), 1, PORT_MAXIMUM, &number));
}

// At any port: the public URL's may be another one than the developer's stack listens at.
static bool is_loopback(struct text host)
{
    static const struct text names[] = {TEXT("localhost"), TEXT("127.0.0.1"), TEXT("[::1]")};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (text_equals_ignoring_case(text_cut(host, 0, names[i].length), names[i]) &&
            is_port_or_nothing(text_after(host, names[i].length))) {
            return true;
        }
    }
    return false;
}

bool site_has_host(const struct site *site, struct text host)
{
    return text_equals_ignoring_case(without_own_port(host, site->is_secure), site->host) ||
           (site->has_loopback && is_loopback(host));
}

bool site_has_origin(const struct site *site, struct text host, struct text origin)
{
    size_t scheme = site->scheme.length;
    return text_starts_with(origin, site->scheme) && text_equals(text_cut(origin, scheme, 3), TEXT("://")) &&
           text_equals_ignoring_case(text_after(origin, scheme + 3), without_own_port(host, site->is_secure));
}
