// What every verb begins with, and the verbs themselves: one file each in src/program. It promises wiring
// only: a rule that is found here is in the wrong room.
#ifndef STOREFRONT_PROGRAM_PROGRAM_H
#define STOREFRONT_PROGRAM_PROGRAM_H

#include "storefront/base/metrics.h"
#include "storefront/base/settings.h"
#include "storefront/database/database.h"

// What a verb needs before it can begin; lives until the process ends.
struct program {
    struct arena *arena;
    struct settings settings;
};

// Reads the settings, opens the log under `name`, and makes sure that no core file will hold secrets. False,
// with the reason logged, where that fails. `is_strict`: a setting of unknown name is a failure, not a
// warning.
bool program_start(struct program *program, const char *name, bool is_strict);

// Frees what program_start() took, and says so where there was no memory. The last call of a verb.
void program_end(struct program *program);

// Waits a moment and returns the status of a failed start: multiwatch must not spend its restarts on it.
int program_fail_slowly(void);

// Prints what `out` holds on standard output; the verb's exit status.
int program_print(const struct buffer *out);

// A database for this process, with the rights of `user`. NULL, with the reason logged, when its url is not
// understood.
struct database *program_database(const struct program *program, enum statement_user user);

// What this process counts in, as the settings say; NULL without memory.
struct metrics *program_metrics(const struct program *program);

// storefront-mail's one other deed: hands a sample mail to the mail server; the exit status.
int send_test(const char *recipient);

// The verbs; each gets the arguments behind its name and returns the exit status.
int verb_serve(int count, char **arguments);
int verb_migrate(int count, char **arguments);
int verb_maintain(int count, char **arguments);
int verb_config(int count, char **arguments);
int verb_publish(int count, char **arguments);
int verb_routes(int count, char **arguments);
int verb_metrics(int count, char **arguments);
int verb_report(int count, char **arguments);
int verb_mail_test(int count, char **arguments);

#endif
