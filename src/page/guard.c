// See guard.h. The order of the refusals is the contract's; each step is a function that either lets the
// visit pass or says how it ends.
#include "storefront/page/guard.h"
#include "storefront/account/throttle.h"
#include "storefront/base/clock.h"
#include "storefront/base/log.h"
#include "storefront/page/answer.h"
#include "storefront/page/figures.h"

#define DAY              ((int64_t)24 * 60 * 60)
#define LANGUAGE_MAX_AGE (365 * DAY)
#define QUERY_MAXIMUM    ((size_t)2000)

static bool is_unsafe(const struct visit *visit)
{
    return visit->route->method == METHOD_POST;
}

static bool is_for_operators(const struct route *route)
{
    return route != NULL && route->audience == AUDIENCE_OPERATORS;
}

// A path without its final slash is sent to the one with it. A query that might not fit into a header once it
// is encoded is left off.
static bool redirect_to_slash(struct visit *visit)
{
    const struct request *request = visit->request;
    bool has_query = request->query.length > 0 && request->query.length <= QUERY_MAXIMUM;
    bool is_view = request->method == METHOD_GET || request->method == METHOD_HEAD;
    const struct text parts[] = {request->path, TEXT("/"), TEXT("?"), request->query};
    struct text path = text_join(visit->account.arena, parts, 2);
    if (routes_methods(visit->account.arena, path).length == 0) {
        return false;
    }
    answer_redirect(visit, is_view ? 301 : 308, text_join(visit->account.arena, parts, has_query ? 4 : 2));
    return true;
}

// Finds the row, for a host that is ours.
static enum outcome find_route(struct visit *visit)
{
    const struct request *request = visit->request;
    struct text methods = routes_methods(visit->account.arena, request->path);
    visit->route = routes_find(request->path, request->method);
    if (!is_for_operators(visit->route) && !site_has_host(&visit->service->site, request->host)) {
        return OUTCOME_UNKNOWN_HOST;
    }
    if (methods.length == 0) {
        return OUTCOME_NOT_FOUND;
    }
    if (visit->route == NULL) {
        visit->response->allow = methods;
        return OUTCOME_METHOD;
    }
    if (!is_for_operators(visit->route) && visit->route->pool != visit->service->pool) {
        log_event(LOG_ERROR, "request came to the wrong pool", LOG_STRING("route", visit->route->path),
                  LOG_STRING("pool", routes_pool_name(visit->service->pool)));
        return OUTCOME_UNAVAILABLE;
    }
    return OUTCOME_DONE;
}

static enum outcome read_form(struct visit *visit)
{
    if (!is_unsafe(visit)) {
        return OUTCOME_DONE;
    }
    if (visit->request->is_too_large) {
        return OUTCOME_TOO_LARGE;
    }
    switch (form_read(visit->account.arena, visit->request, visit->route->fields, &visit->form)) {
    case FORM_READ:
        return OUTCOME_DONE;
    case FORM_UNSUPPORTED:
        return OUTCOME_UNSUPPORTED;
    case FORM_UNREADABLE:
        break;
    }
    return arena_failed(visit->account.arena) ? OUTCOME_UNAVAILABLE : OUTCOME_UNREADABLE;
}

static enum outcome find_session(struct visit *visit)
{
    struct text cookie = request_cookie(visit->request, visit->service->site.session_cookie);
    bool expects_pending =
        visit->route->audience == AUDIENCE_PENDING || visit->route->audience == AUDIENCE_PROVING;
    enum outcome outcome = session_find(&visit->account, cookie, expects_pending, &visit->session);
    visit->knows_session = outcome == OUTCOME_DONE;
    return outcome;
}

static bool comes_from_here(const struct visit *visit)
{
    const struct request *request = visit->request;
    bool has_site = request->fetch_site.bytes == NULL ||
                    text_equals(request->fetch_site, TEXT("same-origin")) ||
                    text_equals(request->fetch_site, TEXT("none"));
    return has_site && (request->origin.bytes == NULL ||
                        site_has_origin(&visit->service->site, request->host, request->origin));
}

// Where a page that was opened before the session began goes on with the token that it has: a second tab, a
// double click, a script that reads the token once and registers and proves with it, as it may with Django.
// The sign-in ends that.
static bool leads_to_sign_in(const struct route *route)
{
    return route->audience == AUDIENCE_SIGNED_OUT || route->audience == AUDIENCE_PENDING ||
           route->audience == AUDIENCE_PROVING;
}

// A sister domain can put cookies of the name before ours, and must not be able to lock anybody out by it.
static bool is_own_token(struct visit *visit, struct text given)
{
    bool allows_earlier = leads_to_sign_in(visit->route);
    struct text rest = visit->request->cookies;
    struct text cookie;
    do {
        cookie = request_next_cookie(&rest, TEXT("csrftoken"));
        if (csrf_check(&visit->account, &visit->session, cookie, given, allows_earlier,
                       &visit->visitor.token_digest)) {
            return true;
        }
    } while (cookie.bytes != NULL);
    return false;
}

