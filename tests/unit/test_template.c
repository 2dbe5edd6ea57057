// The Mustache engine: escaping, the white space around tags that stand alone, partials that name themselves,
// phrases, faults with file and line, the check of names; and the specification's own tests, read from the
// folder that MUSTACHE_SPEC_DIR names. It knows no page of the shop.
#include "support.h"

#include "storefront/base/json.h"
#include "storefront/view/template.h"

// Named sources and words, as a test gives them.
struct library {
    const char *const (*sources)[2]; // name and source; ends with a row of NULL
    const char *const (*words)[2];
};

static bool find_in(const char *const (*rows)[2], struct text name, struct text *found)
{
    for (; rows != NULL && (*rows)[0] != NULL; rows++) {
        if (text_equals(text_from((*rows)[0]), name)) {
            *found = text_from((*rows)[1]);
            return true;
        }
    }
    return false;
}

static bool find_source(void *context, struct text name, struct text *found)
{
    return find_in(((const struct library *)context)->sources, name, found);
}

static bool find_word(void *context, struct text name, struct text *found)
{
    return find_in(((const struct library *)context)->words, name, found);
}

static struct template_set *set_of(struct arena *arena, const struct library *library,
                                   enum template_escape escape, bool is_strict)
{
    const struct template_set_settings settings = {.escape = escape,
                                                   .find_source = find_source,
                                                   .find_word = library->words == NULL ? NULL : find_word,
                                                   .context = (void *)(uintptr_t)library,
                                                   .is_strict = is_strict};
    struct template_set *set = template_set_open(arena, &settings);
    assert_non_null(set);
    return set;
}

static struct value data_of(struct arena *arena, const char *json)
{
    struct value value = {.kind = VALUE_NOTHING};
    assert_true(json_read(arena, text_from(json), 8, &value, NULL));
    return value;
}

static struct text filled(struct arena *arena, const struct template *template, const struct value *data)
{
    struct buffer out = buffer_open(arena, 65536);
    template_render(template, data, &out);
    assert_false(out.overflowed);
    return buffer_text(&out);
}

// Fills the template `source`, which may use the partials and words of `library`, with the JSON `json`.
static struct text render(struct arena *arena, const struct library *library, enum template_escape escape,
                          const char *source, const char *json)
{
    struct template_set *set = set_of(arena, library, escape, true);
    const char *const main_source[][2] = {{"main", source}, {NULL, NULL}};
    const struct library alone = {.sources = main_source};
    if (library->sources == NULL) {
        set = set_of(arena, &alone, escape, true);
    }
    const struct template *template = template_find(set, TEXT("main"));
    const struct value data = data_of(arena, json);
    if (template == NULL) {
        fail_msg("%s", text_string(arena, template_set_fault(set)));
    }
    return filled(arena, template, &data);
}

struct render_row {
    const char *source;
    const char *json;
    const char *expected;
};

static const struct render_row rows[] = {
    {"{{a}}", "{\"a\":\"<b a=\\\"'&'\\\">\"}", "&lt;b a=&quot;&#39;&amp;&#39;&quot;&gt;"},
    {"{{{a}}} {{&a}}", "{\"a\":\"<&>\"}", "<&> <&>"},
    {"<p title='{{a}}'>", "{\"a\":\"' onload='x\"}", "<p title='&#39; onload=&#39;x'>"},
    {"{{a}}", "{}", ""},
    {"{{a}}", "{\"a\":null}", ""},
    {"{{a}} {{b}} {{c}}", "{\"a\":5,\"b\":true,\"c\":1.5}", "5 true 1.5"},
    {"{{a}}{{b}}", "{\"a\":[1],\"b\":{}}", ""},
    {"{{ a.b.c }}", "{\"a\":{\"b\":{\"c\":1}}}", "1"},
    {"{{a.x}}", "{\"a\":{},\"x\":1}", ""},
    {"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{\"a\":\"\"}", "n"},
    {"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{\"a\":[]}", "n"},
    {"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{\"a\":false}", "n"},
    {"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{\"a\":0}", "y"},
    {"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{\"a\":{}}", "y"},
    {"{{#a}}y{{/a}}{{^a}}n{{/a}}", "{}", "n"},
    {"{{#a}}[{{.}}{{b}}]{{/a}}", "{\"a\":[1,2],\"b\":3}", "[13][23]"},
    {"{{#a}}{{b}}{{/a}}", "{\"a\":{\"b\":1},\"b\":2}", "1"},
    {"a\n{{#b}}\nc\n{{/b}}\nd\n", "{\"b\":true}", "a\nc\nd\n"},
    {"a\r\n{{#b}}\r\nc\r\n{{/b}}\r\nd", "{\"b\":true}", "a\r\nc\r\nd"},
    {"  {{#b}}\nc\n  {{/b}}", "{\"b\":true}", "c\n"},
    {"  {{b}}\n", "{\"b\":1}", "  1\n"},
    {"x {{#b}}\nc{{/b}}\n", "{\"b\":true}", "x \nc\n"},
    {"a\n  {{! remark\n over lines }}\t\nb", "{}", "a\nb"},
    {"a{{!}}b", "{}", "ab"},
    {"{{#a}}{{#b}}x{{/b}}{{/a}}", "{\"a\":true,\"b\":[1,2]}", "xx"},
    {"{ {a} } }}", "{\"a\":1}", "{ {a} } }}"},
    {"", "{}", ""},
};

