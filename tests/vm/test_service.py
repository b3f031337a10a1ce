#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""blockprof.service as `make install` leaves it, under systemd, in a virtual machine.

PASS, FAIL or SKIP lines, then the totals. The guest has this machine's systemd
and journald, a service that blocks its loop when asked to (service_target.py),
and one script that goes through the service's life; what it prints is judged
here. Nothing is timed: an emulated machine is slow. --again: if one fails all are tried
once more.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from test_kernels import BLOCKPROF, NO_KERNEL, ROOT, RUN, VM, Skip, check, guest_python

SUITE = "bookworm"
TARGET = os.path.join(VM, "service_target.py")
STALL_NS = 2_000_000_000
LIMIT = "540"  # seconds for all of it; a machine with nothing else to do takes a minute or two

# Each part after a line "@@ NAME". @PYTHON@, @TARGET@ and @STAGE@ are filled in.
GUEST = r"""
part() { echo "@@ $1"; }
status() { systemctl show blockprof -p ActiveState -p SubState -p StatusText -p MainPID -p NRestarts; }
# wait_for SECONDS COMMAND
wait_for() {
	local n=$1; shift
	while [ "$n" -gt 0 ]; do
		if eval "$@" >/dev/null 2>&1; then return; fi
		sleep 1; n=$((n - 1))
	done
	echo "not in time: $*"
}
ready() { [ "$(systemctl show blockprof -p ActiveState --value)" = active ]; }
said() { journalctl -u blockprof -o cat --no-pager | grep -c "$1" || true; }
stall() { systemctl kill -s USR1 victim; sleep 3; }
stalls() { journalctl -u victim -o json --no-pager BLOCKPROF_ONGOING=0 BLOCKPROF_CAUSE=sleep | grep -c MESSAGE_ID; }
defaults() { echo "BLOCKPROF_OPTIONS=\"$1\"" >/etc/default/blockprof; }
files() { ls /var/lib/blockprof; }
child() { # the children of the service that are called so
	for pid in $(cat /proc/$(systemctl show blockprof -p MainPID --value)/task/*/children); do
		! grep -q "$1" /proc/$pid/comm || echo $pid
	done
}
# get PORT|SOCKET PATH: the status line
get() { @PYTHON@ -IS -c '
import socket, sys
where, path = sys.argv[1:]
if where.startswith("/"):
    client = socket.socket(socket.AF_UNIX)
    client.connect(where)
else:
    client = socket.create_connection(("127.0.0.1", int(where)))
client.sendall(("GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path).encode())
print("GET", where, path, client.makefile("rb").read().split(b"\r\n")[0].decode())
' "$1" "$2"; }

cp -a @STAGE@/. /
grep -q ^blockprof: /etc/group || echo blockprof:x:977: >>/etc/group
mkdir -p /etc/systemd/system/blockprof.service.d
# Loading the probes takes an emulated machine 10 s of its CPU.
printf '[Service]\nCPUQuota=\nRestartSec=1s\n' >/etc/systemd/system/blockprof.service.d/slow.conf
printf '[Service]\nType=notify\nTimeoutStartSec=infinity\nExecStart=@PYTHON@ -IS @TARGET@\n' >/etc/systemd/system/victim.service
systemctl daemon-reload
systemctl start victim

part verify
systemd-analyze verify /usr/local/lib/systemd/system/blockprof.service 2>&1 | grep -v 'man blockprof'

part start
systemctl start blockprof
echo "status $?"
status
grep Cap /proc/$(systemctl show blockprof -p MainPID --value)/status

part symbolizer
for pid in $(cat /proc/$(systemctl show blockprof -p MainPID --value)/task/*/children); do
	grep -q blockprof-names /proc/$pid/comm || continue
	cat /proc/$pid/status
	ls /proc/$pid/root/etc 2>&1 || echo "no /etc"
done

part http
get 10435 /healthz
get 10435 /metrics
get 10435 /loops
get /run/blockprof/http /loops
ls -l /run/blockprof/http /var/lib/blockprof/token
cat /proc/$(child blockprof-web)/status
kill -9 $(child blockprof-web)
wait_for 10 '[ "$(said "speaks HTTP ended, and was started again")" -ge 1 ]'
get 10435 /healthz

part stall
stall
wait_for 10 '[ "$(stalls)" -ge 1 ]'
journalctl -u victim -o json --no-pager BLOCKPROF_ONGOING=0 BLOCKPROF_CAUSE=sleep

part broken
defaults "-t nonsense"
systemctl reload blockprof
wait_for 20 '[ "$(said "not changed")" -ge 1 ]'
stall
wait_for 10 '[ "$(stalls)" -ge 2 ]'
status
stalls

part reload
defaults "-t 1h"
systemctl reload blockprof
wait_for 60 '[ "$(said "watching the whole system")" -ge 2 ]'
wait_for 10 ready
stall
status
stalls
files
get 10435 /healthz

part crash
kill -9 $(systemctl show blockprof -p MainPID --value)
wait_for 60 '[ "$(said "watching the whole system")" -ge 3 ]'
wait_for 10 ready
status
files
get 10435 /healthz

part stop
defaults "-t 100ms"
systemctl stop blockprof
echo "status $?"
status
files
for file in /var/lib/blockprof/*.gz; do
	/usr/local/bin/blockprof report -F json $file >/tmp/report && echo "$(basename $file) $(head -c 15 /tmp/report) $(tail -n 1 /tmp/report | head -c 17)"
done

part full
mount -t tmpfs -o size=1m tmpfs /var/lib/blockprof
dd if=/dev/zero of=/var/lib/blockprof/filler bs=4096 2>/dev/null
systemctl start blockprof
wait_for 10 '[ "$(said "not recording: No space")" -ge 1 ]'
before=$(stalls)
stall
wait_for 10 '[ "$(stalls)" -gt '$before' ]'
status
rm /var/lib/blockprof/filler
# so little that there is no room for another recording, but for its own size
umount -l /var/lib/blockprof
systemctl stop blockprof
status

part unusable
defaults "--state-dir /dev/null"
systemctl start blockprof
echo "status $?"
defaults "--nonsense"
systemctl stop blockprof
systemctl reset-failed blockprof
systemctl start blockprof
echo "status $?"
sleep 3
status
systemctl show blockprof -p ExecMainStatus

part journal
journalctl -u blockprof --no-pager -o cat
part end
"""


