// storefront mail-test ADDRESS: sends one mail like a customer's to the operator. Only the mailer carries
// libcurl, so this is the mailer's work: it stands beside this program.
#include "storefront/program/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int verb_mail_test(int count, char **arguments)
{
    char path[FILENAME_MAX] = {0};
    const char *const name = "storefront-mail";
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - strlen(name) - 1);
    char *slash = length > 0 ? strrchr(path, '/') : NULL;
    if (count != 1 || slash == NULL) {
        (void)fputs("usage: storefront mail-test ADDRESS\n", stderr);
        return 2;
    }
    memcpy(slash + 1, name, strlen(name) + 1);
    char *const words[] = {path, (char[]){"--test"}, arguments[0], NULL};
    (void)execv(path, words);
    (void)fprintf(stderr, "storefront: %s cannot be run\n", path);
    return EXIT_FAILURE;
}
