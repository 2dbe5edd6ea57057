// The verbs of `storefront`, nothing more.
#include "storefront/program/program.h"

#include <stdio.h>
#include <string.h>

struct verb {
    const char *name;
    int (*run)(int count, char **arguments);
    const char *summary;
};

static const struct verb verbs[] = {
    {"serve", verb_serve, "answer requests from the FastCGI socket on descriptor 0"},
    {"migrate", verb_migrate, "bring the database's tables up to date"},
    {"maintain", verb_maintain, "add up daily figures and delete what has run out"},
    {"publish", verb_publish, "write static files and error pages for nginx"},
    {"config", verb_config, "print every setting; --check: only say whether they are right"},
    {"metrics", verb_metrics, "answer GET /metrics from the FastCGI socket on descriptor 0"},
    {"report", verb_report, "print what the last days brought, by mail domain; --days N: how many"},
    {"mail-test", verb_mail_test, "send a mail like a customer's to ADDRESS and say what became of it"},
    {"routes", verb_routes, "print the map of URLs; --nginx: nginx's map of pools"},
};

static int print_usage(FILE *out, int status)
{
    (void)fputs("usage: storefront VERB\n\n", out);
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        (void)fprintf(out, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
    }
    return status;
}

int main(int count, char **arguments)
{
    const char *name = count > 1 ? arguments[1] : "";
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].run(count - 2, arguments + 2);
        }
    }
    bool is_help = strcmp(name, "help") == 0 || strcmp(name, "--help") == 0;
    return print_usage(is_help ? stdout : stderr, is_help ? 0 : 2);
}
