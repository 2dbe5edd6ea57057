// See answer.h.
#include "storefront/page/answer.h"
#include "storefront/base/encode.h"
#include "storefront/base/json.h"

#define MINUTE            60
#define HOUR              ((int64_t)60 * MINUTE)
#define LONG_WAIT         (2 * HOUR)
#define USUAL_LENGTH      ((size_t)8 * 1024) // of a page, in bytes
#define RETRY_UNAVAILABLE 3 // seconds; a proof whose answer was lost is answered again from then on

// What each outcome means at the edge.
struct meaning {
    int status;
    const char *code;
    const char *phrase; // the default message's key
};

static const struct meaning meanings[OUTCOMES] = {
    [OUTCOME_DONE] = {200, "done", "message.done"},
    [OUTCOME_INVALID] = {400, "validation_error", "message.validation_error"},
    [OUTCOME_CODE_WRONG] = {400, "otp_invalid", "message.otp_invalid"},
    [OUTCOME_CODE_EXPIRED] = {400, "otp_expired", "message.otp_expired"},
    [OUTCOME_CODE_REPLACED] = {400, "otp_expired", "message.otp_replaced"},
    [OUTCOME_CODE_LOCKED] = {429, "otp_locked", "message.otp_locked"},
    [OUTCOME_NOTHING_PENDING] = {400, "no_pending_verification", "message.no_pending_verification"},
    [OUTCOME_DENIED] = {400, "invalid_credentials", "message.invalid_credentials"},
    [OUTCOME_UNVERIFIED] = {403, "not_verified", "message.not_verified"},
    [OUTCOME_THROTTLED] = {429, "throttled", "message.throttled"},
    [OUTCOME_UNAVAILABLE] = {503, "unavailable", "message.unavailable"},
    [OUTCOME_ALREADY_SIGNED_IN] = {400, "already_signed_in", "message.already_signed_in"},
    [OUTCOME_SIGNED_OUT] = {401, "not_signed_in", "message.not_signed_in"},
    [OUTCOME_FORGED] = {403, "csrf_failed", "message.csrf_failed"},
    [OUTCOME_NOT_FOUND] = {404, "not_found", "message.not_found"},
    [OUTCOME_METHOD] = {405, "method_not_allowed", "message.method_not_allowed"},
    [OUTCOME_TOO_LARGE] = {413, "payload_too_large", "message.payload_too_large"},
    [OUTCOME_UNSUPPORTED] = {415, "unsupported_media_type", "message.unsupported_media_type"},
    [OUTCOME_UNREADABLE] = {400, "bad_request", "message.bad_request"},
    [OUTCOME_UNKNOWN_HOST] = {421, "unknown_host", "message.unknown_host"},
};

const char *const layout_names[] = {
    "language",       "languages.tag",
    "languages.name", "languages.is_current",
    "csrf_token",     "path",
    "next_query",     "language_query",
    "is_signed_in",   "customer_name",
    "alert",          "retry_after",
    "knows_visitor",  NULL,
};

// What phrase_numbers() gives.
static const char *const number_names[] = {"hours",   "minutes", "seconds", "attempts_left",
                                           "is_last", "is_none", NULL};
static const char *const no_names[] = {NULL};

const struct view_phrases answer_phrases[] = {{"message.", number_names}, {"error.", no_names}, {NULL, NULL}};

static const char *const trouble_names[] = {"status", "message", "may_try_again", "has_no_form", NULL};

const struct page trouble_page = {.template = "trouble.html", .names = trouble_names};

const char *answer_code(enum outcome outcome)
{
    return meanings[outcome].code;
}

void answer_redirect(struct visit *visit, int status, struct text path)
{
    visit->response->status = status;
    visit->response->kind = RESPONSE_PAGE;
    visit->response->location = encode_location(visit->account.arena, path);
    visit->response->body.length = 0;
}

// What a phrase may say in numbers.
static struct value *phrase_numbers(struct visit *visit)
{
    const struct result *result = &visit->result;
    struct value *numbers = value_object(visit->account.arena);
    if (result->retry_after > LONG_WAIT) {
        value_set_number(numbers, "hours", (result->retry_after + HOUR - 1) / HOUR);
    } else if (result->retry_after > MINUTE) {
        value_set_number(numbers, "minutes", (result->retry_after + MINUTE - 1) / MINUTE);
    } else if (result->retry_after > 1) {
        value_set_number(numbers, "seconds", result->retry_after);
    }
    value_set_number(numbers, "attempts_left", result->attempts_left);
    value_set_switch(numbers, "is_last", result->attempts_left == 1);
    value_set_switch(numbers, "is_none", result->attempts_left == 0);
    return numbers;
}

static struct text message_of(struct visit *visit, enum outcome outcome)
{
    const char *key = outcome == OUTCOME_DONE && visit->result.phrase != NULL ? visit->result.phrase
                                                                              : meanings[outcome].phrase;
    return visit_phrase(visit, key, phrase_numbers(visit));
}

static void add_members(struct value *to, const struct value *from)
{
    if (from == NULL) {
        return;
    }
    for (const struct value_member *member = from->first; member != NULL; member = member->next) {
        value_set(to, member->name, member->value);
    }
}

