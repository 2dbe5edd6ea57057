// storefront publish: writes what nginx serves by itself: static files under names that change with their
// content, and the answers it gives when no worker does, in every language, as page and as JSON.
#include "storefront/base/log.h"
#include "storefront/page/answer.h"
#include "storefront/program/program.h"
#include "storefront/view/assets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ANSWER_MAXIMUM ((size_t)64 * 1024)

struct nginx_answer {
    const char *status;
    enum outcome outcome;
};

static const struct nginx_answer answers[] = {{"400", OUTCOME_UNREADABLE}, {"404", OUTCOME_NOT_FOUND},
                                              {"405", OUTCOME_METHOD},     {"413", OUTCOME_TOO_LARGE},
                                              {"429", OUTCOME_THROTTLED},  {"503", OUTCOME_UNAVAILABLE}};

static struct text folder_below(struct program *program, struct text name)
{
    const struct text parts[] = {program->settings.static_folder, TEXT("/"), name};
    return text_join(program->arena, parts, 3);
}

static struct text errors_folder(struct program *program)
{
    return folder_below(program, TEXT("errors"));
}

static bool write_answer(struct program *program, const struct view *view, size_t language,
                         const struct nginx_answer *answer, bool is_json)
{
    struct buffer content = buffer_open(program->arena, ANSWER_MAXIMUM);
    const struct text name[] = {text_from(answer->status), TEXT("."),
                                languages_tag(view_languages(view), language),
                                is_json ? TEXT(".json") : TEXT(".html")};
    answer_for_nginx(view, program->arena, language, answer->outcome, is_json, &content);
    return !content.overflowed &&
           assets_write(program->arena, errors_folder(program),
                        text_join(program->arena, name, sizeof name / sizeof *name), buffer_text(&content));
}

// Of a list of wishes the first that there is: browsers name the dearest first.
static void add_wish(struct buffer *map, const struct languages *languages, struct text tag)
{
    buffer_add(map, TEXT("    \"~*^[^:]*:(\\s*+(?!("));
    for (size_t i = 0; i < languages_count(languages); i++) {
        buffer_add(map, i == 0 ? TEXT("") : TEXT("|"));
        buffer_add(map, languages_tag(languages, i));
    }
    buffer_add(map, TEXT(")\\b)[^,]*,)*\\s*"));
    buffer_add(map, tag);
    buffer_add(map, TEXT("\\b\" "));
    buffer_add(map, tag);
    buffer_add(map, TEXT(";\n"));
}

// nginx's map from the language cookie and Accept-Language to a language that there is.
static bool write_language_map(struct program *program, const struct view *view)
{
    const struct languages *languages = view_languages(view);
    struct buffer map = buffer_open(program->arena, ANSWER_MAXIMUM);
    buffer_add(&map,
               TEXT("map \"$cookie_language:$http_accept_language\" $storefront_language {\n    default "));
    buffer_add(&map, program->settings.shop_language);
    buffer_add(&map, TEXT(";\n"));
    for (size_t i = 0; i < languages_count(languages); i++) {
        struct text tag = languages_tag(languages, i);
        const struct text parts[] = {TEXT("    \"~^"), tag, TEXT(":\" "), tag, TEXT(";\n")};
        for (size_t part = 0; part < sizeof parts / sizeof *parts; part++) {
            buffer_add(&map, parts[part]);
        }
    }
    for (size_t i = 0; i < languages_count(languages); i++) {
        add_wish(&map, languages, languages_tag(languages, i));
    }
    buffer_add(&map, TEXT("}\n"));
    return assets_write(program->arena, errors_folder(program), TEXT("language.conf"), buffer_text(&map));
}

static bool write_answers(struct program *program)
{
    struct view_template templates[] = {{trouble_page.template, trouble_page.names}, {NULL, NULL}};
    const struct view_settings settings = {.settings = &program->settings,
                                           .folder = "templates",
                                           .templates = templates,
                                           .common_names = layout_names,
                                           .phrases = answer_phrases,
                                           .needs_static = true};
    const struct view *view = view_open(program->arena, &settings);
    bool done = view != NULL;
    for (size_t i = 0; done && i < sizeof answers / sizeof *answers; i++) {
        for (size_t language = 0; done && language < languages_count(view_languages(view)); language++) {
            done = write_answer(program, view, language, &answers[i], false) &&
                   write_answer(program, view, language, &answers[i], true);
        }
    }
    return done && write_language_map(program, view);
}

static bool make_folder(struct program *program, struct text folder)
{
    const mode_t readable = 0755;
    const char *path = text_string(program->arena, folder);
    bool done = path != NULL && (mkdir(path, readable) == 0 || errno == EEXIST);
    if (!done) {
        log_event(LOG_ERROR, "folder cannot be made", LOG_TEXT("folder", folder),
                  LOG_STRING("reason", strerrordesc_np(errno)));
    }
    return done;
}

int verb_publish(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    struct program program;
    bool done = program_start(&program, "storefront", true) &&
                make_folder(&program, program.settings.static_folder) &&
                make_folder(&program, folder_below(&program, TEXT("files"))) &&
                make_folder(&program, errors_folder(&program)) &&
                assets_publish(program.arena, &program.settings) && write_answers(&program);
    program_end(&program);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