static void templates_are_filled(void **state)
{
    const struct library none = {.sources = NULL};
    for (size_t i = 0; i < ROWS(rows); i++) {
        assert_text(render(*state, &none, TEMPLATE_HTML, rows[i].source, rows[i].json), rows[i].expected);
    }
}

static void plain_templates_do_not_escape(void **state)
{
    const struct library none = {.sources = NULL};
    assert_text(render(*state, &none, TEMPLATE_PLAIN, "<{{a}}>", "{\"a\":\"<&'\\\">\"}"), "<<&'\">>");
}

static const char *const tree[][2] = {
    {"main", "{{>node}}"},
    {"node", "<{{name}}{{#children}}{{>node}}{{/children}}>"},
    {NULL, NULL},
};

static void a_partial_may_name_itself(void **state)
{
    const struct library library = {.sources = tree};
    assert_text(render(*state, &library, TEMPLATE_HTML, NULL,
                       "{\"name\":1,\"children\":[{\"name\":2,\"children\":[]},"
                       "{\"name\":3,\"children\":[{\"name\":4,\"children\":[]}]}]}"),
                "<1<2><3<4>>>");
}

static void endless_recursion_ends(void **state)
{
    static const char *const sources[][2] = {{"main", "x{{>main}}"}, {NULL, NULL}};
    const struct library library = {.sources = sources};
    struct template_set *set = set_of(*state, &library, TEMPLATE_HTML, true);
    const struct template *template = template_find(set, TEXT("main"));
    const struct value data = {.kind = VALUE_NOTHING};
    struct buffer out = buffer_open(*state, 65536);
    assert_non_null(template);
    template_render(template, &data, &out);
    assert_true(out.overflowed);
}

static void a_partial_that_stands_alone_is_indented(void **state)
{
    static const char *const sources[][2] = {
        {"main", "<\n  {{>part}}\n>"}, {"part", "a\n{{#x}}\nb{{{c}}}\n{{/x}}\n"}, {NULL, NULL}};
    const struct library library = {.sources = sources};
    assert_text(render(*state, &library, TEMPLATE_HTML, NULL, "{\"x\":true,\"c\":\"\\n\"}"),
                "<\n  a\n  b\n\n>");
}

static const char *const words[][2] = {
    {"hello", "Hello <{{name}}>{{#is_new}}!{{/is_new}}"},
    {"raw", "{{{name}}}"},
    {"plain", "a & b"},
    {"broken", "{{#a}}"},
    {NULL, NULL},
};

static void phrases_are_woven_in_and_escaped(void **state)
{
    static const char *const sources[][2] = {{"main", "{{words.hello}} {{words.plain}} {{words.raw}}"},
                                             {NULL, NULL}};
    const struct library library = {.sources = sources, .words = words};
    assert_text(render(*state, &library, TEMPLATE_HTML, NULL, "{\"name\":\"<b>\",\"is_new\":true}"),
                "Hello &lt;&lt;b&gt;&gt;! a &amp; b <b>");
    assert_text(render(*state, &library, TEMPLATE_PLAIN, NULL, "{\"name\":\"<b>\"}"),
                "Hello <<b>> a & b <b>");
}

