// See language.h. A catalogue is a sorted table, searched by halves.
#include "storefront/view/language.h"
#include "storefront/base/file.h"
#include "storefront/base/json.h"
#include "storefront/base/log.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CATALOGUE_MAXIMUM ((size_t)256 * 1024)
#define TAG_MAXIMUM       ((size_t)16)

struct word {
    struct text key;
    struct text phrase;
};

struct catalogue {
    struct text tag;
    struct word *words; // sorted by key
    size_t count;
};

struct languages {
    struct arena *arena;
    struct catalogue catalogues[LANGUAGES_MAXIMUM];
    size_t count;
    size_t fallback;
};

static int compare_words(const void *left, const void *right)
{
    const struct text a = ((const struct word *)left)->key;
    const struct text b = ((const struct word *)right)->key;
    size_t shared = a.length < b.length ? a.length : b.length;
    int order = shared == 0 ? 0 : memcmp(a.bytes, b.bytes, shared);
    if (order != 0) {
        return order;
    }
    return (a.length > b.length) - (a.length < b.length);
}

static struct word *find_word(const struct catalogue *catalogue, struct text key)
{
    const struct word wanted = {.key = key};
    return catalogue->count == 0
               ? NULL
               : bsearch(&wanted, catalogue->words, catalogue->count, sizeof wanted, compare_words);
}

// Adds the words of one file to `catalogue`; those that are there already stay.
static bool merge(struct arena *arena, struct catalogue *catalogue, const struct value *file)
{
    size_t more = 0;
    for (const struct value_member *at = file->first; at != NULL; at = at->next) {
        more++;
    }
    struct word *words = arena_take(arena, (catalogue->count + more + 1) * sizeof *words);
    if (words == NULL) {
        return false;
    }
    size_t count = catalogue->count;
    if (count > 0) {
        memcpy(words, catalogue->words, count * sizeof *words);
    }
    for (const struct value_member *at = file->first; at != NULL; at = at->next) {
        if (at->value.kind != VALUE_TEXT) {
            return false;
        }
        if (find_word(catalogue, at->name) == NULL) {
            words[count++] = (struct word){.key = at->name, .phrase = at->value.text};
        }
    }
    qsort(words, count, sizeof *words, compare_words);
    catalogue->words = words;
    catalogue->count = count;
    return true;
}

static bool refuse(const char *reason, struct text about)
{
    log_event(LOG_ERROR, "words refused", LOG_STRING("reason", reason), LOG_TEXT("about", about));
    return false;
}

static bool read_file(struct languages *languages, const char *path, struct text tag)
{
    struct text content = {NULL, 0};
    struct text fault = {NULL, 0};
    struct value file = {.kind = VALUE_NOTHING};
    size_t at = languages_find(languages, tag);
    if (at == LANGUAGES_MAXIMUM) {
        return refuse("too many languages", tag);
    }
    if (!file_read(languages->arena, path, CATALOGUE_MAXIMUM, &content) ||
        !json_read(languages->arena, content, 1, &file, &fault) || file.kind != VALUE_OBJECT) {
        log_event(LOG_ERROR, "words refused", LOG_STRING("file", path), LOG_TEXT("reason", fault));
        return false;
    }
    struct catalogue *catalogue = &languages->catalogues[at];
    if (at == languages->count) {
        catalogue->tag = text_copy(languages->arena, tag);
        languages->count++;
    }
    return merge(languages->arena, catalogue, &file) || refuse("a word is not text", text_from(path));
}

static bool read_folder(struct languages *languages, struct text folder)
{
    const struct text parts[] = {folder, TEXT("/language")};
    const char *path = text_string(languages->arena, text_join(languages->arena, parts, 2));
    DIR *directory = path == NULL || folder.length == 0 ? NULL : opendir(path);
    bool done = true;
    if (directory == NULL) {
        bool is_none = path == NULL || folder.length == 0 || errno == ENOENT || errno == ENOTDIR;
        return is_none || refuse(strerrordesc_np(errno), text_from(path));
    }
    for (struct dirent *entry = readdir(directory); entry != NULL && done; entry = readdir(directory)) {
        struct text name = text_from(entry->d_name);
        size_t tag_length = text_find_text(name, TEXT(".json"));
        if (tag_length + 5 == name.length && tag_length > 0 && tag_length <= TAG_MAXIMUM) {
            const struct text file[] = {text_from(path), TEXT("/"), name};
            done = read_file(languages, text_string(languages->arena, text_join(languages->arena, file, 3)),
                             text_cut(name, 0, tag_length));
        }
    }
    (void)closedir(directory);
    return done;
}

