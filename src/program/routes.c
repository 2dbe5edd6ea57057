// storefront routes: the map of URLs in words; --nginx: the maps that nginx includes.
#include "storefront/page/routes.h"
#include "storefront/base/log.h"
#include "storefront/program/program.h"

#include <stdlib.h>
#include <string.h>

#define PRINT_MAXIMUM ((size_t)64 * 1024)

int verb_routes(int count, char **arguments)
{
    struct arena *arena = arena_open(2 * PRINT_MAXIMUM);
    if (arena == NULL) {
        log_line(LOG_ERROR, "no memory");
        return EXIT_FAILURE;
    }
    struct buffer out = buffer_open(arena, PRINT_MAXIMUM);
    if (count > 0 && strcmp(arguments[0], "--nginx") == 0) {
        routes_print_nginx(&out);
    } else {
        routes_print(&out);
    }
    int status = program_print(&out);
    arena_close(&arena);
    return status;
}
