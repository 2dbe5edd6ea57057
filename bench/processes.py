"""What processes cost, as the kernel counts it: processor time by kind of process, and memory."""
import os

from shop import ENVIRONMENT, RUN

TICK = os.sysconf("SC_CLK_TCK")


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def children(process):
    return [int(child) for child in read("/proc/%d/task/%d/children" % (process, process)).split()]


def times(process):
    """User, system, and both of the children that have ended, in seconds."""
    fields = read("/proc/%d/stat" % process).rpartition(")")[2].split()
    return [int(field) / TICK for field in fields[11:15]] if fields else [0] * 4


def root(name):
    """The process that `name` of the stack was started as."""
    return int(read("%s/pid/%s" % (RUN, name)))


def postmaster():
    return int(read("%s/postgresql/postmaster.pid" % ENVIRONMENT["STATE"]).split()[0])


class Meter:
    """The processor time of groups of process trees, two deep: {"workers": [multiwatch, ...], ...}."""

    def __init__(self, groups):
        self.groups = groups
        self.begin()

    def read(self):
        # A parent's time holds that of children which have ended, so that a sum never falls.
        return {name: sum(sum(times(parent)) + sum(sum(times(child)[:2]) for child in children(parent))
                          for parent in parents) for name, parents in self.groups.items()}

    def begin(self):
        self.before = self.read()

    def end(self):
        """Seconds of processor time by group since begin()."""
        return {name: seconds - self.before[name] for name, seconds in self.read().items()}


def shop_groups(workers=("pages", "register", "login")):
    return {"workers": [root(pool) for pool in workers], "nginx": [root("nginx")], "postgresql": [postmaster()],
            "mailer": [root("mailer")]}


def busy_share(before, after):
    """How much of all processors' time was not idle between two reads of processors()."""
    passed = [now - then for now, then in zip(after, before)]
    return 1 - (passed[3] + passed[4]) / sum(passed)


def processors():
    return [int(field) for field in read("/proc/stat").splitlines()[0].split()[1:9]]


def memory(process):
    """Kilobytes by name from smaps_rollup, say Pss."""
    lines = [line.split() for line in read("/proc/%d/smaps_rollup" % process).splitlines()[1:]]
    return {fields[0].rstrip(":"): int(fields[1]) for fields in lines}
