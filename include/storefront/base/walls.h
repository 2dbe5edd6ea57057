// The walls of a process: what it can no longer do once it has started, whoever may have taken it over. It
// promises that a process which stands behind them starts no program, opens no file for writing, looks into
// no other process and speaks by no other sockets than its own kind needs; and that what tries the worst of
// it dies, with a line in the log unless it has blocked its signals. It refuses to know what the process
// works on.
#ifndef STOREFRONT_BASE_WALLS_H
#define STOREFRONT_BASE_WALLS_H

#include <stdbool.h>

// Who stands behind them: a worker of a pool; the metrics program, which asks the kernel for the lengths of
// queues; the mailer, whose libcurl looks names up in threads.
enum wall_kind { WALL_WORKER, WALL_METRICS, WALL_MAILER };

// For every program, at its very start: no core file, no debugger of the same user, no program with more
// rights than its own.
void walls_begin(void);

// Once all is open, and before the first word of a stranger is read: leaves the system calls of `kind` alone.
// False, with the reason logged, where the kernel does not let it, or the list that it got lacks what
// everybody needs; then the program must not go on. Ends the process, with a line in the log, where
// libseccomp comes to no end. Without `is_wanted`, and under the sanitizers, which do more than any list
// should allow, it logs that there are no such walls, and is true.
bool walls_raise(enum wall_kind kind, bool is_wanted);

#endif