static void words_are_values_where_there_are_no_phrases(void **state)
{
    const struct library none = {.sources = NULL};
    assert_text(render(*state, &none, TEMPLATE_HTML, "{{words.a}}", "{\"words\":{\"a\":\"v\"}}"), "v");
}

struct fault_row {
    const char *source;
    const char *fault; // its beginning
};

static const struct fault_row faults[] = {
    {"a\n{{b", "main line 2: a tag that is not closed"},
    {"{{{b}}", "main line 1: a tag that is not closed"},
    {"\n\n{{#b}}\n", "main line 4: a section is not closed: b"},
    {"{{#b}}{{/c}}", "main line 1: closes a section that is not open: c"},
    {"a\n{{/b}}", "main line 2: closes a section that is not open: b"},
    {"{{#a}}{{#b}}{{/a}}{{/b}}", "main line 1: closes a section that is not open: a"},
    {"{{}}", "main line 1: a tag without a name"},
    {"{{& }}", "main line 1: a tag without a name"},
    {"{{=<% %>=}}", "main line 1: other delimiters are not supported"},
    {"\n{{>nowhere}}", "main line 2: no such partial: nowhere"},
    {"\n{{words.nowhere}}", "main line 2: no such word: nowhere"},
    {"{{words.broken}}", "{{#a}} line 1: a section is not closed: a"},
    {"{{>broken}}", "broken line 2: a tag that is not closed"},
};

static void faults_name_template_and_line(void **state)
{
    for (size_t i = 0; i < ROWS(faults); i++) {
        const char *const sources[][2] = {{"main", faults[i].source}, {"broken", "\n{{a"}, {NULL, NULL}};
        const struct library library = {.sources = sources, .words = words};
        struct template_set *set = set_of(*state, &library, TEMPLATE_HTML, true);
        assert_row(template_find(set, TEXT("main")) == NULL, faults[i].source);
        struct text fault = template_set_fault(set);
        assert_text(text_cut(fault, 0, strlen(faults[i].fault)), faults[i].fault);
        // A broken template does not mend by being asked for again.
        assert_row(template_find(set, TEXT("main")) == NULL, faults[i].source);
    }
}

static void what_weaves_itself_in_for_ever_is_refused(void **state)
{
    static const char *const sources[][2] = {
        {"main", "x\n  {{>main}}\n"}, {"word", "{{words.self}}"}, {NULL, NULL}};
    static const char *const phrases[][2] = {{"self", "again {{words.self}}"}, {NULL, NULL}};
    const struct library library = {.sources = sources, .words = phrases};
    struct template_set *set = set_of(*state, &library, TEMPLATE_HTML, true);
    assert_null(template_find(set, TEXT("main")));
    assert_true(holds(template_set_fault(set), "nested too deep"));
    assert_null(template_find(set, TEXT("word")));
    assert_true(holds(template_set_fault(set), "nested too deep"));
}

static void a_missing_template_is_named(void **state)
{
    const struct library library = {.sources = tree};
    struct template_set *set = set_of(*state, &library, TEMPLATE_HTML, true);
    assert_null(template_find(set, TEXT("nowhere")));
    assert_true(holds(template_set_fault(set), "nowhere: no such template"));
    assert_non_null(template_find(set, TEXT("main")));
    assert_int_equal(template_set_fault(set).length, 0);
}

static void sections_are_nested_up_to_a_bound(void **state)
{
    struct arena *arena = *state;
    const struct text parts[] = {repeated(arena, "{{#a}}", 65), repeated(arena, "{{/a}}", 65)};
    const char *const sources[][2] = {{"main", text_string(arena, text_join(arena, parts, 2))}, {NULL, NULL}};
    const struct library library = {.sources = sources};
    struct template_set *set = set_of(arena, &library, TEMPLATE_HTML, true);
    assert_null(template_find(set, TEXT("main")));
    assert_true(holds(template_set_fault(set), "nested too deep"));
}

struct check_row {
    const char *source;
    const char *foreign; // NULL: none
};

static const char *const names[] = {"name", "shop.name", "languages", "languages.tag", "is_open", NULL};

