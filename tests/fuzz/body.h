// What the harnesses of the three kinds of body share: reading one for a route of the map, and that what was
// read is read again, the same, when it comes as any of the three kinds. It refuses to know what fields mean.
#ifndef STOREFRONT_TESTS_FUZZ_BODY_H
#define STOREFRONT_TESTS_FUZZ_BODY_H

#include "support.h"

#include "storefront/base/unicode.h"
#include "storefront/http/form.h"
#include "storefront/page/routes.h"

#define BODY_BOUNDARY "----=_storefront"

// The fields of one of the routes that have any, chosen by `number`.
static inline const struct field *body_fields(unsigned number)
{
    size_t forms = 0;
    for (size_t i = 0; i < route_count; i++) {
        forms += routes[i].fields != NULL;
    }
    size_t wanted = number % forms;
    for (size_t i = 0; i < route_count; i++) {
        if (routes[i].fields != NULL && wanted-- == 0) {
            return routes[i].fields;
        }
    }
    return NULL;
}

static inline void body_add_hidden(struct buffer *out, struct text value)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < value.length; i++) {
        unsigned char byte = (unsigned char)value.bytes[i];
        const char escape[] = {'%', digits[byte >> 4], digits[byte & 15]};
        buffer_add(out, text_of(escape, sizeof escape));
    }
}

enum body_kind { BODY_FORM, BODY_MULTIPART, BODY_JSON, BODY_KINDS };

static inline void body_add_field(struct buffer *out, enum body_kind kind, const char *name,
                                  struct text value)
{
    switch (kind) {
    case BODY_FORM:
        buffer_add(out, out->length == 0 ? TEXT("") : TEXT("&"));
        body_add_hidden(out, text_from(name));
        buffer_add_byte(out, '=');
        body_add_hidden(out, value);
        break;
    case BODY_MULTIPART:
        buffer_add(out, TEXT("--" BODY_BOUNDARY "\r\nContent-Disposition: form-data; name=\""));
        buffer_add(out, text_from(name));
        buffer_add(out, TEXT("\"\r\n\r\n"));
        buffer_add(out, value);
        buffer_add(out, TEXT("\r\n"));
        break;
    case BODY_JSON:
    case BODY_KINDS:
        buffer_add(out, out->length == 0 ? TEXT("{") : TEXT(","));
        buffer_add_json_string(out, text_from(name));
        buffer_add_byte(out, ':');
        buffer_add_json_string(out, value);
        break;
    }
}

static inline struct text body_write(const struct form *form, enum body_kind kind)
{
    static const char *const ends[] = {"", "--" BODY_BOUNDARY "--\r\n", "}"};
    struct buffer out = buffer_open(fuzz_room(), (size_t)1024 * 1024);
    for (size_t i = 0; form->fields[i].name != NULL; i++) {
        if (form->values[i].is_given) {
            body_add_field(&out, kind, form->fields[i].name, form->values[i].text);
        }
    }
    if (form->csrf_token.bytes != NULL) {
        body_add_field(&out, kind, "csrfmiddlewaretoken", form->csrf_token);
    }
    if (out.length > 0) {
        buffer_add(&out, text_from(ends[kind]));
    }
    promise(!out.overflowed);
    return buffer_text(&out);
}

static inline void body_compare(const struct form *form, const struct form *again)
{
    promise((form->csrf_token.bytes == NULL) == (again->csrf_token.bytes == NULL));
    promise(text_equals(form->csrf_token, again->csrf_token));
    for (size_t i = 0; form->fields[i].name != NULL; i++) {
        promise(form->values[i].is_given == again->values[i].is_given);
        promise(text_equals(form->values[i].text, again->values[i].text));
    }
}

static inline void body_read_again(const struct form *form)
{
    static const char *const types[] = {"application/x-www-form-urlencoded",
                                        "multipart/form-data; boundary=\"" BODY_BOUNDARY "\"",
                                        "Application/JSON; charset=UTF-8"};
    for (size_t kind = 0; kind < BODY_KINDS; kind++) {
        struct text body = body_write(form, (enum body_kind)kind);
        const struct request request = {.content_type = text_from(types[kind]), .body = body};
        struct form again;
        // A value may hold the boundary: then a browser would have chosen another.
        if (kind == BODY_MULTIPART && fuzz_holds(body_write(form, BODY_JSON), TEXT(BODY_BOUNDARY))) {
            continue;
        }
        promise(form_read(fuzz_room(), &request, form->fields, &again) == FORM_READ);
        body_compare(form, &again);
    }
}

// Reads `body` of the type `type` for the form chosen by `number`, whose highest bit cuts it.
static inline void body_try(struct text type, struct text body, unsigned number)
{
    struct arena *arena = fuzz_begin();
    struct form form;
    const struct field *fields = body_fields(number & 127);
    const struct request request = {.content_type = type, .body = body, .is_cut = number >> 7 == 1};
    if (form_read(arena, &request, fields, &form) == FORM_READ) {
        promise(!request.is_cut);
        for (size_t i = 0; fields[i].name != NULL; i++) {
            const struct field_value *value = &form.values[i];
            promise(unicode_is_valid(value->text) && (value->is_given || value->text.length == 0));
            promise(!value->is_number || fields[i].kind == FIELD_DIGITS);
            promise(form_value(&form, fields[i].name).is_given == value->is_given);
        }
        promise(unicode_is_valid(form.csrf_token));
        promise(!form_value(&form, "not declared").is_given);
        body_read_again(&form);
    }
    fuzz_end();
}

#endif