def fields(text):
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


class Guest:
    """The parts that the guest's script printed."""

    def __init__(self):
        python, library = guest_python()
        if not os.path.exists("/usr/lib/systemd/systemd") and not os.path.exists("/lib/systemd/systemd"):
            raise Skip("systemd is not installed")
        stage = tempfile.mkdtemp(prefix="blockprof-stage-")
        try:
            self._install(stage)
            script = GUEST.replace("@PYTHON@", python).replace("@TARGET@", TARGET).replace("@STAGE@", stage)
            argv = [RUN, "--systemd"]
            for path in (stage, TARGET, python, library):
                argv += ["-f", path]
            run = subprocess.Popen(
                argv + [SUITE, script],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(os.environ, BLOCKPROF_VM_TIMEOUT=LIMIT),
            )
            try:
                output, errors = run.communicate()
            finally:
                run.terminate()  # does nothing to one that has ended
        finally:
            shutil.rmtree(stage)
        self.errors = errors.decode("utf-8", "replace")
        if run.returncode == NO_KERNEL:
            raise Skip(self.errors.strip().splitlines()[-1])
        parts = re.split(r"^@@ (\S+)\r?\n", output.decode("utf-8", "replace"), flags=re.MULTILINE)
        self.parts = dict(zip(parts[1::2], parts[2::2]))

    @staticmethod
    def _install(stage):
        # by the same rule as a user's, but with the program under test
        subprocess.run(
            ["make", "-s", "-C", ROOT, "install", "DESTDIR=" + stage, "PREFIX=/usr/local"], check=True, stdout=sys.stderr
        )
        shutil.copy2(BLOCKPROF, os.path.join(stage, "usr/local/bin/blockprof"))

    def describe(self):
        lines = self.errors.splitlines()[-20:]
        for name, text in self.parts.items():
            lines += ["@@ " + name] + [line[:300] for line in text.splitlines()[-40:]]
        return lines


def test_unit_is_sound(guest):
    check(not guest.parts["verify"].strip(), "systemd-analyze verify: " + guest.parts["verify"])


def test_start(guest):
    part = guest.parts["start"]
    state = fields(part)
    check("status 0" in part and state["ActiveState"] == "active" and state["SubState"] == "running", part)
    (effective,) = re.findall(r"CapEff:\s*([0-9a-f]+)", part)
    check(bin(int(effective, 16)).count("1") == 12, "capabilities %s" % effective)


