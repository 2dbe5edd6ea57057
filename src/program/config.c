// storefront config: every setting with its value, default, bounds and meaning; --check says only whether
// they are right.
#include "storefront/base/log.h"
#include "storefront/page/site.h"
#include "storefront/program/program.h"
#include "storefront/view/theme.h"

#include <stdlib.h>
#include <string.h>

#define PRINT_MAXIMUM ((size_t)256 * 1024)

static bool check(struct program *program)
{
    struct site site;
    bool has_site = site_open(program->arena, &program->settings, &site);
    bool has_theme = theme_write(program->arena, program->settings.shop_accent).length > 0;
    return has_site && has_theme;
}

int verb_config(int count, char **arguments)
{
    bool checks = count > 0 && strcmp(arguments[0], "--check") == 0;
    struct program program;
    int status = EXIT_FAILURE;
    if (program_start(&program, "storefront", checks) && (!checks || check(&program))) {
        struct buffer out = buffer_open(program.arena, PRINT_MAXIMUM);
        if (!checks) {
            settings_print(&program.settings, &out);
        }
        status = program_print(&out);
    }
    program_end(&program);
    return status;
}