static enum outcome check_token(struct visit *visit)
{
    visit->has_own_origin = comes_from_here(visit);
    if (!is_unsafe(visit)) {
        return OUTCOME_DONE;
    }
    // Either may carry it: a script that sends a whole form sends the form's token too, which may have grown
    // old.
    bool has_token =
        is_own_token(visit, visit->request->csrf_header) || is_own_token(visit, visit->form.csrf_token);
    return visit->has_own_origin && has_token ? OUTCOME_DONE : OUTCOME_FORGED;
}

static enum limit limit_of(const struct route *route)
{
    return route->rate == RATE_REGISTRATIONS ? LIMIT_ADDRESS_REGISTRATIONS : LIMIT_ADDRESS_SIGN_INS;
}

static enum outcome take_limit(struct visit *visit)
{
    int64_t retry_after = 0;
    if (visit->route->rate == RATE_NONE) {
        return OUTCOME_DONE;
    }
    enum outcome outcome =
        throttle_take_address(&visit->account, limit_of(visit->route), visit->request->address, &retry_after);
    if (outcome == OUTCOME_THROTTLED) {
        visit->result.retry_after = retry_after;
    }
    return outcome;
}

// Gives the limit back where the visit turned out not to count.
static void settle_limit(struct visit *visit, enum outcome outcome)
{
    bool counts =
        visit->route->rate == RATE_REGISTRATIONS ? visit->account.hash_time > 0 : outcome == OUTCOME_DENIED;
    if (visit->route->rate != RATE_NONE && !counts) {
        throttle_give_back_address(&visit->account, limit_of(visit->route), visit->request->address);
    }
}

static enum outcome check_audience(struct visit *visit)
{
    switch (visit->route->audience) {
    case AUDIENCE_SIGNED_OUT:
        visit->result.redirect = visit->session.is_signed_in ? TEXT("/dashboard/") : TEXT("");
        return visit->session.is_signed_in ? OUTCOME_ALREADY_SIGNED_IN : OUTCOME_DONE;
    case AUDIENCE_SIGNED_IN:
        return visit->session.is_signed_in ? OUTCOME_DONE : OUTCOME_SIGNED_OUT;
    case AUDIENCE_PENDING:
        return visit->session.is_pending ? OUTCOME_DONE : OUTCOME_NOTHING_PENDING;
    case AUDIENCE_PROVING:
        return visit->session.is_pending || session_is_gone(&visit->session) ? OUTCOME_DONE
                                                                             : OUTCOME_NOTHING_PENDING;
    case AUDIENCE_ALL:
    case AUDIENCE_OPERATORS:
        break;
    }
    return OUTCOME_DONE;
}

// A page that the visitor cannot see sends him where he can go on. True when it did.
static bool redirect_view(struct visit *visit, enum outcome outcome)
{
    if (visit->route == NULL || is_unsafe(visit)) {
        return false;
    }
    if (outcome == OUTCOME_ALREADY_SIGNED_IN) {
        struct text next = visit_next(visit);
        answer_redirect(visit, 302, text_equals(next, TEXT("/")) ? TEXT("/dashboard/") : next);
        return true;
    }
    if (outcome == OUTCOME_NOTHING_PENDING) {
        answer_redirect(visit, 302, visit_with_next(visit, TEXT("/register/")));
        return true;
    }
    if (outcome == OUTCOME_SIGNED_OUT) {
        const struct text parts[] = {TEXT("/login/?next="), text_from(visit->route->path)};
        answer_redirect(visit, 302, text_join(visit->account.arena, parts, 2));
        return true;
    }
    return false;
}

// The session's use is written down now and then; its cookie then gets a new life too.
static void touch_session(struct visit *visit)
{
    const struct settings *settings = visit->service->settings;
    if (!visit->session.is_known || !visit->session.is_to_be_touched ||
        visit->result.ticket.cookie.length > 0 || visit->result.ends_session ||
        !session_touch(&visit->account, &visit->session)) {
        return;
    }
    int64_t life = settings->session_days * DAY;
    struct text name = visit->service->site.session_cookie;
    response_set_cookie(visit->response,
                        (struct response_cookie){.name = name,
                                                 .value = request_cookie(visit->request, name),
                                                 .max_age = visit->session.seconds_left < life
                                                                ? visit->session.seconds_left
                                                                : life});
}

// The page's own turn, between the limits that it may cost.
static enum outcome act(struct visit *visit)
{
    enum outcome outcome = take_limit(visit);
    if (outcome != OUTCOME_DONE) {
        return outcome;
    }
    outcome = check_audience(visit);
    if (outcome == OUTCOME_DONE && visit->route->act != NULL) {
        outcome = visit->route->act(visit);
    }
    settle_limit(visit, outcome);
    return outcome;
}

static enum outcome go_through(struct visit *visit)
{
    enum outcome outcome = read_form(visit);
    if (outcome == OUTCOME_DONE && !is_for_operators(visit->route)) {
        outcome = find_session(visit);
    }
    if (outcome == OUTCOME_DONE && !is_for_operators(visit->route)) {
        outcome = check_token(visit);
    }
    return outcome == OUTCOME_DONE ? act(visit) : outcome;
}