static struct value *errors_object(struct visit *visit)
{
    struct arena *arena = visit->account.arena;
    struct value *errors = value_object(arena);
    for (size_t i = 0; i < visit->result.errors.count; i++) {
        const struct field_error *error = &visit->result.errors.items[i];
        struct value *messages = value_list(arena);
        value_add(messages, value_of_text(visit_phrase(visit, error->phrase, NULL)));
        if (messages != NULL) {
            value_set(errors, text_from(error->field), *messages);
        }
    }
    return errors;
}

static bool changes_session(const struct visit *visit)
{
    return visit->result.ticket.cookie.length > 0 || visit->result.ends_session;
}

static void write_json(struct visit *visit, enum outcome outcome, const struct value *data)
{
    bool is_done = outcome == OUTCOME_DONE;
    struct value *body = value_object(visit->account.arena);
    value_set_switch(body, "success", is_done);
    if (!is_done) {
        value_set_text(body, "code", text_from(meanings[outcome].code));
    }
    value_set_text(body, "message", message_of(visit, outcome));
    if (is_done || visit->result.redirect.length > 0) {
        value_set_text(body, "redirect", visit->result.redirect);
    }
    if (outcome == OUTCOME_INVALID) {
        const struct value *errors = errors_object(visit);
        if (errors != NULL) {
            value_set(body, TEXT("errors"), *errors);
        }
    }
    if (outcome == OUTCOME_CODE_WRONG) {
        value_set_number(body, "attempts_left", visit->result.attempts_left);
    }
    add_members(body, visit->result.extra);
    add_members(body, data);
    if (changes_session(visit) || (outcome == OUTCOME_FORGED && visit->has_own_origin) || data != NULL) {
        value_set_text(body, "csrf_token", visit_token(visit));
    }
    visit->response->kind = RESPONSE_JSON;
    if (body != NULL) {
        json_write(&visit->response->body, body);
    }
}

// A form that another site sent comes without our SameSite cookies: a token for it would take the place of
// the one that the visitor's open pages hold.
static bool may_have_token(const struct visit *visit)
{
    bool is_sent = visit->route != NULL && visit->route->method == METHOD_POST;
    return visit->knows_session && (visit->has_own_origin || !is_sent);
}

// Where the page that is shown can be seen again: a form may be sent to another path than its page's.
static struct text path_of(const struct visit *visit)
{
    if (visit->route == NULL) {
        return TEXT("/");
    }
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].method == METHOD_GET && routes[i].page != NULL &&
            routes[i].page == visit->route->page) {
            return text_from(routes[i].path);
        }
    }
    return text_from(visit->route->path);
}

static void add_layout(struct visit *visit, struct value *data, struct text alert)
{
    const struct languages *languages = view_languages(visit->service->view);
    struct text next_query = visit_with_next(visit, TEXT(""));
    const struct text language_query[] = {next_query,
                                          next_query.length == 0 ? TEXT("?language=") : TEXT("&language=")};
    value_set_text(data, "language", languages_tag(languages, visit->language));
    value_set_text(data, "path", path_of(visit));
    value_set_text(data, "next_query", next_query);
    value_set_text(data, "language_query", text_join(visit->account.arena, language_query, 2));
    value_set_switch(data, "is_signed_in", visit->session.is_signed_in);
    value_set_text(data, "customer_name", visit->session.customer.name);
    value_set_switch(data, "knows_visitor", may_have_token(visit));
    if (may_have_token(visit)) {
        value_set_text(data, "csrf_token", csrf_mask(&visit->account, visit_token(visit)));
    }
    value_set_text(data, "alert", alert);
    value_set_number(data, "retry_after", visit->result.retry_after);
}

// Each field's first message stands under its name: "email_error".
static void add_field_errors(struct visit *visit, struct value *data)
{
    for (size_t i = 0; i < visit->result.errors.count; i++) {
        const struct field_error *error = &visit->result.errors.items[i];
        const struct text parts[] = {text_from(error->field), TEXT("_error")};
        struct text name = text_join(visit->account.arena, parts, 2);
        value_set(data, name, value_of_text(visit_phrase(visit, error->phrase, NULL)));
    }
}

static bool may_try_again(enum outcome outcome)
{
    return outcome == OUTCOME_UNAVAILABLE || outcome == OUTCOME_THROTTLED;
}

static void write_trouble(struct visit *visit, enum outcome outcome)
{
    struct value *data = value_object(visit->account.arena);
    add_layout(visit, data, (struct text){NULL, 0});
    value_set_number(data, "status", meanings[outcome].status);
    value_set_text(data, "message", message_of(visit, outcome));
    value_set_switch(data, "may_try_again", may_try_again(outcome));
    value_set_switch(data, "has_no_form", outcome == OUTCOME_NOTHING_PENDING);
    view_render(visit->service->view, visit->language, trouble_page.template, data, &visit->response->body);
}

// Whether the page shows a registration that awaits its code.
static bool is_about_registration(const struct route *route)
{
    return route->audience == AUDIENCE_PENDING || route->audience == AUDIENCE_PROVING;
}

