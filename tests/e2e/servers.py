# SPDX-License-Identifier: GPL-2.0-or-later
"""Real servers on ports and in directories of their own, for tests."""

import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from harness import Failed, Process
from machine import need_program
from verdict import need


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def program_of(name):
    """Servers are not in everyone's PATH."""
    path = os.path.join("/usr/sbin", name)
    return path if os.path.exists(path) else need_program(name)


class Server(Process):
    """A server that listens; self.port, self.directory. Ended by SIGTERM."""

    def __init__(self, argv, port, directory, env=None, preexec=None):
        self.port = port
        self.directory = directory
        super().__init__(argv, env=env, cwd=directory, stdin=subprocess.DEVNULL, preexec=preexec)
        try:
            self.wait_open()
        except BaseException:
            self.popen.kill()
            raise

    def wait_open(self, seconds=20):
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.popen.poll() is None:
            try:
                self.connect().close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failed("%s does not listen" % self.argv[0], self.stderr[-2000:])

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def children(self):
        with open("/proc/%d/task/%d/children" % (self.pid, self.pid)) as file:
            return [int(pid) for pid in file.read().split()]

    def __exit__(self, *_):
        self.popen.terminate()
        try:
            self.popen.wait(10)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def directory_of(name):
    return tempfile.mkdtemp(prefix="blockprof-%s-" % name)


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, "w") as file:
        file.write(text)
    return path


class Redis(Server):
    def __init__(self):
        port, directory = free_port(), directory_of("redis")
        argv = [program_of("redis-server"), "--port", port, "--save", "", "--dir", directory]
        super().__init__(argv + ["--enable-debug-command", "yes"], port, directory)

    def ask(self, *words):
        """The first line of the answer to a command."""
        with self.connect() as client:
            parts = [b"$%d\r\n%s\r\n" % (len(word), word) for word in (str(word).encode() for word in words)]
            client.sendall(b"*%d\r\n" % len(words) + b"".join(parts))
            answer = client.makefile("rb").readline().decode().strip()
        if answer.startswith("-"):
            raise Failed("redis: %s" % answer)
        return answer


class Nginx(Server):
    def __init__(self, workers=2):
        port, directory = free_port(), directory_of("nginx")
        os.chmod(directory, 0o755)
        paths = "".join(
            "%s_temp_path %s/%s;\n" % (name, directory, name)
            for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = write(
            directory,
            "nginx.conf",
            "daemon off; worker_processes %d; pid %s/pid; error_log stderr;\nevents {}\n"
            "http { access_log off; %s server { listen 127.0.0.1:%d; location / { return 200 ok; } } }\n"
            % (workers, directory, paths, port),
        )
        super().__init__([program_of("nginx"), "-c", config, "-e", "stderr"], port, directory)


class Memcached(Server):
    def __init__(self, threads=2):
        port, directory = free_port(), directory_of("memcached")
        argv = [program_of("memcached"), "-u", "root", "-l", "127.0.0.1", "-p", port, "-t", threads]
        super().__init__(argv, port, directory)


class Haproxy(Server):
    def __init__(self, backend_port, threads=2):
        port, directory = free_port(), directory_of("haproxy")
        config = write(
            directory,
            "haproxy.cfg",
            "global\n nbthread %d\ndefaults\n mode http\n timeout connect 5s\n timeout client 20s\n"
            " timeout server 20s\nfrontend f\n bind 127.0.0.1:%d\n default_backend b\n"
            "backend b\n server s 127.0.0.1:%d\n" % (threads, port, backend_port),
        )
        super().__init__([program_of("haproxy"), "-f", config], port, directory)


class Postgres(Server):
    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        need(found, "PostgreSQL is not installed")
        self.programs = found[-1]
        try:
            user = pwd.getpwnam("postgres")
        except KeyError:
            user = None
        need(user, "no user postgres")
        port, directory = free_port(), directory_of("postgres")
        os.chown(directory, user.pw_uid, user.pw_gid)
        # run.py's directory is for its user only: the way through it is opened
        parent = os.path.dirname(directory)
        os.chmod(parent, os.stat(parent).st_mode | 0o011)

        def be_user():
            os.setgroups([])
            os.setgid(user.pw_gid)
            os.setuid(user.pw_uid)

        data = os.path.join(directory, "data")
        subprocess.run(
            [os.path.join(self.programs, "initdb"), "-N", "-A", "trust", "-D", data],
            cwd=directory,
            preexec_fn=be_user,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        argv = [os.path.join(self.programs, "postgres"), "-D", data, "-k", directory, "-p", str(port)]
        argv += ["-h", "127.0.0.1", "-c", "fsync=off", "-c", "autovacuum=off"]
        self._arguments = ["-h", directory, "-p", str(port), "-U", "postgres"]
        super().__init__(argv, port, directory, preexec=be_user)

    def connect(self):
        """Once it serves: it listens before that."""
        asked = subprocess.run(self.command("pg_isready"), stdout=subprocess.DEVNULL, check=False)
        if asked.returncode:
            raise ConnectionRefusedError
        return super().connect()

    def command(self, name, *arguments):
        return [os.path.join(self.programs, name)] + self._arguments + [str(word) for word in arguments]

    def session(self):
        return Session(self)


class Session(Process):
    """A client that stays: what it is sent is executed, and timed by its own clock."""

    def __init__(self, server):
        super().__init__(server.command("psql", "-X", "-q", "-t", "-A", "postgres"))
        self.send("\\timing on")
        self.send("SELECT 'backend ' || pg_backend_pid();")
        self.backend = int(self.wait_line("backend ").split()[1])

    def times_ms(self):
        return [float(line.split()[1]) for line in self.lines if line.startswith("Time: ")]