static void choose_language(struct visit *visit)
{
    const struct languages *languages = view_languages(visit->service->view);
    struct text asked = request_query(visit->request, visit->account.arena, TEXT("language"));
    size_t language = languages_find(languages, asked);
    if (language < languages_count(languages)) {
        response_set_cookie(visit->response,
                            (struct response_cookie){.name = TEXT("language"),
                                                     .value = languages_tag(languages, language),
                                                     .max_age = LANGUAGE_MAX_AGE});
    } else {
        language = languages_find(languages, request_cookie(visit->request, TEXT("language")));
    }
    bool is_known = language < languages_count(languages);
    visit->language = is_known ? language : languages_choose(languages, visit->request->accept_language);
}

// A view that went well stands in nginx's log already; in the journal, thousands a second would drown or,
// beyond its limit, displace the lines of deeds, refusals and faults.
static bool is_plain_view(const struct visit *visit, enum outcome outcome)
{
    bool only_looks = visit->request->method == METHOD_GET || visit->request->method == METHOD_HEAD;
    return only_looks && outcome == OUTCOME_DONE;
}

static void log_visit(const struct visit *visit, enum outcome outcome, int64_t passed)
{
    if (is_plain_view(visit, outcome) && !visit->service->settings->log_views) {
        return;
    }
    static const char *const methods[] = {
        [METHOD_GET] = "GET", [METHOD_HEAD] = "HEAD", [METHOD_POST] = "POST", [METHOD_OTHER] = "other"};
    const struct log_field fields[] = {
        LOG_TEXT("id", visit->request->id),
        LOG_STRING("method", methods[visit->request->method]),
        LOG_STRING("route", visit->route == NULL ? "-" : visit->route->path),
        LOG_NUMBER("status", visit->response->status),
        LOG_STRING("outcome", answer_code(outcome)),
        LOG_NUMBER("microseconds", passed),
        LOG_NUMBER("waited_ms", visit->request->waited_ms),
        LOG_NUMBER("database", account_waited(&visit->account)),
        LOG_NUMBER("hash", visit->account.hash_time),
        LOG_TEXT("customer", account_id_text(visit->account.arena, visit->account.customer_id)),
    };
    // The last one only where it is known.
    size_t count = sizeof fields / sizeof *fields - (visit->account.customer_id.length > 0 ? 0 : 1);
    log_write(LOG_INFO, "request", fields, count);
}

// In development everything comes from one address.
static void watch_crowd(struct service *service, struct text address, int64_t now)
{
    if (!service->settings->loopback_hosts && crowd_count(&service->crowd, address, now)) {
        log_event(LOG_WARNING,
                  "most requests come from one address: a proxy that TRUSTED_PROXIES does not name?",
                  LOG_STRING("address", service->crowd.address));
    }
}

// Who has waited long must not wait for the database on top: nobody shall wait for more than what nginx and
// the browser bear, and the queue behind must get shorter.
static bool is_late(const struct visit *visit)
{
    const struct settings *settings = visit->service->settings;
    int64_t most = visit->service->pool == POOL_PAGES ? settings->pages_wait_ms : settings->hash_wait_ms;
    return !is_for_operators(visit->route) && visit->request->waited_ms > most;
}

static enum outcome answer(struct visit *visit)
{
    enum outcome outcome = find_route(visit);
    if (outcome == OUTCOME_NOT_FOUND && redirect_to_slash(visit)) {
        return OUTCOME_DONE;
    }
    if (outcome == OUTCOME_DONE) {
        visit->is_late = is_late(visit);
        outcome = visit->is_late ? OUTCOME_UNAVAILABLE : go_through(visit);
    }
    outcome = arena_failed(visit->account.arena) ? OUTCOME_UNAVAILABLE : outcome;
    touch_session(visit);
    if (!redirect_view(visit, outcome)) {
        answer_visit(visit, outcome);
    }
    if (arena_failed(visit->account.arena) || visit->response->body.overflowed) {
        // The worker will say this in its place, and so must the log.
        visit->response->status = 503;
        return OUTCOME_UNAVAILABLE;
    }
    return outcome;
}

void guard_answer(void *context, const struct request *request, struct arena *arena,
                  struct response *response)
{
    int64_t begun = clock_monotonic();
    struct service *service = context;
    struct visit visit = {
        .service = service,
        .request = request,
        .account = {.database = service->database,
                    .keyring = service->keyring,
                    .settings = service->settings,
                    .arena = arena},
        .wants_json = request_wants_json(request) || routes_is_json(request->path),
        .response = response,
    };
    response->is_secure = service->site.is_secure;
    account_begin(&visit.account);
    choose_language(&visit);
    visit.visitor = (struct visitor){.address = request->address,
                                     .language = languages_tag(view_languages(service->view), visit.language),
                                     .session = &visit.session};
    figures_begin(service->figures);
    enum outcome outcome = answer(&visit);
    int64_t passed = clock_monotonic() - begun;
    figures_end(service->figures, &visit, outcome, passed);
    log_visit(&visit, outcome, passed);
    watch_crowd(service, request->address, begun);
}
