"""A world of its own for each system test: its own network, processes, mounts and shared memory.

The test runs itself again inside. Whatever it starts there (stacks, hosts, bridges, rules that drop packets, small disks)
is gone the moment it ends, also when it is stopped half-way; the folders of its stacks are removed from outside. Needs root.
"""
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "support"))

from stack import Stack, eventually

OWN_BUILD = "system"
BUILD = os.environ.get("SYSTEM_TEST_BUILD", OWN_BUILD)
# Passwords are hashed cheaply: the time of these tests goes to what they test.
SETTINGS = {"STOREFRONT_PASSWORD_MEMORY_KIB": "8192", "STOREFRONT_PASSWORD_PASSES": "1",
            "STOREFRONT_ADDRESS_LIMITS": "off"}
INSIDE = "SYSTEM_TEST_INSIDE"
NEW_NETWORK = 0x40000000
PARENT_DEATH_SIGNAL = 1

libc = ctypes.CDLL(None, use_errno=True)


def main(test, *stacks, shares_network=False, clean=lambda: None):
    """Runs `test` in a world of its own, in which the stacks with these names may be started; ends the program. A world that
    shares the machine's network reaches package archives; `clean` is called when it has ended, however it did."""
    if os.environ.get(INSIDE) and shares_network:
        bury_the_dead()
        sys.exit(0 if test() else 1)
    if os.environ.get(INSIDE):
        os.environ["STACK_BUILD"] = BUILD
        bury_the_dead()
        run("ip", "link", "set", "lo", "up")
        pathlib.Path("/run/netns").mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "none", "/run/netns")
        is_good = test()
        if BUILD != OWN_BUILD:
            stop(stacks)
        sys.exit(0 if is_good else 1)
    sys.exit(outside(stacks, [] if shares_network else ["--net"], clean))


def stop(stacks):
    """Ends stacks as an operator would: who dies with his world has written nothing of what he counted."""
    for name in stacks:
        subprocess.run([ROOT / "dev", "stack", name, "down"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=120)


def bury_the_dead():
    """The first process of a world inherits every process whose parent has gone: it waits for all of them, and lets a
    child do the work."""
    worker = os.fork()
    if worker == 0:
        return
    while True:
        process, status = os.wait()
        if process == worker:
            os._exit(os.waitstatus_to_exitcode(status) & 255)


def outside(stacks, parts, clean):
    """Builds the programs, makes the world, waits for its end, and removes what is left."""
    if os.geteuid() != 0:
        print("this test needs root", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    if stacks:
        build()
    for name in stacks:
        remove(name)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("STOREFRONT_")}
    world = subprocess.Popen(
        ["unshare", *parts, "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--ipc",
         "/usr/bin/python3", "-B", *sys.argv], env=environment | SETTINGS | {INSIDE: "yes"},
        preexec_fn=lambda: libc.prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL))
    try:
        return world.wait()
    except KeyboardInterrupt:
        return 130
    finally:
        world.kill()
        world.wait()
        clean()
        if not os.environ.get("KEEP_STACKS"):
            for name in stacks:
                remove(name)


def build():
    """Builds what is tested, as ./dev does, and installs what the tests need."""
    script = f". conf/dev/install.sh; for group in build run system; do install_group $group || exit 1; done; " + (
        f"build {BUILD} -DSTOREFRONT_TESTS=OFF" if BUILD == OWN_BUILD else "")
    subprocess.run(["bash", "-c", script], cwd=ROOT, env=os.environ | {"HERE": str(ROOT)}, check=True,
                   stdout=subprocess.DEVNULL)


def folders(name):
    """Where the stack `name` has its state and its sockets."""
    done = subprocess.run([ROOT / "dev", "stack", name, "env"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          env=os.environ | {"STACK_BUILD": BUILD}, text=True)
    facts = dict(line.split("=", 1) for line in done.stdout.splitlines())
    return pathlib.Path(facts["STATE"]), pathlib.Path(facts["RUN"])


def remove(name):
    """Removes the folders of a stack whose processes are gone; those of a world may take a moment to die."""
    for folder in folders(name):
        for _ in range(50):
            shutil.rmtree(folder, ignore_errors=True)
            if not folder.exists():
                break
            time.sleep(0.1)


def run(*command, **options):
    """Runs a command that has to succeed; what it printed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}")
    return done.stdout


class Place:
    """A host: a network of its own, joined to the others by a cable. The first of them is the world itself."""

    bridge = "lan"

    def __init__(self, name, address):
        self.name = name
        self.address = address
        if subprocess.run(["ip", "link", "show", self.bridge], capture_output=True).returncode != 0:
            run("ip", "link", "add", self.bridge, "type", "bridge")
            run("ip", "link", "set", self.bridge, "up")
        run("ip", "netns", "add", name)
        run("ip", "link", "add", "to-" + name, "type", "veth", "peer", "name", "cable", "netns", name)
        run("ip", "link", "set", "to-" + name, "master", self.bridge, "up")
        run("ip", "-n", name, "address", "add", address + "/24", "dev", "cable")
        for device in ("lo", "cable"):
            run("ip", "-n", name, "link", "set", device, "up")
        self.file = open("/run/netns/" + name)

    def do(self, *command, **options):
        """Runs a command on this host."""
        return run("ip", "netns", "exec", self.name, *command, **options)

    def enter(self):
        """From now on the calling thread opens its connections on this host."""
        if libc.setns(self.file.fileno(), NEW_NETWORK) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def cut(self, *addresses):
        """Drops every packet from and to `addresses` without a word, also of connections that are there."""
        rules = "".join(f"add rule ip cut in ip saddr {address} drop\nadd rule ip cut out ip daddr {address} drop\n"
                        for address in addresses)
        self.do("nft", "add table ip cut; add chain ip cut in { type filter hook input priority 0; };"
                       " add chain ip cut out { type filter hook output priority 0; };" + rules.replace("\n", ";"))

    def mend(self):
        self.do("nft", "delete", "table", "ip", "cut")


class Shop(Stack):
    """A stack that is started in this world, on the host `place` where one is given."""

    def __init__(self, name, place=None, **environment):
        self.name = name
        self.build = BUILD
        self.place = place
        self.environment_of_stack = environment

    def up(self):
        self.do("up")
        self.read()
        return self

    def do(self, *command, **environment):
        on_host = ["ip", "netns", "exec", self.place.name] if self.place else []
        done = subprocess.run([*on_host, ROOT / "dev", "stack", self.name, *command],
                              env=os.environ | self.environment_of_stack | environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True, timeout=120)
        if done.returncode != 0:
            raise AssertionError(f"./dev stack {self.name} {' '.join(command)} ended with {done.returncode}")
        return done.stdout

    def process(self, part):
        """The id of the process that ./dev started as `part`."""
        return int((self.run / "pid" / part).read_text())


def in_background(call):
    """Starts `call` in a thread; the thread."""
    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    return thread
