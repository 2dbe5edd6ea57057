// See template.h. A template becomes a tree of nodes; partials, words and constants are woven in when it is
// parsed, so that filling it is a walk that only looks up what a request brings. A partial that names itself
// points back at its own tree.
#include "storefront/view/template.h"

#include <limits.h>
#include <string.h>

#define CONTEXTS_MAXIMUM ((size_t)32)
#define NESTING_MAXIMUM  64
#define JOINED_MAXIMUM   ((size_t)64) // pieces at once: they stand on the stack

enum node_kind { NODE_LITERAL, NODE_VALUE, NODE_RAW_VALUE, NODE_SECTION, NODE_INVERTED, NODE_TEMPLATE };

struct node {
    enum node_kind kind;
    struct text text;             // literal text, or a name
    struct text first, rest;      // of a name, split at its first dot
    const struct value *constant; // what a section names, where that never changes
    struct node *children;
    const struct template *template;
    struct node *next;
};

// clang-format takes the name for a word of C++:
// clang-format off
struct template {
    enum template_escape escape;
    struct text name;
    struct text indent;
    struct node *nodes;
    bool is_refused;
    struct template *next; // in its set
};
// clang-format on

struct template_set {
    struct arena *arena;
    struct template_set_settings settings;
    struct template *templates;
    unsigned nesting; // of partials that are being parsed
    struct text fault;
};

// Where the parser is in one source.
struct parser {
    struct template_set *set;
    struct text name; // of the template, for faults
    struct text source;
    size_t at;
    bool escapes_literals;
};

// One tag: {{sigil name}}.
struct tag {
    char sigil; // '\0' for a plain name, '{' for three braces
    struct text name;
    size_t start, end; // in the source
};

struct template_set *template_set_open(struct arena *arena, const struct template_set_settings *settings)
{
    struct template_set *set = arena_take(arena, sizeof *set);
    if (set != NULL) {
        *set = (struct template_set){.arena = arena, .settings = *settings};
    }
    return set;
}

struct text template_set_fault(const struct template_set *set)
{
    return set->fault;
}

static bool fail(struct template_set *set, struct text name, const char *reason, struct text about)
{
    const struct text parts[] = {name, TEXT(": "), text_from(reason), TEXT(" "), about};
    if (set->fault.length == 0) {
        set->fault = text_join(set->arena, parts, sizeof parts / sizeof *parts);
    }
    return false;
}

static bool fail_at(const struct parser *parser, size_t at, const char *reason, struct text about)
{
    int64_t line = 1;
    for (size_t i = 0; i < at && i < parser->source.length; i++) {
        line += parser->source.bytes[i] == '\n';
    }
    const struct text parts[] = {parser->name, TEXT(" line "), text_number(parser->set->arena, line)};
    return fail(parser->set, text_join(parser->set->arena, parts, 3), reason, about);
}

// Which of `escaped_as` stands for a byte in HTML; the first for a byte that may stand there as it is.
static const unsigned char escape_of[UCHAR_MAX + 1] = {
    ['&'] = 1, ['<'] = 2, ['>'] = 3, ['"'] = 4, ['\''] = 5};
static const char *const escaped_as[] = {"", "&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

static void escape_html(struct text text, struct buffer *out)
{
    size_t plain = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char escape = escape_of[(unsigned char)text.bytes[i]];
        if (escape > 0) {
            buffer_add(out, text_cut(text, plain, i - plain));
            buffer_add(out, text_from(escaped_as[escape]));
            plain = i + 1;
        }
    }
    buffer_add(out, text_after(text, plain));
}

static struct node *add_node(struct template_set *set, struct node ***last, struct node node)
{
    struct node *added = arena_take(set->arena, sizeof *added);
    if (added != NULL) {
        *added = node;
        **last = added;
        *last = &added->next;
    }
    return added;
}

static size_t escaped_length(struct text text)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        unsigned char escape = escape_of[(unsigned char)text.bytes[i]];
        length += escape == 0 ? 1 : strlen(escaped_as[escape]);
    }
    return length;
}

static void add_literal(struct template_set *set, struct node ***last, struct text text, bool escapes)
{
    size_t length = escapes && set->settings.escape == TEMPLATE_HTML ? escaped_length(text) : text.length;
    if (length > text.length) {
        struct buffer escaped = buffer_open(set->arena, length);
        escape_html(text, &escaped);
        text = buffer_text(&escaped);
    }
    if (text.length > 0) {
        (void)add_node(set, last, (struct node){.kind = NODE_LITERAL, .text = text});
    }
}