static const struct check_row checks[] = {
    {"{{name}} {{shop.name}} {{{name}}}", NULL},
    {"{{#languages}}{{tag}}{{.}}{{name}}{{/languages}}", NULL},
    {"{{#is_open}}{{name}}{{/is_open}}{{^is_open}}{{name}}{{/is_open}}", NULL},
    {"{{#languages}}{{#is_open}}{{tag}}{{/is_open}}{{/languages}}", NULL},
    {"{{nam}}", "nam"},
    {"{{names}}", "names"},
    {"{{shop}}", "shop"},
    {"{{shop.nam}}", "shop.nam"},
    {"{{tag}}", "tag"},
    {"{{#languages}}{{tags}}{{/languages}}", "tags"},
    {"{{#is_open}}{{tag}}{{/is_open}}", "tag"},
    {"{{#closed}}{{/closed}}", "closed"},
    {"{{^closed}}{{/closed}}", "closed"},
    {"{{{foreign}}}", "foreign"},
    {"{{>part}}", "inner"},
    {"{{words.phrase}}", "hole"},
};

static void foreign_names_are_found(void **state)
{
    static const char *const phrases[][2] = {{"phrase", "a {{hole}}"}, {NULL, NULL}};
    for (size_t i = 0; i < ROWS(checks); i++) {
        const char *const sources[][2] = {
            {"main", checks[i].source}, {"part", "{{name}}{{inner}}"}, {NULL, NULL}};
        const struct library library = {.sources = sources, .words = phrases};
        struct template_set *set = set_of(*state, &library, TEMPLATE_HTML, true);
        const struct template *template = template_find(set, TEXT("main"));
        assert_row(template != NULL, checks[i].source);
        assert_row(template_check(set, template, names) == (checks[i].foreign == NULL), checks[i].source);
        if (checks[i].foreign != NULL) {
            const struct text end[] = {TEXT("uses a name that its page does not have: "),
                                       text_from(checks[i].foreign)};
            assert_true(holds(template_set_fault(set), text_string(*state, text_join(*state, end, 2))));
        }
    }
}

static void a_partial_that_names_itself_can_be_checked(void **state)
{
    static const char *const tree_names[] = {"name", "children", NULL};
    const struct library library = {.sources = tree};
    struct template_set *set = set_of(*state, &library, TEMPLATE_HTML, true);
    const struct template *template = template_find(set, TEXT("main"));
    assert_non_null(template);
    assert_true(template_check(set, template, tree_names));
    assert_false(template_check(set, template, tree_names + 1));
    assert_true(holds(template_set_fault(set), "name"));
}

static void constants_are_woven_in(void **state)
{
    struct arena *arena = *state;
    static const char *const sources[][2] = {
        {"main",
         "{{a}}{{{a}}}{{#shop}}{{name}}{{b}}{{/shop}}{{#list}}{{.}},{{/list}}{{^shop.empty}}-{{/shop.empty}}"},
        {NULL, NULL}};
    static const char *const page_names[] = {"b", NULL};
    const struct library library = {.sources = sources};
    const struct value constants =
        data_of(arena, "{\"a\":\"<\",\"shop\":{\"name\":\"S\",\"empty\":\"\"},\"list\":[1,2]}");
    const struct template_set_settings settings = {.escape = TEMPLATE_HTML,
                                                   .find_source = find_source,
                                                   .context = (void *)(uintptr_t)&library,
                                                   .constants = &constants,
                                                   .is_strict = true};
    struct template_set *set = template_set_open(arena, &settings);
    const struct template *template = template_find(set, TEXT("main"));
    const struct value data = data_of(arena, "{\"a\":1,\"b\":\"&\"}");
    assert_true(template_check(set, template, page_names));
    assert_false(template_check(set, template, page_names + 1));
    assert_text(filled(arena, template, &data), "&lt;<S&amp;1,2,-");
}

