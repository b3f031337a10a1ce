# SPDX-License-Identifier: GPL-2.0-or-later
"""What stands on a terminal: a shell in a tmux of its own."""

import os
import subprocess
import tempfile
import time

from machine import need_program
from verdict import Failed

PROMPT = "prompt>"


class Terminal:
    """A shell in a tmux of its own, of 80x24."""

    def __init__(self, columns=80, lines=24, env=None):
        self.tmux = need_program("tmux")
        self.socket = os.path.join(tempfile.mkdtemp(prefix="blockprof-tmux-"), "socket")
        environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
        environment.update(env or {})
        shell = ["env", "PS1=%s " % PROMPT, "bash", "--norc", "--noprofile"]
        self.run("new-session", "-d", "-x", columns, "-y", lines, *shell, env=environment)
        self.wait(lambda screen: PROMPT in screen, "a prompt")

    def run(self, *args, env=None):
        argv = [self.tmux, "-S", self.socket, "-f", "/dev/null"] + [str(arg) for arg in args]
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, timeout=20)
        if done.returncode:
            raise Failed("tmux %s failed" % args[0], done.stderr.decode())
        return done.stdout.decode("utf-8", "replace")

    def keys(self, *keys):
        self.run("send-keys", *keys)

    def type(self, text):
        self.run("send-keys", "-l", text)
        self.keys("Enter")

    def screen(self, *options):
        return self.run("capture-pane", "-p", *options)

    def resize(self, columns, lines):
        self.run("resize-window", "-x", columns, "-y", lines)

    def wait(self, condition, what, seconds=10):
        """The screen, once condition(screen) holds."""
        end = time.monotonic() + seconds
        while True:
            screen = self.screen()
            if condition(screen):
                return screen
            if time.monotonic() > end:
                raise Failed("not in %.0f s: %s" % (seconds, what), screen)
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, exc_type, *_):
        if exc_type is not None:
            print("--- the screen\n" + self.screen())
        self.run("kill-server")