static struct node named_node(enum node_kind kind, struct text name)
{
    struct node node = {.kind = kind, .text = name, .rest = name};
    node.first = text_next(&node.rest, '.');
    return node;
}

static const struct value *find_below(const struct value *found, struct text path)
{
    while (found != NULL && path.length > 0) {
        found = value_find(found, text_next(&path, '.'));
    }
    return found;
}

// Makes the literals from `first` on one, up to the first node that is none; what is more than JOINED_MAXIMUM
// becomes another.
static void join_run(struct template_set *set, struct node *first)
{
    struct text parts[JOINED_MAXIMUM];
    size_t count = 0;
    struct node *node = first;
    while (node != NULL && node->kind == NODE_LITERAL && count < JOINED_MAXIMUM) {
        parts[count++] = node->text;
        node = node->next;
    }
    if (count > 1) {
        first->text = text_join(set->arena, parts, count);
        first->next = node;
    }
}

// Neighbours that never change are few pieces when the template is filled.
static struct node *join_literals(struct template_set *set, struct node *first)
{
    for (struct node *node = first; node != NULL; node = node->next) {
        join_run(set, node);
    }
    return first;
}

// Reads the next tag; false at the end of the source, or with a fault where a tag does not end.
static bool next_tag(const struct parser *parser, struct tag *tag)
{
    struct text rest = text_after(parser->source, parser->at);
    size_t open = text_find_text(rest, TEXT("{{"));
    if (open == rest.length) {
        return false;
    }
    struct text inside = text_after(rest, open + 2);
    bool is_triple = text_starts_with(inside, TEXT("{"));
    struct text closing = is_triple ? TEXT("}}}") : TEXT("}}");
    size_t close = text_find_text(inside, closing);
    tag->start = parser->at + open;
    if (close == inside.length) {
        return fail_at(parser, tag->start, "a tag that is not closed", TEXT(""));
    }
    tag->end = tag->start + 2 + close + closing.length;
    inside = text_cut(inside, 0, close);
    bool has_sigil =
        inside.length > 0 && strchr("{&#^/!>=", inside.bytes[0]) != NULL && inside.bytes[0] != '\0';
    tag->sigil = has_sigil ? inside.bytes[0] : '\0';
    tag->name = text_trim(has_sigil ? text_after(inside, 1) : inside);
    return true;
}

// The start of the line in which `at` stands.
static size_t line_start(struct text source, size_t at)
{
    while (at > 0 && source.bytes[at - 1] != '\n') {
        at--;
    }
    return at;
}

// Where a tag that stands alone in its line has that line end, its line end included; 0 where it does not
// stand alone.
static size_t standalone_end(struct text source, const struct tag *tag)
{
    if (tag->sigil == '\0' || tag->sigil == '{' || tag->sigil == '&') {
        return 0;
    }
    for (size_t i = line_start(source, tag->start); i < tag->start; i++) {
        if (source.bytes[i] != ' ' && source.bytes[i] != '\t') {
            return 0;
        }
    }
    size_t end = tag->end;
    while (end < source.length && (source.bytes[end] == ' ' || source.bytes[end] == '\t')) {
        end++;
    }
    if (end == source.length) {
        return end;
    }
    end += source.bytes[end] == '\r' ? 1 : 0;
    return end < source.length && source.bytes[end] == '\n' ? end + 1 : 0;
}

static struct node *parse_nodes(struct parser *parser, struct text section, unsigned nesting);
static const struct template *find_indented(struct template_set *set, struct text name, struct text indent);

static bool add_partial(struct parser *parser, struct node ***last, const struct tag *tag, struct text indent)
{
    struct template_set *set = parser->set;
    const struct template *partial = find_indented(set, tag->name, indent);
    if (partial == NULL) {
        return !set->settings.is_strict && set->fault.length == 0
                   ? true
                   : fail_at(parser, tag->start, "no such partial:", tag->name);
    }
    return add_node(set, last, (struct node){.kind = NODE_TEMPLATE, .template = partial}) != NULL;
}

