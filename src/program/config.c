// storefront config: every setting with its value, default, bounds and meaning; --check says only whether
// those are right that can be judged without the files and servers that they name.
#include "storefront/base/log.h"
#include "storefront/mail/server.h"
#include "storefront/page/site.h"
#include "storefront/program/program.h"
#include "storefront/view/theme.h"

#include <stdlib.h>
#include <string.h>

#define PRINT_MAXIMUM ((size_t)256 * 1024)

static bool check(struct program *program)
{
    struct site site;
    enum mail_tls tls;
    bool has_site = site_open(program->arena, &program->settings, &site);
    bool has_theme = theme_write(program->arena, program->settings.shop_accent).length > 0;
    bool has_mail_server = mail_server_judge(&program->settings, &tls);
    return has_site && has_theme && has_mail_server;
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