// English is the measure: the program's own words are written against it.
static bool check_whole(const struct languages *languages)
{
    size_t english = languages_find(languages, TEXT("en"));
    if (english == languages->count) {
        return refuse("no English catalogue", TEXT("language/en.json"));
    }
    const struct catalogue *measure = &languages->catalogues[english];
    for (size_t i = 0; i < languages->count; i++) {
        for (size_t word = 0; word < measure->count; word++) {
            if (find_word(&languages->catalogues[i], measure->words[word].key) == NULL) {
                log_event(LOG_ERROR, "words refused", LOG_STRING("reason", "a word is missing"),
                          LOG_TEXT("language", languages->catalogues[i].tag),
                          LOG_TEXT("key", measure->words[word].key));
                return false;
            }
        }
    }
    return true;
}

static int compare_catalogues(const void *left, const void *right)
{
    const struct word a = {.key = ((const struct catalogue *)left)->tag};
    const struct word b = {.key = ((const struct catalogue *)right)->tag};
    return compare_words(&a, &b);
}

struct languages *languages_open(struct arena *arena, const struct text *folders, size_t count,
                                 struct text fallback)
{
    struct languages *languages = arena_take(arena, sizeof *languages);
    bool done = languages != NULL;
    if (done) {
        languages->arena = arena;
    }
    for (size_t i = 0; i < count && done; i++) {
        done = read_folder(languages, folders[i]);
    }
    if (!done || !check_whole(languages)) {
        return NULL;
    }
    // Folders are read in no order; the footer's links shall have one.
    qsort(languages->catalogues, languages->count, sizeof *languages->catalogues, compare_catalogues);
    languages->fallback = languages_find(languages, fallback);
    if (languages->fallback == languages->count) {
        (void)refuse("no catalogue for the shop's language", fallback);
        return NULL;
    }
    return languages;
}

size_t languages_count(const struct languages *languages)
{
    return languages->count;
}

struct text languages_tag(const struct languages *languages, size_t language)
{
    return languages->catalogues[language].tag;
}

size_t languages_find(const struct languages *languages, struct text tag)
{
    size_t at = 0;
    while (at < languages->count && !text_equals_ignoring_case(languages->catalogues[at].tag, tag)) {
        at++;
    }
    return at;
}

// The weight of one entry of the header in thousandths: 1000 without one, 0 for what is no weight.
static int64_t weight_of(struct text parameters)
{
    struct text value = text_trim(parameters);
    if (!text_equals_ignoring_case(text_cut(value, 0, 2), TEXT("q="))) {
        return TEXT_QUALITY_FULL;
    }
    return text_to_quality(text_after(value, 2));
}

// The language that a range such as "zh-Hant-TW" finds, cut from its end (RFC 4647, section 3.4).
static size_t find_range(const struct languages *languages, struct text range)
{
    size_t language = languages_find(languages, range);
    while (language == languages->count && range.length > 0) {
        range.length--;
        if (range.bytes[range.length] == '-') {
            language = languages_find(languages, range);
        }
    }
    return language;
}

size_t languages_choose(const struct languages *languages, struct text accept)
{
    size_t best = languages->fallback;
    int64_t best_weight = 0;
    while (accept.length > 0) {
        struct text parameters = text_next(&accept, ',');
        struct text tag = text_trim(text_next(&parameters, ';'));
        int64_t weight = weight_of(parameters);
        size_t language = find_range(languages, tag);
        if (language < languages->count && weight > best_weight) {
            best = language;
            best_weight = weight;
        }
    }
    return best;
}

bool languages_word(const struct languages *languages, size_t language, struct text key, struct text *phrase)
{
    const struct word *word = find_word(&languages->catalogues[language], key);
    if (word != NULL) {
        *phrase = word->phrase;
    }
    return word != NULL;
}

bool languages_all(const struct languages *languages, size_t language,
                   bool (*is_right)(void *context, struct text key, struct text phrase), void *context)
{
    const struct catalogue *catalogue = &languages->catalogues[language];
    for (size_t i = 0; i < catalogue->count; i++) {
        if (!is_right(context, catalogue->words[i].key, catalogue->words[i].phrase)) {
            return false;
        }
    }
    return true;
}