static bool add_word(struct parser *parser, struct node ***last, const struct tag *tag)
{
    struct template_set *set = parser->set;
    struct text phrase = {NULL, 0};
    struct text key = text_after(tag->name, sizeof "words." - 1);
    if (!set->settings.find_word(set->settings.context, key, &phrase)) {
        return !set->settings.is_strict || fail_at(parser, tag->start, "no such word:", key);
    }
    const struct template *template = template_phrase(set, phrase);
    if (template == NULL) {
        return false;
    }
    bool is_literal =
        template->nodes != NULL && template->nodes->kind == NODE_LITERAL && template->nodes->next == NULL;
    return add_node(set, last,
                    is_literal ? *template->nodes
                               : (struct node){.kind = NODE_TEMPLATE, .template = template}) != NULL;
}

// What `name` is, where that is the same for every filling.
static const struct value *find_constant(const struct template_set *set, struct text name)
{
    return set->settings.constants == NULL ? NULL : find_below(set->settings.constants, name);
}

static bool add_section(struct parser *parser, struct node ***last, const struct tag *tag, unsigned nesting)
{
    struct template_set *set = parser->set;
    struct node *section =
        add_node(set, last, named_node(tag->sigil == '#' ? NODE_SECTION : NODE_INVERTED, tag->name));
    if (section == NULL || nesting == NESTING_MAXIMUM) {
        return fail_at(parser, tag->start, "nested too deep:", tag->name);
    }
    section->constant = find_constant(set, tag->name);
    section->children = join_literals(set, parse_nodes(parser, tag->name, nesting + 1));
    return set->fault.length == 0;
}

static bool add_value(struct parser *parser, struct node ***last, const struct tag *tag)
{
    bool is_word = parser->set->settings.find_word != NULL && text_starts_with(tag->name, TEXT("words."));
    if (tag->name.length == 0) {
        return fail_at(parser, tag->start, "a tag without a name", TEXT(""));
    }
    if (is_word) {
        return add_word(parser, last, tag);
    }
    bool escapes = tag->sigil == '\0';
    const struct value *constant = find_constant(parser->set, tag->name);
    if (constant != NULL && constant->kind == VALUE_TEXT) {
        add_literal(parser->set, last, constant->text, escapes);
        return true;
    }
    enum node_kind kind = escapes ? NODE_VALUE : NODE_RAW_VALUE;
    return add_node(parser->set, last, named_node(kind, tag->name)) != NULL;
}

static bool add_tag(struct parser *parser, struct node ***last, const struct tag *tag, struct text indent,
                    unsigned nesting)
{
    switch (tag->sigil) {
    case '!':
        return true;
    case '>':
        return add_partial(parser, last, tag, indent);
    case '#':
    case '^':
        return add_section(parser, last, tag, nesting);
    case '=':
        return fail_at(parser, tag->start, "other delimiters are not supported", TEXT(""));
    default:
        return add_value(parser, last, tag);
    }
}

// Parses up to the end of `section`, or of the source where `section` has no bytes.
static struct node *parse_nodes(struct parser *parser, struct text section, unsigned nesting)
{
    struct node *first = NULL;
    struct node **last = &first;
    struct tag tag = {.sigil = '\0'};
    while (next_tag(parser, &tag)) {
        size_t line_end = standalone_end(parser->source, &tag);
        size_t literal_end = line_end > 0 ? line_start(parser->source, tag.start) : tag.start;
        struct text indent = text_cut(parser->source, literal_end, tag.start - literal_end);
        add_literal(parser->set, &last, text_cut(parser->source, parser->at, literal_end - parser->at),
                    parser->escapes_literals);
        parser->at = line_end > 0 ? line_end : tag.end;
        if (tag.sigil == '/') {
            if (section.bytes == NULL || !text_equals(section, tag.name)) {
                (void)fail_at(parser, tag.start, "closes a section that is not open:", tag.name);
            }
            return first;
        }
        if (!add_tag(parser, &last, &tag, indent, nesting)) {
            return first;
        }
    }
    if (section.bytes != NULL) {
        (void)fail_at(parser, parser->source.length, "a section is not closed:", section);
    }
    add_literal(parser->set, &last, text_after(parser->source, parser->at), parser->escapes_literals);
    return first;
}

// `source` with `indent` before each of its lines, as the specification wants for a partial that stands
// alone.
static struct text indent_lines(struct arena *arena, struct text source, struct text indent)
{
    size_t lines = 1;
    for (size_t i = 0; i < source.length; i++) {
        lines += source.bytes[i] == '\n';
    }
    struct buffer indented = buffer_open(arena, source.length + lines * indent.length);
    while (source.length > 0) {
        size_t end = text_find(source, '\n');
        buffer_add(&indented, indent);
        buffer_add(&indented, text_cut(source, 0, end + 1));
        source = text_after(source, end + 1);
    }
    return buffer_text(&indented);
}

