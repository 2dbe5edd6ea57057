// The fields of a request's body, whether it came as a form, as multipart or as JSON. It promises that a
// field is valid UTF-8 without zero bytes and given at most once, and a declared one of its type. It refuses
// to know what a field means.
#ifndef STOREFRONT_HTTP_FORM_H
#define STOREFRONT_HTTP_FORM_H

#include "storefront/base/text.h"
#include "storefront/http/request.h"

#define FORM_FIELDS_MAXIMUM ((size_t)8)
#define FORM_OTHERS_MAXIMUM ((size_t)64)

enum field_kind {
    FIELD_TEXT,
    FIELD_DIGITS // as text, or in JSON as a whole number that is not negative
};

struct field {
    const char *name;
    enum field_kind kind;
};

struct field_value {
    struct text text;
    bool is_given;
    bool is_number; // came as a JSON number: leading zeros are lost
};

struct form {
    const struct field *fields; // as declared by the route; ends with a row without a name
    struct field_value values[FORM_FIELDS_MAXIMUM];
    struct text csrf_token;                  // the field csrfmiddlewaretoken, which every form may have
    struct text others[FORM_OTHERS_MAXIMUM]; // names of fields that are passed over
    size_t other_count;
};

enum form_outcome {
    FORM_READ,
    FORM_UNSUPPORTED, // neither form, multipart nor JSON, or in a foreign character set
    FORM_UNREADABLE   // not what it says it is, too many fields, one twice or of a wrong type, not UTF-8, a
                      // zero byte
};

// Reads the body of `request` into `form`: values for `fields`, copied into `arena`. Fields that are not
// declared are passed over. An empty body has no fields, whatever its type.
enum form_outcome form_read(struct arena *arena, const struct request *request, const struct field *fields,
                            struct form *form);

// The value of the field `name`; not given where it is not declared.
struct field_value form_value(const struct form *form, const char *name);

// Puts one field into `form`: for the readers of the three kinds of body, not for pages. False for a field
// that was given before, for one too many that is not declared, and for text that is not UTF-8 or holds a
// zero byte.
bool form_put(struct form *form, struct text name, struct text value, bool is_number);

#endif