static void long_runs_of_constants_are_whole(void **state)
{
    struct arena *arena = *state;
    const size_t pieces = 150;
    struct buffer source = buffer_open(arena, SUPPORT_ARENA);
    struct buffer expected = buffer_open(arena, SUPPORT_ARENA);
    for (size_t i = 0; i < pieces; i++) {
        buffer_add_number(&source, (int64_t)i);
        buffer_add(&source, TEXT("{{words.and}}"));
        buffer_add_number(&expected, (int64_t)i);
        buffer_add(&expected, TEXT(" &amp; "));
    }
    const char *const sources[][2] = {{"main", text_string(arena, buffer_text(&source))}, {NULL, NULL}};
    static const char *const one_word[][2] = {{"and", " & "}, {NULL, NULL}};
    const struct library library = {.sources = sources, .words = one_word};
    assert_texts(render(arena, &library, TEMPLATE_HTML, NULL, "{}"), buffer_text(&expected));
}

// The specification's partials are one JSON object.
static bool find_specified(void *context, struct text name, struct text *found)
{
    const struct value *source = value_find(*(struct value **)context, name);
    *found = source == NULL ? (struct text){NULL, 0} : source->text;
    return source != NULL;
}

// The test's template takes part under a name that no partial has.
static struct text render_specified(struct arena *arena, const struct value *test)
{
    const struct value *partials = value_find(test, TEXT("partials"));
    struct value *named = value_object(arena);
    value_set(named, TEXT("\x01"), *value_find(test, TEXT("template")));
    for (const struct value_member *at = partials == NULL ? NULL : partials->first; at != NULL;
         at = at->next) {
        value_set(named, at->name, at->value);
    }
    const struct template_set_settings settings = {
        .escape = TEMPLATE_HTML, .find_source = find_specified, .context = &named};
    struct template_set *set = template_set_open(arena, &settings);
    const struct template *template = template_find(set, TEXT("\x01"));
    return template == NULL ? template_set_fault(set)
                            : filled(arena, template, value_find(test, TEXT("data")));
}

static size_t run_specification(struct arena *arena, const char *folder, const char *file)
{
    const struct text parts[] = {text_from(folder), TEXT("/"), text_from(file)};
    struct text content = {NULL, 0};
    struct value root = {.kind = VALUE_NOTHING};
    size_t count = 0;
    assert_true(file_read(arena, text_string(arena, text_join(arena, parts, 3)), 1024 * 1024, &content));
    assert_true(json_read(arena, content, 12, &root, NULL));
    for (const struct value_member *at = value_find(&root, TEXT("tests"))->first; at != NULL; at = at->next) {
        struct text actual = render_specified(arena, &at->value);
        struct text expected = value_find(&at->value, TEXT("expected"))->text;
        if (!text_equals(actual, expected)) {
            struct text name = value_find(&at->value, TEXT("name"))->text;
            print_error("%s: %s\n", file, text_string(arena, name));
        }
        assert_texts(actual, expected);
        count++;
    }
    return count;
}

static void the_specification_is_kept(void **state)
{
    static const char *const files[] = {"comments.json", "interpolation.json", "inverted.json",
                                        "partials.json", "sections.json"};
    const char *folder = getenv("MUSTACHE_SPEC_DIR");
    size_t count = 0;
    if (folder == NULL) {
        print_message("MUSTACHE_SPEC_DIR is not set: the specification's tests are skipped\n");
        skip();
    }
    for (size_t i = 0; i < ROWS(files); i++) {
        count += run_specification(*state, folder, files[i]);
    }
    print_message("%zu tests of the specification\n", count);
    assert_true(count > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ARENA(templates_are_filled),
        WITH_ARENA(plain_templates_do_not_escape),
        WITH_ARENA(a_partial_may_name_itself),
        WITH_ARENA(endless_recursion_ends),
        WITH_ARENA(a_partial_that_stands_alone_is_indented),
        WITH_ARENA(phrases_are_woven_in_and_escaped),
        WITH_ARENA(words_are_values_where_there_are_no_phrases),
        WITH_ARENA(faults_name_template_and_line),
        WITH_ARENA(what_weaves_itself_in_for_ever_is_refused),
        WITH_ARENA(a_missing_template_is_named),
        WITH_ARENA(sections_are_nested_up_to_a_bound),
        WITH_ARENA(foreign_names_are_found),
        WITH_ARENA(a_partial_that_names_itself_can_be_checked),
        WITH_ARENA(constants_are_woven_in),
        WITH_ARENA(long_runs_of_constants_are_whole),
        WITH_ARENA(the_specification_is_kept),
    };
    return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