static struct template *add_template(struct template_set *set, struct text name, struct text indent)
{
    struct template *template = arena_take(set->arena, sizeof *template);
    if (template != NULL) {
        *template = (struct template){.escape = set->settings.escape, .name = name, .indent = indent};
    }
    return template;
}

// Parses the source into `template`. A partial that names itself with an indent, or a phrase that names
// itself, would go on for ever.
static const struct template *weave(struct parser *parser, struct template *template)
{
    struct template_set *set = parser->set;
    if (set->nesting == NESTING_MAXIMUM) {
        (void)fail(set, parser->name, "is nested too deep", TEXT(""));
    } else {
        set->nesting++;
        template->nodes = join_literals(set, parse_nodes(parser, (struct text){NULL, 0}, 0));
        set->nesting--;
    }
    template->is_refused = set->fault.length > 0 || arena_failed(set->arena);
    return template->is_refused ? NULL : template;
}

static const struct template *refuse_again(struct template_set *set, struct text name)
{
    (void)fail(set, name, "was refused before", TEXT(""));
    return NULL;
}

static const struct template *find_indented(struct template_set *set, struct text name, struct text indent)
{
    for (const struct template *known = set->templates; known != NULL; known = known->next) {
        if (text_equals(known->name, name) && text_equals(known->indent, indent)) {
            return known->is_refused ? refuse_again(set, name) : known;
        }
    }
    struct text source = {NULL, 0};
    if (!set->settings.find_source(set->settings.context, name, &source)) {
        return NULL;
    }
    struct template *template = add_template(set, name, indent);
    if (template == NULL) {
        return NULL;
    }
    // Known before it is parsed: a partial may name itself.
    template->next = set->templates;
    set->templates = template;
    source = indent.length > 0 ? indent_lines(set->arena, source, indent) : source;
    struct parser parser = {.set = set, .name = name, .source = source};
    return weave(&parser, template);
}

const struct template *template_find(struct template_set *set, struct text name)
{
    set->fault = (struct text){NULL, 0};
    const struct template *template = find_indented(set, name, (struct text){NULL, 0});
    if (template == NULL) {
        (void)fail(set, name, "no such template", TEXT(""));
    }
    return template;
}

const struct template *template_phrase(struct template_set *set, struct text source)
{
    struct template *template = add_template(set, source, (struct text){NULL, 0});
    if (template == NULL) {
        return NULL;
    }
    struct parser parser = {.set = set, .name = source, .source = source, .escapes_literals = true};
    return weave(&parser, template);
}

// The enclosing sections of a name, innermost first.
struct scope {
    struct text section;
    const struct scope *outer;
};

static bool is_declared(struct text name, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (text_equals(text_from(*names), name)) {
            return true;
        }
    }
    return false;
}

static bool is_allowed(struct template_set *set, struct text name, const struct scope *scope,
                       const char *const *names)
{
    if (text_equals(name, TEXT(".")) || is_declared(name, names)) {
        return true;
    }
    for (; scope != NULL; scope = scope->outer) {
        const struct text parts[] = {scope->section, TEXT("."), name};
        struct text inner = text_join(set->arena, parts, 3);
        if (is_declared(inner, names) || find_constant(set, inner) != NULL) {
            return true;
        }
    }
    return false;
}

// The templates that are being checked, innermost first.
struct woven {
    const struct template *template;
    const struct woven *outer;
};

static bool is_being_checked(const struct template *template, const struct woven *woven)
{
    for (; woven != NULL; woven = woven->outer) {
        if (woven->template == template) {
            return true;
        }
    }
    return false;
}

static bool check_nodes(struct template_set *set, const struct node *node, const struct scope *scope,
                        const char *const *names, const struct woven *woven)
{
    for (; node != NULL; node = node->next) {
        bool has_name = node->kind != NODE_LITERAL && node->kind != NODE_TEMPLATE;
        if (has_name && node->constant == NULL && !is_allowed(set, node->text, scope, names)) {
            return fail(set, woven->template->name, "uses a name that its page does not have:", node->text);
        }
        const struct scope inner = {.section = node->text, .outer = scope};
        if (node->children != NULL && !check_nodes(set, node->children, &inner, names, woven)) {
            return false;
        }
        // Further in, a template that names itself is allowed no fewer names than where it began.
        const struct woven deeper = {.template = node->template, .outer = woven};
        if (node->template != NULL && !is_being_checked(node->template, woven) &&
            !check_nodes(set, node->template->nodes, scope, names, &deeper)) {
            return false;
        }
    }
    return true;
}

