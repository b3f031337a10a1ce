# SPDX-License-Identifier: GPL-2.0-or-later
"""What this machine offers to a test: privileges, programs, interpreters, disks, cgroups."""

import fcntl
import os
import pwd
import shutil
import subprocess
import sys
import tempfile

from verdict import Skip, need

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def need_program(name):
    path = shutil.which(name)
    need(path, "%s is not installed" % name)
    return path


def need_root():
    need(os.geteuid() == 0, "needs root")


def python_with(package):
    """A Python that has a package of Python's index, installed by pip among what is built, where it is not there."""
    venv = os.path.join(ROOT, ".output", package)
    python = os.path.join(venv, "bin", "python3")
    done = os.path.join(venv, "done")
    os.makedirs(venv, exist_ok=True)
    with open(os.path.join(venv, "lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.exists(done):
            return python
        for argv in ([sys.executable, "-m", "venv", venv], [python, "-m", "pip", "-q", "install", package]):
            ran = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            need(not ran.returncode, "no %s: %s" % (package, " ".join(ran.stdout.decode("utf-8", "replace").split())[-200:]))
        with open(done, "w"):
            pass
    return python


def disk_directory():
    """A directory on a real disk."""
    for directory in (tempfile.gettempdir(), "/var/tmp", ROOT):
        if os.access(directory, os.W_OK) and os.major(os.stat(directory).st_dev) != 0:
            return directory
    raise Skip("no directory on a block device")


class Cgroup:
    """A cgroup of its own, of version 1 or 2, with one controller: cpu, io or freezer."""

    _V1_NAMES = {"io": "blkio"}

    def __init__(self, controller):
        need_root()
        self.version, root = self._find(controller)
        self.parent = root
        self.path = os.path.join(root, "blockprof-e2e-%d" % os.getpid())
        try:
            os.mkdir(self.path)
        except OSError as error:
            raise Skip("no cgroup can be made: %s" % error)

    def _find(self, controller):
        with open("/proc/self/mountinfo") as file:
            mounts = [line.split() for line in file]
        for fields in mounts:
            kind, options = fields[fields.index("-") + 1], fields[-1].split(",")
            if kind == "cgroup" and self._V1_NAMES.get(controller, controller) in options:
                return 1, fields[4]
        for fields in mounts:
            if fields[fields.index("-") + 1] == "cgroup2":
                if controller == "freezer":  # always there
                    return 2, fields[4]
                control = os.path.join(fields[4], "cgroup.subtree_control")
                try:
                    with open(control, "w") as file:
                        file.write("+" + controller)
                    return 2, fields[4]
                except OSError:
                    continue
        raise Skip("no cgroup controller %s" % controller)

    def set(self, name, value):
        try:
            with open(os.path.join(self.path, name), "w") as file:
                file.write(str(value))
        except OSError as error:
            raise Skip("cgroup: cannot set %s: %s" % (name, error))

    def get(self, name):
        with open(os.path.join(self.path, name)) as file:
            return file.read()

    def add(self, pid):
        self.set("cgroup.procs", pid)

    def limit_cpu(self, quota_us, period_us=100_000):
        if self.version == 1:
            self.set("cpu.cfs_period_us", period_us)
            self.set("cpu.cfs_quota_us", quota_us)
        else:
            self.set("cpu.max", "%d %d" % (quota_us, period_us))

    def limit_io(self, directory, operations_a_second):
        """For the disk of a directory: its partition's whole disk takes the limit."""
        number = os.stat(directory).st_dev
        device = "%d:%d" % (os.major(number), os.minor(number))
        system = os.path.realpath("/sys/dev/block/" + device)
        if os.path.exists(os.path.join(system, "partition")):
            with open(os.path.join(os.path.dirname(system), "dev")) as file:
                device = file.read().strip()
        if self.version == 1:
            for way in ("read", "write"):
                self.set("blkio.throttle.%s_iops_device" % way, "%s %d" % (device, operations_a_second))
        else:
            self.set("io.max", "%s riops=%d wiops=%d" % (device, operations_a_second, operations_a_second))

    def freeze(self, on):
        if self.version == 1:
            self.set("freezer.state", "FROZEN" if on else "THAWED")
        else:
            self.set("cgroup.freeze", int(on))

    def throttled_ns(self):
        stat = dict(line.split() for line in self.get("cpu.stat").splitlines())
        return int(stat["throttled_time"]) if self.version == 1 else int(stat["throttled_usec"]) * 1000

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for pid in self.get("cgroup.procs").split():
            try:
                with open(os.path.join(self.parent, "cgroup.procs"), "w") as file:
                    file.write(pid)
            except OSError:
                pass  # it ended
        os.rmdir(self.path)


_VERSION = (
    "import sys, sysconfig; print(sys.implementation.name, '%d.%d' % sys.version_info[:2],"
    " sysconfig.get_config_var('Py_GIL_DISABLED') or 0)"
)
_pythons = None

MINORS = range(8, 16)
SID = "/var/cache/blockprof-tests/bin"  # where scripts/setup-pythons puts those of Debian sid


def _python_candidates(minors):
    for path in os.environ.get("BLOCKPROF_PYTHONS", "").split(os.pathsep):
        if path:
            yield path
    roots = [os.environ.get("PYENV_ROOT")]
    if shutil.which("pyenv"):
        roots.append(subprocess.run(["pyenv", "root"], stdout=subprocess.PIPE).stdout.decode().strip())
    homes = [os.path.expanduser("~")] + [entry.pw_dir for entry in pwd.getpwall()]
    roots += [os.path.join(home, ".pyenv") for home in homes]
    directories = []
    for root in filter(None, roots):
        versions = os.path.join(root, "versions")
        if os.path.isdir(versions):
            directories += [os.path.join(versions, name, "bin") for name in sorted(os.listdir(versions))]
    for directory in directories + ["/usr/local/bin", "/usr/bin", SID]:
        for minor in minors:
            yield os.path.join(directory, "python3.%d" % minor)


def interpreter(name):
    """The path of a program, or of the CPython of a version that blockprof does not read; None: not installed."""
    if not name[0].isdigit():
        return shutil.which(name)
    minor = int(name.partition(".")[2])
    return next((path for path in _python_candidates((minor,)) if os.access(path, os.X_OK)), None)


def pythons():
    """[(version, path)]: one CPython (with a GIL) for each of 3.8 to 3.15 that can be found."""
    global _pythons
    if _pythons is None:
        found = {}
        for path in _python_candidates(MINORS):
            if not os.access(path, os.X_OK):
                continue
            run = subprocess.run([path, "-c", _VERSION], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            words = run.stdout.decode().split()
            if len(words) == 3 and words[0] == "cpython" and words[2] == "0":
                found.setdefault(words[1], path)
        versions = ["3.%d" % minor for minor in MINORS]
        _pythons = [(version, found[version]) for version in versions if version in found]
    return _pythons
