// See visit.h.
#include "storefront/page/visit.h"
#include "storefront/base/encode.h"
#include "storefront/page/next.h"

#define DAY           ((int64_t)24 * 60 * 60)
#define TOKEN_MAX_AGE (365 * DAY)

static void set_token(struct visit *visit, struct text token)
{
    visit->token = token;
    response_set_cookie(visit->response, (struct response_cookie){.name = TEXT("csrftoken"),
                                                                  .value = token,
                                                                  .max_age = TOKEN_MAX_AGE,
                                                                  .is_for_scripts = true});
}

// The browser's own token; empty: it has none that is valid.
static struct text find_token(const struct visit *visit)
{
    struct text rest = visit->request->cookies;
    struct text token = request_next_cookie(&rest, TEXT("csrftoken"));
    while (token.bytes != NULL && !csrf_is_valid(&visit->account, &visit->session, token)) {
        token = request_next_cookie(&rest, TEXT("csrftoken"));
    }
    return token;
}

struct text visit_token(struct visit *visit)
{
    if (visit->token.length == 0) {
        visit->token = find_token(visit);
    }
    if (visit->token.length == 0) {
        struct text none = {NULL, 0};
        set_token(visit, csrf_make(&visit->account, visit->session.is_known ? visit->session.key : none));
    }
    return visit->token;
}

void visit_send_token(struct visit *visit)
{
    set_token(visit, visit_token(visit));
}

struct text visit_phrase(struct visit *visit, const char *key, const struct value *data)
{
    return view_phrase(visit->service->view, visit->language, key, data, visit->account.arena);
}

struct text visit_field(const struct visit *visit, const char *name)
{
    return form_value(&visit->form, name).text;
}

struct text visit_next(struct visit *visit)
{
    struct arena *arena = visit->account.arena;
    if (visit->next.length == 0) {
        struct field_value sent = form_value(&visit->form, "next");
        visit->next =
            next_path(arena, sent.is_given ? sent.text : request_query(visit->request, arena, TEXT("next")));
    }
    return visit->next;
}

struct text visit_with_next(struct visit *visit, struct text address)
{
    struct text next = visit_next(visit);
    if (text_equals(next, TEXT("/"))) {
        return address;
    }
    bool has_query = text_find(address, '?') < address.length;
    const struct text parts[] = {address, has_query ? TEXT("&next=") : TEXT("?next="),
                                 encode_query_value(visit->account.arena, next)};
    return text_join(visit->account.arena, parts, 3);
}

void visit_take_ticket(struct visit *visit, struct ticket ticket)
{
    visit->result.ticket = ticket;
    response_set_cookie(visit->response,
                        (struct response_cookie){.name = visit->service->site.session_cookie,
                                                 .value = ticket.cookie,
                                                 .max_age = visit->service->settings->session_days * DAY});
    set_token(visit, csrf_make(&visit->account, ticket.key));
}