bool template_check(struct template_set *set, const struct template *template, const char *const *names)
{
    const struct woven woven = {.template = template};
    set->fault = (struct text){NULL, 0};
    return check_nodes(set, template->nodes, NULL, names, &woven);
}

// The values in which names are looked up, the innermost last.
struct contexts {
    const struct value *values[CONTEXTS_MAXIMUM];
    size_t count;
};

static const struct value *look_up(const struct contexts *contexts, const struct node *node)
{
    if (node->constant != NULL) {
        return node->constant;
    }
    if (text_equals(node->text, TEXT("."))) {
        return contexts->values[contexts->count - 1];
    }
    const struct value *found = NULL;
    for (size_t i = contexts->count; i > 0 && found == NULL; i--) {
        found = value_find(contexts->values[i - 1], node->first);
    }
    return find_below(found, node->rest);
}

static bool is_false(const struct value *value)
{
    return value == NULL || value->kind == VALUE_NOTHING || (value->kind == VALUE_SWITCH && !value->on) ||
           (value->kind == VALUE_LIST && value->first == NULL) ||
           (value->kind == VALUE_TEXT && value->text.length == 0);
}

static void render_value(const struct value *value, bool escapes, struct buffer *out)
{
    if (value == NULL) {
        return;
    }
    switch (value->kind) {
    case VALUE_TEXT:
    case VALUE_DECIMAL:
        if (escapes) {
            escape_html(value->text, out);
        } else {
            buffer_add(out, value->text);
        }
        break;
    case VALUE_NUMBER:
        buffer_add_number(out, value->number);
        break;
    case VALUE_SWITCH:
        buffer_add(out, value->on ? TEXT("true") : TEXT("false"));
        break;
    default:
        break;
    }
}

static void render_template(const struct template *template, struct contexts *contexts, struct buffer *out,
                            unsigned nesting);
static void render_nodes(const struct template *template, const struct node *node, struct contexts *contexts,
                         struct buffer *out, unsigned nesting);

static void render_inside(const struct template *template, const struct node *section,
                          const struct value *value, struct contexts *contexts, struct buffer *out,
                          unsigned nesting)
{
    if (contexts->count == CONTEXTS_MAXIMUM) {
        out->overflowed = true;
        return;
    }
    contexts->values[contexts->count++] = value;
    render_nodes(template, section->children, contexts, out, nesting);
    contexts->count--;
}

static void render_section(const struct template *template, const struct node *section,
                           struct contexts *contexts, struct buffer *out, unsigned nesting)
{
    const struct value *value = look_up(contexts, section);
    if (is_false(value)) {
        return;
    }
    if (value->kind != VALUE_LIST) {
        render_inside(template, section, value, contexts, out, nesting);
        return;
    }
    for (const struct value_member *item = value->first; item != NULL; item = item->next) {
        render_inside(template, section, &item->value, contexts, out, nesting);
    }
}

static void render_nodes(const struct template *template, const struct node *node, struct contexts *contexts,
                         struct buffer *out, unsigned nesting)
{
    bool escapes = template->escape == TEMPLATE_HTML;
    for (; node != NULL && !out->overflowed; node = node->next) {
        switch (node->kind) {
        case NODE_LITERAL:
            buffer_add(out, node->text);
            break;
        case NODE_VALUE:
            render_value(look_up(contexts, node), escapes, out);
            break;
        case NODE_RAW_VALUE:
            render_value(look_up(contexts, node), false, out);
            break;
        case NODE_SECTION:
            render_section(template, node, contexts, out, nesting);
            break;
        case NODE_INVERTED:
            if (is_false(look_up(contexts, node))) {
                render_nodes(template, node->children, contexts, out, nesting);
            }
            break;
        case NODE_TEMPLATE:
            render_template(node->template, contexts, out, nesting + 1);
            break;
        }
    }
}

static void render_template(const struct template *template, struct contexts *contexts, struct buffer *out,
                            unsigned nesting)
{
    if (nesting > NESTING_MAXIMUM) {
        out->overflowed = true;
        return;
    }
    render_nodes(template, template->nodes, contexts, out, nesting);
}

void template_render(const struct template *template, const struct value *data, struct buffer *out)
{
    struct contexts contexts = {.values = {data}, .count = 1};
    render_template(template, &contexts, out, 0);
}