def test_symbolizer_has_nothing(guest):
    part = guest.parts["symbolizer"]
    for line in ("Uid:\t65529", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        check(line in part, "no %s in: %s" % (line, part))
    check("no /etc" in part, "its root is the machine's: " + part)


def test_http(guest):
    part = guest.parts["http"]
    for line in (
        "GET 10435 /metrics HTTP/1.1 200 OK",
        "GET 10435 /loops HTTP/1.1 401 Unauthorized",
        "GET /run/blockprof/http /loops HTTP/1.1 200 OK",
    ):
        check(line in part, "no %s in: %s" % (line, part))
    check(part.count("GET 10435 /healthz HTTP/1.1 200 OK") == 2 and "not in time" not in part, part)
    # busybox's ls cuts names
    check(re.search(r"^srw-rw---- +\d+ +root +blockpro.*/run/blockprof/http$", part, re.MULTILINE), part)
    check(re.search(r"^-rw-r----- +\d+ +root +blockpro.*/token$", part, re.MULTILINE), part)
    for line in ("Uid:\t65527", "CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"):
        check(line in part, "no %s in: %s" % (line, part))
    # the sockets are systemd's
    for name in ("reload", "crash"):
        check("GET 10435 /healthz HTTP/1.1 200 OK" in guest.parts[name], "%s: %s" % (name, guest.parts[name]))


def test_stall_in_the_journal(guest):
    entries = [json.loads(line) for line in guest.parts["stall"].splitlines() if line.startswith("{")]
    check(entries, "journalctl -u of the service that stalled shows no entry")
    entry = entries[0]
    check(entry["OBJECT_SYSTEMD_UNIT"] == "victim.service", "journald did not find the unit")
    check(entry["BLOCKPROF_UNIT"] == "victim.service", "BLOCKPROF_UNIT")
    check(entry["_SYSTEMD_UNIT"] == "blockprof.service", "not sent by the service")
    check(STALL_NS <= int(entry["BLOCKPROF_DURATION_NS"]) < 5 * STALL_NS, entry["BLOCKPROF_DURATION_NS"])
    check(entry["CODE_FUNC"] == "block" and entry["CODE_FILE"] == TARGET, "where: %s" % entry["CODE_FUNC"])
    check("clock_nanosleep" in entry["MESSAGE"] and "asyncio" in entry["MESSAGE"], entry["MESSAGE"])
    # of the C library, whose file only the symbolizer reads: hardening did not break it
    check(re.search(r"^(\w*nanosleep|__\w+) \(\S*libc", entry["BLOCKPROF_STACK"], re.MULTILINE), entry["BLOCKPROF_STACK"])
    check("do_nanosleep" in entry["BLOCKPROF_STACK"], "the kernel's functions have no names")


def test_broken_options_change_nothing(guest):
    part = guest.parts["broken"]
    check("not in time" not in part and fields(part)["ActiveState"] == "active", part)
    check("nonsense" in guest.parts["journal"], "the journal does not say why")


def test_reload(guest):
    part = guest.parts["reload"]
    state = fields(part)
    check("not in time" not in part and state["ActiveState"] == "active", part)
    check("turns over 1 h" in state["StatusText"], state["StatusText"])
    check(state["MainPID"] == fields(guest.parts["start"])["MainPID"], "it was started again")
    counts = [re.search(r"^\d+$", guest.parts[name], re.MULTILINE).group() for name in ("broken", "reload")]
    check(counts[0] == counts[1], "a stall of 2 s with -t 1h")
    check(part.count("Z.jsonl.gz\n") == 1 and part.count("Z.jsonl.gz.part\n") == 1, part)


def test_crash_and_restart(guest):
    part = guest.parts["crash"]
    state = fields(part)
    check("not in time" not in part and state["ActiveState"] == "active", part)
    check(state["NRestarts"] == "1" and state["MainPID"] != fields(guest.parts["start"])["MainPID"], part)
    check(part.count("Z.jsonl.gz\n") == 2 and part.count("Z.jsonl.gz.part\n") == 1, part)


def test_stop(guest):
    part = guest.parts["stop"]
    state = fields(part)
    check("status 0" in part and state["ActiveState"] == "inactive", part)
    check(".part" not in part, "a recording is not complete: " + part)
    reports = [line for line in part.splitlines() if "Z.jsonl.gz {" in line]
    check(len(reports) == 3, "report cannot read them all: " + part)
    whole = [line for line in reports if line.endswith('{"type":"summary"')]
    check(len(whole) == 2, "two of three are whole, the other was cut by the crash: %s" % reports)


def test_full_disk(guest):
    part = guest.parts["full"]
    check("not in time" not in part, part)
    check("not recording: No space left" in part and "ActiveState=active" in part, part)
    check("ActiveState=inactive" in part, part)


def test_what_cannot_work(guest):
    part = guest.parts["unusable"]
    check("status 0" not in part, part)
    journal = guest.parts["journal"]
    check("cannot record in /dev/null" in journal, "the journal does not say why")
    # wrong options: not tried again and again
    state = fields(part)
    check(state["ActiveState"] == "failed" and state["ExecMainStatus"] == "2", part)


TESTS = [value for name, value in sorted(globals().items()) if name.startswith("test_") and callable(value)]


def run_tests(word):
    """Runs them all in one guest: [passed, failed, skipped]. word: for a failure."""
    try:
        guest = Guest()
    except Skip as skip:
        print("SKIP vm::service: %s" % skip)
        return [0, 0, 1]
    failed = 0
    for test in TESTS:
        try:
            check("end" in guest.parts, "the guest did not come to the end")
            test(guest)
        except (AssertionError, KeyError, ValueError, AttributeError) as error:
            failed += 1
            print("%s vm::service::%s: %s: %s" % (word, test.__name__, type(error).__name__, error))
        else:
            print("PASS vm::service::%s" % test.__name__)
    if failed:
        print("\n".join("    | " + line for line in guest.describe()))
    return [len(TESTS) - failed, failed, 0]


def main():
    again = sys.argv[1:] == ["--again"]
    totals = run_tests("AGAIN" if again else "FAIL")
    if again and totals[1]:
        totals = run_tests("FAIL")
    print("%d passed, %d failed, %d skipped" % tuple(totals))
    return 1 if totals[1] else 0


if __name__ == "__main__":
    sys.exit(main())
