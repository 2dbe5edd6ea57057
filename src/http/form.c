// See form.h. The three kinds of body meet in form_put(), so that no kind can bring in what another refuses.
#include "storefront/http/form.h"
#include "storefront/base/encode.h"
#include "storefront/base/json.h"
#include "storefront/base/unicode.h"
#include "storefront/http/multipart.h"

#define PAIRS_MAXIMUM 256
#define JSON_DEPTH    8

static const struct text csrf_field = TEXT("csrfmiddlewaretoken");

// The index of the declared field `name`, or FORM_FIELDS_MAXIMUM. A form that was not read declares none.
static size_t find_field(const struct form *form, struct text name)
{
    bool is_read = form->fields != NULL;
    for (size_t i = 0; is_read && i < FORM_FIELDS_MAXIMUM && form->fields[i].name != NULL; i++) {
        if (text_equals(text_from(form->fields[i].name), name)) {
            return i;
        }
    }
    return FORM_FIELDS_MAXIMUM;
}

// A field that nobody asked for: it may come, but not twice. One without a name is nothing.
static bool put_other(struct form *form, struct text name)
{
    if (name.length == 0) {
        return true;
    }
    for (size_t i = 0; i < form->other_count; i++) {
        if (text_equals(form->others[i], name)) {
            return false;
        }
    }
    if (form->other_count == FORM_OTHERS_MAXIMUM) {
        return false;
    }
    form->others[form->other_count++] = name;
    return true;
}

bool form_put(struct form *form, struct text name, struct text value, bool is_number)
{
    if (!unicode_is_valid(name) || !unicode_is_valid(value)) {
        return false;
    }
    if (text_equals(name, csrf_field)) {
        bool is_first = form->csrf_token.bytes == NULL;
        form->csrf_token = value.length == 0 ? TEXT("") : value;
        return is_first;
    }
    size_t at = find_field(form, name);
    if (at == FORM_FIELDS_MAXIMUM) {
        return put_other(form, name);
    }
    bool is_first = !form->values[at].is_given;
    form->values[at] = (struct field_value){.text = value, .is_given = true, .is_number = is_number};
    return is_first;
}

static bool read_urlencoded(struct arena *arena, struct text body, struct form *form)
{
    for (size_t pairs = 0; body.length > 0; pairs++) {
        struct text value = text_next(&body, '&');
        struct text name = text_next(&value, '=');
        struct text decoded_name = {NULL, 0};
        struct text decoded_value = {NULL, 0};
        if (pairs == PAIRS_MAXIMUM || !decode_percent(arena, name, true, &decoded_name) ||
            !decode_percent(arena, value, true, &decoded_value) ||
            !form_put(form, decoded_name, decoded_value, false)) {
            return false;
        }
    }
    return true;
}

static bool put_json_member(struct arena *arena, struct form *form, const struct value_member *member)
{
    if (member->value.kind == VALUE_TEXT) {
        return form_put(form, member->name, member->value.text, false);
    }
    size_t at = find_field(form, member->name);
    if (at == FORM_FIELDS_MAXIMUM && !text_equals(member->name, csrf_field)) {
        return true;
    }
    return at < FORM_FIELDS_MAXIMUM && form->fields[at].kind == FIELD_DIGITS &&
           member->value.kind == VALUE_NUMBER && member->value.number >= 0 &&
           form_put(form, member->name, text_number(arena, member->value.number), true);
}

static bool read_json(struct arena *arena, struct text body, struct form *form)
{
    struct value root = {.kind = VALUE_NOTHING};
    if (!json_read(arena, body, JSON_DEPTH, &root, NULL) || root.kind != VALUE_OBJECT) {
        return false;
    }
    for (const struct value_member *member = root.first; member != NULL; member = member->next) {
        if (!put_json_member(arena, form, member)) {
            return false;
        }
    }
    return true;
}

enum form_outcome form_read(struct arena *arena, const struct request *request, const struct field *fields,
                            struct form *form)
{
    *form = (struct form){.fields = fields};
    struct text type = request_media_type(request->content_type);
    struct text charset = request_parameter(request->content_type, TEXT("charset"));
    bool is_json = text_equals_ignoring_case(type, TEXT("application/json"));
    bool is_urlencoded = text_equals_ignoring_case(type, TEXT("application/x-www-form-urlencoded"));
    bool is_multipart = text_equals_ignoring_case(type, TEXT("multipart/form-data"));
    if (request->body.length == 0) {
        return request->is_cut ? FORM_UNREADABLE : FORM_READ;
    }
    if ((!is_json && !is_urlencoded && !is_multipart) ||
        (charset.bytes != NULL && !text_equals_ignoring_case(charset, TEXT("utf-8")))) {
        return FORM_UNSUPPORTED;
    }
    bool is_read = !request->is_cut;
    if (is_read && is_json) {
        is_read = read_json(arena, request->body, form);
    } else if (is_read && is_urlencoded) {
        is_read = read_urlencoded(arena, request->body, form);
    } else if (is_read) {
        is_read = multipart_read(arena, request->body,
                                 request_parameter(request->content_type, TEXT("boundary")), form);
    }
    return is_read ? FORM_READ : FORM_UNREADABLE;
}

struct field_value form_value(const struct form *form, const char *name)
{
    size_t at = find_field(form, text_from(name));
    return at < FORM_FIELDS_MAXIMUM ? form->values[at] : (struct field_value){.is_given = false};
}
