// What an operator's folder may hold besides templates: a catalogue of words and the list of static files.
// The first byte chooses which; the rest is the file's content.
#include "support.h"

#include "storefront/base/json.h"
#include "storefront/view/assets.h"
#include "storefront/view/language.h"
#include "storefront/view/template.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE   ((size_t)256)
#define VIEW_ARENA  ((size_t)8 * 1024 * 1024)
#define OUT_MAXIMUM ((size_t)64 * 1024)

static struct {
    char path[PATH_SIZE];
    char language[PATH_SIZE + 16];
    char words[PATH_SIZE + 32];
    char names[PATH_SIZE + 32];
} folder;

static void remove_folder(void)
{
    (void)unlink(folder.words);
    (void)unlink(folder.names);
    (void)rmdir(folder.language);
    (void)rmdir(folder.path);
}

// The shop's folder, whose files are links to what fuzz_file() holds.
static struct text open_folder(void)
{
    if (folder.path[0] == '\0') {
        const char *parent = getenv("TMPDIR");
        (void)snprintf(folder.path, sizeof folder.path, "%s/storefront-fuzz-XXXXXX",
                       parent == NULL ? "/tmp" : parent);
        promise(mkdtemp(folder.path) != NULL);
        (void)snprintf(folder.language, sizeof folder.language, "%s/language", folder.path);
        (void)snprintf(folder.words, sizeof folder.words, "%s/language/en.json", folder.path);
        (void)snprintf(folder.names, sizeof folder.names, "%s/names.json", folder.path);
        promise(mkdir(folder.language, 0700) == 0);
        promise(symlink(fuzz_file(0, TEXT("")), folder.words) == 0);
        promise(symlink(fuzz_file(1, TEXT("")), folder.names) == 0);
        (void)atexit(remove_folder);
    }
    return text_from(folder.path);
}

static bool find_nothing(void *context, struct text name, struct text *found)
{
    (void)context;
    (void)name;
    (void)found;
    return false;
}

static void check_phrase(struct arena *arena, struct text phrase)
{
    const struct template_set_settings settings = {.escape = TEMPLATE_HTML, .find_source = find_nothing};
    struct template_set *set = template_set_open(arena, &settings);
    const struct template *template = set == NULL ? NULL : template_phrase(set, phrase);
    struct buffer out = buffer_open(fuzz_room(), OUT_MAXIMUM);
    struct value *data = value_object(fuzz_room());
    if (template != NULL && data != NULL) {
        value_set_text(data, "minutes", TEXT("<zq>"));
        template_render(template, data, &out);
        bool has_raw = fuzz_holds(phrase, TEXT("{{{")) || fuzz_holds(phrase, TEXT("&"));
        promise(has_raw || !fuzz_holds(buffer_text(&out), TEXT("<")));
    }
}

static void check_words(struct arena *arena, struct text content)
{
    const struct text folders[] = {open_folder(), TEXT(SOURCE_FOLDER "/www")};
    (void)fuzz_file(0, content);
    struct languages *languages = languages_open(arena, folders, 2, TEXT("de"));
    struct value file = {.kind = VALUE_NOTHING};
    if (languages == NULL) {
        return;
    }
    size_t english = languages_find(languages, TEXT("EN"));
    promise(languages_count(languages) == 2 && english < 2);
    promise(json_read(fuzz_room(), content, 1, &file, NULL) && file.kind == VALUE_OBJECT);
    for (const struct value_member *word = file.first; word != NULL; word = word->next) {
        struct text phrase = {NULL, 0};
        struct text other = {NULL, 0};
        promise(languages_word(languages, english, word->name, &phrase));
        promise(languages_word(languages, 1 - english, word->name, &other));
        promise(text_equals(phrase, word->value.text));
        check_phrase(arena, phrase);
    }
}

static void check_names(struct arena *arena, struct text content)
{
    struct settings settings = *fuzz_settings();
    settings.static_folder = open_folder();
    (void)fuzz_file(1, content);
    const struct value *names = assets_names(arena, &settings);
    for (const struct value_member *name = names == NULL ? NULL : names->first; name != NULL;
         name = name->next) {
        struct text key = assets_key(arena, name->name);
        promise(key.length == name->name.length && text_equals(assets_key(arena, key), key));
        promise(fuzz_is_one_line(key) && !fuzz_holds(key, TEXT(".")) && !fuzz_holds(key, TEXT("/")));
        promise(value_find(names, name->name) == &name->value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static struct arena *view;
    struct text content = text_of(bytes, size);
    unsigned which = fuzz_byte(&content);
    (void)fuzz_begin();
    if (view == NULL) {
        view = arena_open(VIEW_ARENA);
    }
    if ((which & 1) == 0) {
        check_words(view, content);
    } else {
        check_names(view, content);
    }
    arena_empty(view);
    fuzz_end();
    return 0;
}
