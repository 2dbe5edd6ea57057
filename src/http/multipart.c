// See multipart.h. The body is walked once, from boundary to boundary; values are views into it.
#include "storefront/http/multipart.h"

#define BOUNDARY_MAXIMUM ((size_t)70)
#define PARTS_MAXIMUM    64
#define HEADERS_MAXIMUM  ((size_t)2048)

struct part {
    struct text name;
    struct text content;
    bool is_file;
};

static struct text find_header(struct text headers, struct text name)
{
    while (headers.length > 0) {
        size_t end = text_find_text(headers, TEXT("\r\n"));
        struct text value = text_cut(headers, 0, end);
        headers = text_after(headers, end + 2);
        if (text_equals_ignoring_case(text_trim(text_next(&value, ':')), name)) {
            return text_trim(value);
        }
    }
    return (struct text){NULL, 0};
}

static bool read_headers(struct text headers, struct part *part)
{
    struct text disposition = find_header(headers, TEXT("Content-Disposition"));
    part->name = request_parameter(disposition, TEXT("name"));
    part->is_file = request_parameter(disposition, TEXT("filename")).bytes != NULL ||
                    request_parameter(disposition, TEXT("filename*")).bytes != NULL;
    return text_equals_ignoring_case(request_media_type(disposition), TEXT("form-data")) &&
           part->name.bytes != NULL;
}

// Takes the part at the front of `*rest`, which ends at `delimiter`, and moves `*rest` behind the delimiter.
static bool next_part(struct text *rest, struct text delimiter, struct part *part)
{
    size_t headers = text_find_text(*rest, TEXT("\r\n\r\n"));
    if (headers == rest->length || headers > HEADERS_MAXIMUM ||
        !read_headers(text_cut(*rest, 0, headers), part)) {
        return false;
    }
    struct text content = text_after(*rest, headers + 4);
    // An empty value ends at once: its delimiter begins with the line end that ends the headers.
    struct text from_headers = text_after(*rest, headers + 2);
    if (text_starts_with(from_headers, delimiter)) {
        part->content = TEXT("");
        *rest = text_after(from_headers, delimiter.length);
        return true;
    }
    size_t end = text_find_text(content, delimiter);
    if (end == content.length) {
        return false;
    }
    part->content = text_cut(content, 0, end);
    *rest = text_after(content, end + delimiter.length);
    return true;
}

static bool is_declared(const struct form *form, struct text name)
{
    for (size_t i = 0; i < FORM_FIELDS_MAXIMUM && form->fields[i].name != NULL; i++) {
        if (text_equals(text_from(form->fields[i].name), name)) {
            return true;
        }
    }
    return false;
}

static bool put_part(struct form *form, const struct part *part)
{
    return part->is_file ? !is_declared(form, part->name) : form_put(form, part->name, part->content, false);
}

bool multipart_read(struct arena *arena, struct text body, struct text boundary, struct form *form)
{
    const struct text pieces[] = {TEXT("\r\n--"), boundary};
    struct text delimiter = text_join(arena, pieces, 2);
    if (boundary.length == 0 || boundary.length > BOUNDARY_MAXIMUM || delimiter.length == 0 ||
        !text_starts_with(body, text_after(delimiter, 2))) {
        return false;
    }
    struct text rest = text_after(body, delimiter.length - 2);
    for (size_t parts = 0; parts < PARTS_MAXIMUM; parts++) {
        struct part part = {.is_file = false};
        if (text_starts_with(rest, TEXT("--"))) {
            return true;
        }
        if (!text_starts_with(rest, TEXT("\r\n"))) {
            return false;
        }
        rest = text_after(rest, 2);
        if (!next_part(&rest, delimiter, &part) || !put_part(form, &part)) {
            return false;
        }
    }
    return false;
}