// Whether the route's page holds a form that this visitor may see: one about a registration needs to know
// which.
static bool has_form(const struct visit *visit)
{
    return visit->route->page != NULL && visit->route->method == METHOD_POST &&
           (visit->session.is_pending || !is_about_registration(visit->route));
}

// Whether the form that was refused can be shown again.
static bool shows_form(const struct visit *visit, enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_INVALID:
    case OUTCOME_CODE_WRONG:
    case OUTCOME_CODE_EXPIRED:
    case OUTCOME_CODE_REPLACED:
    case OUTCOME_CODE_LOCKED:
    case OUTCOME_DENIED:
    case OUTCOME_THROTTLED:
    case OUTCOME_UNAVAILABLE:
        return has_form(visit) && !visit->is_late;
    case OUTCOME_FORGED:
        return has_form(visit) && visit->has_own_origin;
    case OUTCOME_DONE:
        return true;
    default:
        return false;
    }
}

static bool write_form(struct visit *visit, enum outcome outcome)
{
    const struct page *page = visit->route->page;
    struct value *data = value_object(visit->account.arena);
    if (!page->fill(visit, data)) {
        return false;
    }
    add_layout(visit, data, outcome == OUTCOME_DONE ? (struct text){NULL, 0} : message_of(visit, outcome));
    add_field_errors(visit, data);
    view_render(visit->service->view, visit->language, page->template, data, &visit->response->body);
    return true;
}

static void write_page(struct visit *visit, enum outcome outcome)
{
    buffer_expect(&visit->response->body, USUAL_LENGTH);
    if (visit->route != NULL && shows_form(visit, outcome)) {
        if (write_form(visit, outcome)) {
            return;
        }
        outcome = OUTCOME_UNAVAILABLE;
        visit->response->status = meanings[outcome].status;
        visit->response->retry_after = RETRY_UNAVAILABLE;
    }
    write_trouble(visit, outcome);
}

// JSON for a page that was asked for as JSON: what it would show.
static void write_page_as_json(struct visit *visit)
{
    struct value *data = value_object(visit->account.arena);
    if (visit->route->page->fill(visit, data)) {
        write_json(visit, OUTCOME_DONE, data);
        return;
    }
    visit->response->status = meanings[OUTCOME_UNAVAILABLE].status;
    visit->response->retry_after = RETRY_UNAVAILABLE;
    write_json(visit, OUTCOME_UNAVAILABLE, NULL);
}

static bool redirects(const struct visit *visit, enum outcome outcome)
{
    bool is_deed = visit->route != NULL && visit->route->method == METHOD_POST;
    return (outcome == OUTCOME_DONE && is_deed) || outcome == OUTCOME_UNVERIFIED ||
           outcome == OUTCOME_ALREADY_SIGNED_IN;
}

void answer_visit(struct visit *visit, enum outcome outcome)
{
    struct response *response = visit->response;
    bool is_page_view = visit->route != NULL && visit->route->act == NULL;
    bool is_data = visit->route != NULL && visit->route->page == NULL;
    response->status = meanings[outcome].status;
    response->language = languages_tag(view_languages(visit->service->view), visit->language);
    if (outcome == OUTCOME_UNAVAILABLE && visit->result.retry_after == 0) {
        visit->result.retry_after = RETRY_UNAVAILABLE;
    }
    response->retry_after = visit->result.retry_after;
    if (outcome == OUTCOME_FORGED && visit->has_own_origin) {
        visit_send_token(visit);
    }
    if (is_data && outcome == OUTCOME_DONE) {
        response->kind = RESPONSE_JSON;
        json_write(&response->body, visit->result.extra);
        return;
    }
    if (visit->wants_json || is_data) {
        if (outcome == OUTCOME_DONE && is_page_view) {
            write_page_as_json(visit);
        } else {
            write_json(visit, outcome, NULL);
        }
        return;
    }
    response->kind = RESPONSE_PAGE;
    if (redirects(visit, outcome)) {
        const struct result *result = &visit->result;
        answer_redirect(visit, 303,
                        result->page_redirect.length > 0 ? result->page_redirect : result->redirect);
        return;
    }
    write_page(visit, outcome);
}

void answer_for_nginx(const struct view *view, struct arena *arena, size_t language, enum outcome outcome,
                      bool is_json, struct buffer *out)
{
    const struct languages *languages = view_languages(view);
    struct value *data = value_object(arena);
    struct text message = view_phrase(view, language, meanings[outcome].phrase, data, arena);
    if (is_json) {
        value_set_switch(data, "success", false);
        value_set_text(data, "code", text_from(meanings[outcome].code));
        value_set_text(data, "message", message);
        if (data != NULL) {
            json_write(out, data);
        }
        return;
    }
    value_set_text(data, "language", languages_tag(languages, language));
    value_set_number(data, "status", meanings[outcome].status);
    value_set_text(data, "message", message);
    value_set_switch(data, "may_try_again", may_try_again(outcome));
    view_render(view, language, trouble_page.template, data, out);
}
