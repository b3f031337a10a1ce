# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP of blockprof serve, by clients as they are: statuses, limits, and that the watch goes on whatever they do."""

import base64
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import urllib.parse

from harness import MS, check, exclusive, limit, need, need_program, parse_folded, parse_jsonl, run_blockprof, until
from service import COMM, Service, sleeper, write
from web import WebService, bearer, check_status, free_port, lines_of, read_all, token_of

OFF = ["-t", "1h"]


@exclusive
def test_web_statuses():
    with WebService(*OFF, "--allow-host", "mon.example") as service:
        service.wait_watching()
        get = service.get
        check_status(get("/healthz"), 200, "/healthz")
        check(get("/healthz")[2] == b"ok\n", "/healthz")
        check_status(get("/"), 200, "/")
        status, headers, body = get("/healthz", "HEAD")
        check(status == 200 and not body and headers["Content-Length"] == "3", "HEAD", status, dict(headers), body)
        for name in ("Cache-Control", "Content-Security-Policy", "X-Content-Type-Options"):
            check(name in headers and "Access-Control-Allow-Origin" not in headers, name, dict(headers))
        check(headers["Connection"] == "close", "it stays open", dict(headers))
        for path in ("/nope", "/healthz/", "/%68ealthz", "/../healthz", "//healthz"):
            check_status(get(path), 404, path)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            answer = get("/healthz", method)
            check_status(answer, 405, method)
            check(answer[1]["Allow"] == "GET, HEAD", "Allow of " + method, dict(answer[1]))
        check_status(get("/healthz", "POST", body=b"x" * 100), 405, "POST with a body")
        check_status(get("/healthz", headers={"Content-Length": "5"}, body=b"hello"), 413, "GET with a body")
        check_status(get("/healthz", headers={"X": "x" * 9000}), 431, "a long header")
        check_status(get("/healthz?" + "x" * 9000), 431, "a long query")
        for host in ("evil.example", "mon.example.evil", "::1", "localhost."):
            check_status(get("/healthz", headers={"Host": host}), 403, "Host: " + host)
        for host in ("localhost", "mon.example:80", "[::1]:1", "10.0.0.1"):
            check_status(get("/healthz", headers={"Host": host}), 200, "Host: " + host)
        check(service.raw(b"GET /healthz HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.0 400 "), "no Host is let in")
        pid, fields = service.child()
        check(pid and fields["Uid"].split()[0] not in ("0", str(os.getuid())), "it has our user", fields)
        check(int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0, "it has capabilities", fields)
        check(fields["Seccomp"] == "2" and fields["NoNewPrivs"] == "1", "its system calls are not filtered", fields)
        check(service.child()[0] == pid, "it was started again")


@exclusive
def test_web_bad_requests():
    """Whatever is sent, the same process goes on to answer."""
    with WebService(*OFF) as service:
        service.wait_watching()
        until(lambda: service.child()[0], 10, "a web child")
        pid, _ = service.child()
        for request in (
            b"\r\n\r\n",
            b"\0" * 10000,
            b"GET\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\n: x\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
            b"GET " + b"/" * 300000 + b" HTTP/1.1\r\n\r\n",
            b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 50000 + b"\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500,
            b"GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ):
            try:
                with service.connect() as connection:
                    connection.sendall(request)
                    connection.shutdown(socket.SHUT_WR)
                    answer = read_all(connection)
            except OSError:
                # put out while it still sent
                answer = b""
            check(not answer or answer.startswith(b"HTTP/1."), "no HTTP", request[:80], answer[:200])
            check(b" 200 " not in answer.split(b"\r\n")[0], "it is answered", request[:80], answer[:200])
        # reset in the midst of it
        for _ in range(50):
            connection = service.connect()
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        check_status(service.get("/healthz"), 200, "after that")
        check(service.child()[0] == pid, "it was started again", service.stderr)


@exclusive
def test_web_slow_clients():
    """Those that send nothing hold their place for a time that is bounded, also byte by byte."""
    with WebService(*OFF) as service:
        service.wait_watching()
        idle = [service.connect() for _ in range(15)]
        dripping = service.connect()
        started = time.monotonic()
        # no place is left: the next one waits, and is answered once they are put out
        answered = []
        waiting = service.connect()
        waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        waiting.settimeout(0.2)
        while time.monotonic() - started < 30 and not answered:
            try:
                dripping.send(b"G")
            except OSError:
                pass
            try:
                answered.append(waiting.recv(100))
            except socket.timeout:
                pass
        check(answered and answered[0].startswith(b"HTTP/1.1 200 "), "who waited was not answered", *answered)
        for connection in idle + [dripping]:
            check(not read_all(connection).startswith(b"HTTP/1.1 200"), "an answer to nothing")
            connection.close()
        waiting.close()


@exclusive
def test_web_strangers_keep_nobody_out():
    """Any user can connect, as often as he likes, and send nothing: others are answered, long before all of these are put out."""
    with WebService(*OFF) as service:
        service.wait_watching()
        idle = [service.connect() for _ in range(76)]
        check_status(service.get("/healthz", seconds=10), 200, "/healthz beside 76 that send nothing")
        # those who take no answers
        greedy = []
        for _ in range(32):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            greedy.append(connection)
        check_status(service.get("/healthz", seconds=10), 200, "/healthz beside 32 that take no answer")
        for connection in idle + greedy:
            connection.close()


@exclusive
def test_web_child_dies():
    with WebService(*OFF) as service:
        service.wait_watching()
        check_status(service.get("/healthz"), 200, "/healthz")
        pid, _ = service.child()
        os.kill(pid, signal.SIGKILL)
        service.wait_said("the process that speaks HTTP ended, and was started again")
        check_status(service.get("/healthz"), 200, "the next one's answer")
        check(service.child()[0] not in (None, pid), "no other one")
        # one that is stopped holds up nobody but its clients
        os.kill(service.child()[0], signal.SIGSTOP)
        before = service.stderr
        service.popen.send_signal(signal.SIGHUP)
        service.wait_watching(2)
        check("ended" not in service.stderr[len(before) :], "it was given up", service.stderr)


FILES = 64  # of the web child: user/web/child/child.c


def cpu_s(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def limit_files(pid, user, most):
    """As its own user, which everywhere may do so; back to where it was at the most."""
    argv = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "prlimit", "--pid", str(pid), "--nofile=%d:" % most]
    done = subprocess.run(argv, stderr=subprocess.PIPE, text=True)
    check(done.returncode == 0, "a limit of descriptors", done.stderr)


@exclusive
def test_web_no_descriptor_left():
    """While nobody can be let in, it waits, without trying all the time; then who waited is answered, by the same child."""
    with WebService(*OFF) as service:
        service.wait_watching()
        check_status(service.get("/healthz"), 200, "/healthz")
        pid, fields = service.child()
        user = fields["Uid"].split()[0]
        used = {int(fd) for fd in os.listdir("/proc/%d/fd" % pid)}
        limit_files(pid, user, min(set(range(FILES)) - used))
        with service.connect() as waiting:
            waiting.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            before = cpu_s(pid)
            waiting.settimeout(1)
            try:
                check(False, "an answer", waiting.recv(100))
            except socket.timeout:
                pass
            check(service.child()[0] == pid, "it is gone", service.stderr)
            check(cpu_s(pid) - before < 0.2, "it tries all the time: %.2f s" % (cpu_s(pid) - before))
            limit_files(pid, user, FILES)
            waiting.settimeout(20)
            answer = read_all(waiting)
            check(answer.startswith(b"HTTP/1.1 200"), "answered then", answer)
        check(service.child()[0] == pid, "it was started again", service.stderr)


@exclusive
def test_web_unix_socket():
    with Service(*OFF) as plain:
        plain.wait_watching()
        path = os.path.join(plain.directory, "http")
        with Service("--listen", "unix:" + path, *OFF) as service:
            service.wait_watching()
            check(os.stat(path).st_mode & 0o777 == 0o660, "mode %o" % os.stat(path).st_mode)
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(path)
                # no Host check here
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n")
                check(b" 200 " in read_all(connection), "no answer by the unix socket")
            status, _, err = run_blockprof("serve", *OFF, "--listen", "unix:" + path, "--state-dir", path + ".state")
            check(status == 1 and path in err and len(err.splitlines()) == 1, "exit status %d" % status, err)
            service.stop(signal.SIGKILL)
        # what it left behind is in nobody's way
        with Service("--listen", "unix:" + path, *OFF) as again:
            again.wait_watching()
        check(not os.path.exists(path), "it is left behind")


@exclusive
def test_web_activated():
    """A socket that is passed, as systemd does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        port = listener.getsockname()[1]
        number = listener.fileno()
        os.set_inheritable(number, True)
        prefix = ["sh", "-c", 'exec 3<&%d; export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@"' % number, "sh"]
        with Service(*OFF, prefix=prefix, pass_fds=[number]) as service:
            service.wait_watching()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/healthz")
            check(connection.getresponse().status == 200, "no answer by the socket that was passed")
            # a reload keeps it
            service.popen.send_signal(signal.SIGHUP)
            service.wait_watching(2)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/healthz")
            check(connection.getresponse().status == 200, "no answer after a reload")


PARSER = """
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
out = []
for family in parse(sys.stdin.read()):
    for sample in family.samples:
        exemplar = sample.exemplar and [sample.exemplar.labels, sample.exemplar.value]
        out.append([family.type, sample.name, sample.labels, sample.value, exemplar])
json.dump(out, sys.stdout)
"""

OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.2"


def openmetrics(service):
    """Its samples, by the strictest parser there is: [type, name, labels, value, exemplar]."""
    need(
        os.path.exists("/usr/lib/python3/dist-packages/prometheus_client/__init__.py"),
        "no python3-prometheus-client",
    )
    status, headers, body = service.get("/metrics", headers={"Accept": OPENMETRICS})
    check(status == 200, "status %d" % status, body)
    wanted = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    check(headers["Content-Type"] == wanted, "type", headers["Content-Type"])
    parser = subprocess.run(["/usr/bin/python3", "-c", PARSER], input=body, capture_output=True, timeout=60)
    check(parser.returncode == 0, "it is no OpenMetrics", parser.stderr.decode()[-2000:], body.decode())
    return json.loads(parser.stdout)


def value_of(samples, name, **labels):
    return sum(
        value
        for _, sample, own, value, _ in samples
        if sample == name and all(own.get(key) == wanted for key, wanted in labels.items())
    )


def turns_over_250_ms(samples, labels):
    name = "blockprof_turn_duration_seconds"
    return value_of(samples, name + "_count", **labels) - value_of(samples, name + "_bucket", le="0.25", **labels)


@exclusive
def test_web_address_taken():
    """Where nobody gave an address and its own is another's, it watches all the same, and says so."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            other.bind(("127.0.0.1", 10435))
            other.listen()
        except OSError:
            pass  # it is taken as it is
        with Service() as service:
            service.wait_watching()
            lines = service.stderr.splitlines()
            told = "blockprof: nobody is answered over HTTP: Address already in use on 127.0.0.1:10435; give another --listen"
            check(len(lines) == 2 and lines[0].startswith(told), "what it says", *lines)


@exclusive
def test_metrics():
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        until(lambda: value_of(openmetrics(service), "blockprof_loops", comm=COMM) == 1, 10, "a loop")
        before = openmetrics(service)
        check(value_of(before, "blockprof_stalls_total") == 0, "a stall before any", *before)
        target.run()
        until(lambda: value_of(openmetrics(service), "blockprof_stalls_total") == 1, 10, "the stall")
        until(lambda: value_of(openmetrics(service), "blockprof_blocked_seconds_total", cause="sleep") > 0.35, 10, "its time")
        of_it = {"comm": COMM, "runtime": "asyncio"}
        # a turn that lasts over the end of a second counts in the next one
        until(lambda: turns_over_250_ms(openmetrics(service), of_it) == 1, 10, "its turn")
        samples = openmetrics(service)
        check(value_of(samples, "blockprof_stalls_total", cause="sleep", **of_it) == 1, "by its cause", *samples)
        lasted = value_of(samples, "blockprof_stall_seconds_total", cause="sleep", **of_it)
        check(abs(lasted - 0.4) < 0.15, "%f s of stalls" % lasted)
        name = "blockprof_turn_duration_seconds"
        count = value_of(samples, name + "_count", **of_it)
        check(value_of(samples, name + "_bucket", le="+Inf", **of_it) == count > 0, "count", *samples)
        check(turns_over_250_ms(samples, of_it) == 1, "more turns over 250 ms", *samples)
        exemplars = [(sample, *exemplar) for _, sample, _, _, exemplar in samples if exemplar]
        turns = {labels["turn"] for _, labels, _ in exemplars}
        check({sample for sample, _, _ in exemplars} == {name + "_bucket", "blockprof_stalls_total"}, "exemplars", *exemplars)
        check(len(turns) == 1 and turns.pop().startswith("%d-" % target.pid), "whose exemplars", *exemplars)
        for place in ("stacks_cut", "turns_ring_full", "label_sets_full"):
            check(any(own.get("place") == place for _, _, own, _, _ in samples), "no place=" + place)
        names = {sample for _, sample, _, _, _ in samples}
        check({"blockprof_build_info", "process_cpu_seconds_total", "process_open_fds"} <= names, "names", *names)
        check(all("pid" not in own and "task" not in own and "turn" not in own for _, _, own, _, _ in samples), "labels")
        # counters go on over the end of the loop and a reload
        target.kill()
        until(lambda: value_of(openmetrics(service), "blockprof_loops", comm=COMM) == 0, 10, "no loop any more")
        service.popen.send_signal(signal.SIGHUP)
        service.wait_watching(2)
        after = openmetrics(service)
        for kind, sample, own, value, _ in samples:
            if kind in ("counter", "histogram"):
                now = value_of(after, sample, **own)
                check(now >= value, "%s%s fell from %f to %f" % (sample, own, value, now))
        # the older format
        status, headers, body = service.get("/metrics")
        check(status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8", "type", dict(headers))
        check(b"# EOF" not in body and b" # {" not in body, "what that format has not", body.decode())


@exclusive
def test_metrics_begin_anew():
    """Counters go on over a reload, and begin with the process: its start says so."""
    start = "process_start_time_seconds"
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        target.run()
        until(lambda: value_of(openmetrics(service), "blockprof_stalls_total") == 1, 10, "the stall")
        began = value_of(openmetrics(service), start)
        check(abs(began - time.time()) < 60, "it began at %f" % began)
        service.popen.send_signal(signal.SIGHUP)
        service.wait_watching(2)
        reloaded = openmetrics(service)
        check(value_of(reloaded, "blockprof_stalls_total") == 1, "a reload took the stall", *reloaded)
        check(value_of(reloaded, start) == began, "a reload is a new beginning")
    with WebService("-t", "150ms", state=service.state) as again:
        again.wait_watching()
        samples = openmetrics(again)
        check(value_of(samples, "blockprof_stalls_total") == 0, "a stall of the one before", *samples)
        check(value_of(samples, start) > began, "counters begin anew, and it does not")


@exclusive
def test_metrics_lint():
    need_program("promtool")
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        target.run()
        until(lambda: b'cause="sleep"} 1' in service.get("/metrics")[2], 10, "the stall")
        _, _, body = service.get("/metrics")
        lint = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, timeout=60)
        check(lint.returncode == 0 and not lint.stderr, "promtool", lint.stdout.decode(), lint.stderr.decode())


@exclusive
def test_web_token():
    with WebService(*OFF) as service:
        service.wait_watching()
        token = token_of(service)
        check(os.stat(os.path.join(service.state, "token")).st_mode & 0o777 == 0o640, "others can read the token")
        basic = base64.b64encode(b"anybody:" + token.encode()).decode()
        for path in ("/stalls", "/loops", "/last", "/debug/pprof/block", "/folded"):
            status, headers, body = service.get(path)
            check(status == 401 and token.encode() not in body, "%s without a token: %d" % (path, status))
            schemes = {value.split()[0] for value in headers.get_all("WWW-Authenticate")}
            check(schemes == {"Bearer", "Basic"}, "what is asked for", *schemes)
            for wrong in (token[:-1], token + "0", token[::-1], ""):
                answer = service.get(path, headers=bearer(wrong))
                check_status(answer, 401, "a wrong token")
                # else the browser of whoever uses the page would ask for a password
                schemes = {value.split()[0] for value in answer[1].get_all("WWW-Authenticate")}
                check(schemes == {"Bearer"}, "what is asked for of a wrong token", *schemes)
            check_status(service.get(path, headers={"Authorization": "Basic " + basic[::-1]}), 401, "a wrong password")
            check_status(service.get(path, headers=bearer(token)), 200, path)
            check_status(service.get(path, headers={"Authorization": "Basic " + basic}), 200, path + " by password")
        for path in ("/metrics", "/healthz", "/"):
            check_status(service.get(path), 200, path + " without a token")
        check_status(service.get("/stalls?limit=0", headers=bearer(token)), 400, "limit=0")
        check_status(service.get("/stalls?limit=0"), 401, "limit=0 without a token")
    with WebService(*OFF, state=service.state) as again:
        again.wait_watching()
        check(token_of(again) == token, "another token after a restart")
        check_status(again.get("/loops", headers=bearer(token)), 200, "the same token")


class Windows:
    """Asks for what comes in the next seconds: a block begins once they have, and answers are there behind it."""

    def __init__(self, service, token, *paths):
        self.service, self.answers = service, {}
        self.request = "GET %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: " + token["Authorization"] + "\r\n\r\n"
        self.waiting = {path: service.connect() for path in paths}

    def __enter__(self):
        for path, connection in self.waiting.items():
            connection.sendall((self.request % path).encode())
        # whoever asks first is answered, or begun with, first
        check_status(self.service.get("/healthz"), 200, "/healthz")
        return self.answers

    def __exit__(self, *_):
        for path, connection in self.waiting.items():
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            self.answers[path] = answer.status, answer.headers, answer.read()
            connection.close()


def curl(*args):
    """(status, the lines of its head, body) by curl as people call it."""
    need_program("curl")
    done = subprocess.run(["curl", "-sS", "-i", "--max-time", "20", *args], capture_output=True, timeout=60)
    check(done.returncode == 0, "curl failed", done.stderr.decode())
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    return int(lines[0].split()[1]), lines, body


@exclusive
def test_web_curl():
    with WebService(*OFF) as service:
        service.wait_watching()
        token = token_of(service)
        url = "http://127.0.0.1:%d" % service.port
        given = ["-H", "Authorization: Bearer " + token]
        for wanted, *args in (
            (200, url + "/healthz"),
            (200, url + "/stalls", *given),
            (200, "-u", "anybody:" + token, url + "/loops"),
            (200, "--compressed", url + "/debug/pprof/block?labels=all", *given),
            (200, "--http1.0", url + "/metrics"),
            (400, url + "/stalls?limit=all", *given),
            (400, url + "/folded?seconds=0", *given),
            (400, "-H", "Host:", "--http1.0", url + "/healthz"),
            (401, url + "/stalls"),
            (401, "-u", "anybody:" + token[1:], url + "/loops"),
            (403, "-H", "Host: evil.example", url + "/healthz"),
            (404, url + "/nope"),
            (405, "-d", "x=1", url + "/stalls", *given),
            (413, "-X", "GET", "-d", "x=1", url + "/healthz"),
            (431, "-H", "X: " + "x" * 9000, url + "/healthz"),
            (431, url + "/healthz?" + "x" * 9000),
        ):
            status, head, _ = curl(*args)
            check(status == wanted, "%d instead of %d: curl %s" % (status, wanted, args), *head)
            check((status == 405) == ("Allow: GET, HEAD" in head), "Allow", *head)
            check((status == 401) == ('WWW-Authenticate: Basic realm="blockprof"' in head), "what is asked for", *head)
        status, head, body = curl("-I", url + "/healthz")
        check(status == 200 and not body and "Content-Length: 3" in head, "HEAD", *head)
        with Windows(service, bearer(token), *("/folded?seconds=4&n=%d" % i for i in range(4))) as answers:
            status, head, _ = curl(url + "/folded?seconds=1", *given)
            check(status == 503 and "Retry-After: 5" in head, "a fifth that waits", *head)
        check([status for status, _, _ in answers.values()] == [200] * 4, "those before it", *answers.items())


@exclusive
def test_web_token_file():
    directory = tempfile.mkdtemp()
    file = os.path.join(directory, "token")
    write(file, "first-token-of-mine\n")
    with WebService(*OFF, "--token-file", file) as service:
        service.wait_watching()
        check(not os.path.exists(os.path.join(service.state, "token")), "another one is made")
        check_status(service.get("/loops", headers=bearer("first-token-of-mine")), 200, "the first")
        write(file, "short\n")
        service.popen.send_signal(signal.SIGHUP)
        service.wait_said("cannot use %s as a token" % file)
        service.wait_watching(2)
        check_status(service.get("/loops", headers=bearer("first-token-of-mine")), 200, "it is no more")
        write(file, "second-token-of-mine\n")
        service.popen.send_signal(signal.SIGHUP)
        service.wait_watching(3)
        until(lambda: service.get("/loops", headers=bearer("second-token-of-mine"))[0] == 200, 5, "the second")
        check_status(service.get("/loops", headers=bearer("first-token-of-mine")), 401, "the first is still one")
    write(file, "")
    port = free_port()
    status, _, err = run_blockprof(
        "serve", *OFF, "--token-file", file, "--listen", "127.0.0.1:%d" % port, "--state-dir", directory + "/state"
    )
    check(status == 1 and file in err and len(err.splitlines()) == 1, "exit status %d" % status, err)


@exclusive
def test_web_metrics_only():
    with WebService(*OFF, "--read-only-metrics") as service:
        service.wait_watching()
        check(not os.path.exists(os.path.join(service.state, "token")), "a token that opens nothing")
        for path in ("/metrics", "/healthz"):
            check_status(service.get(path), 200, path)
        for path in ("/", "/stalls", "/loops", "/last", "/debug/pprof/block", "/folded"):
            check_status(service.get(path), 403, path)
        check_status(service.get("/nope"), 404, "/nope")


@exclusive
def test_web_stalls_and_loops():
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        token = bearer(token_of(service))
        target.run()
        until(lambda: lines_of(service.get("/stalls", headers=token)), 10, "a stall")
        (stall,) = lines_of(service.get("/stalls", headers=token))
        check(stall["pid"] == target.pid and stall["cause"] == "sleep" and not stall["ongoing"], "which stall", stall)
        # the exemplar leads to it
        turns = {exemplar[0]["turn"] for *_, exemplar in openmetrics(service) if exemplar}
        check(turns == {stall["turn"]}, "exemplars", *turns)
        time_of = urllib.parse.quote(stall["time"])
        check(len(lines_of(service.get("/stalls?since=" + time_of, headers=token))) == 1, "since its begin")
        nothing = service.get("/stalls?since=%d" % (time.time() + 10), headers=token)
        check(nothing[0] == 200 and not nothing[2], "since a time to come", *nothing)
        (loops,) = lines_of(service.get("/loops", headers=token))
        check(loops["type"] == "summary", "loops", loops)
        (loop,) = [loop for loop in loops["loops"] if loop["pid"] == target.pid]
        check(loop["stalls"] == 1 and loop["runtime"] == "asyncio" and loop["longest_ns"] > 350 * MS, "its loop", loop)
        status = service.stop()
        check(status == 0, "exit status %d" % status, service.stderr)
        # asking took nothing from the recording
        (recording,) = service.files("Z.jsonl.gz")
        (loop,) = [loop for loop in parse_jsonl(recording)[-1]["loops"] if loop["pid"] == target.pid]
        check(loop["stalls"] == 1, "the recording's summary", loop)


def last_of(answer):
    check_status(answer, 200, "/last")
    check(answer[1]["Content-Type"] == "application/json", "type", dict(answer[1]))
    return json.loads(answer[2])


@exclusive
def test_web_page_data():
    """The hour as the page has it: the loop, its steps, a stall while it lasts and when it has ended."""
    with sleeper(3) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        token = bearer(token_of(service))

        def last(query=""):
            return last_of(service.get("/last" + query, headers=token))["page"]

        def stalls(query=""):
            """(duration, flags) of each."""
            return [(row[3], row[9]) for row in last(query)["stalls"]]

        threads = [threading.Thread(target=target.run)]
        threads[0].start()
        until(lambda: [flags for _, flags in stalls("?seconds=10") if flags & 1], 10, "it lasts")
        threads[0].join(20)
        until(lambda: stalls() and not stalls()[0][1] & 1, 10, "its end")
        ((duration, _),) = stalls()
        check(abs(duration - 3000 * MS) < 200 * MS, "%d ns" % duration)
        until(lambda: sum(second[3] > 2900 * MS for loop in last()["loops"] for second in loop["seconds"]), 10, "its step")
        page = last()
        (loop,) = [loop for loop in page["loops"] if loop["pid"] == target.pid]
        check(loop["stalls"] == 1 and loop["runtime"] == "asyncio" and loop["longest_ns"] > 2900 * MS, "its loop", loop)
        check(any("block_sleep" in text for text in page["strings"]), "its stack", page["strings"])
        (recording,) = page["recordings"]
        check(recording["threshold_ns"] == 150 * MS and recording["host"], "the recording", recording)
        missing = last_of(service.get("/last", headers=token))["missing"]
        check(missing["lasting"] == 0 and 0 < time.time() - missing["unseen_ms"] / 1000 < 120, "what is missing", missing)
        for wrong in ("0", "3601", "x"):
            check_status(service.get("/last?seconds=" + wrong, headers=token), 400, "seconds=" + wrong)
        check(service.child()[0] and "started again" not in service.stderr, "the child", service.stderr)


@exclusive
def test_web_page_in_vain():
    """Whoever asks for the hour again and again holds up nobody: not the watch, and not the others for long."""
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        token = bearer(token_of(service))
        ended = threading.Event()

        def ask():
            while not ended.is_set():
                service.get("/last", headers=token)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        target.run()
        until(lambda: lines_of(service.get("/stalls", headers=token)), 10, "a stall")
        check_status(service.get("/metrics"), 200, "/metrics")
        ended.set()
        for thread in threads:
            thread.join(20)
        check("started again" not in service.stderr, "the child", service.stderr)


def folded_of(answer):
    check_status(answer, 200, "/folded")
    return parse_folded(answer[2].decode())


def slept_us(folded):
    return sum(weight for frames, weight in folded if frames[-1] == "[sleep]" and any("block_sleep" in f for f in frames))


@exclusive
def test_web_profiles():
    with sleeper(0.4) as first, sleeper(0.4) as then, WebService("-t", "150ms") as service:
        service.wait_watching()
        token = bearer(token_of(service))
        first.run()
        until(lambda: slept_us(folded_of(service.get("/folded", headers=token))), 10, "the first sleep")
        before = slept_us(folded_of(service.get("/folded", headers=token)))
        check(abs(before - 400_000) < 100_000, "%d us" % before)
        # what comes in the next seconds, asked for by two at a time
        paths = ("/folded?seconds=6", "/debug/pprof/block?seconds=6")
        with Windows(service, token, *paths) as answers:
            then.run()
        second = slept_us(folded_of(answers[paths[0]]))
        check(abs(second - 400_000) < 100_000, "%d us in a window with one of two" % second)
        whole = slept_us(folded_of(service.get("/folded", headers=token)))
        check(whole == before + second, "%d us in all, of %d and %d" % (whole, before, second))
        status, headers, body = answers[paths[1]]
        check(status == 200 and headers["Content-Type"] == "application/octet-stream", "the window", status, dict(headers))
        check(headers["Content-Disposition"] == 'attachment; filename="block"', "its name", dict(headers))
        check(body[:2] == b"\x1f\x8b", "no gzip")
        for path, wanted in (("/debug/pprof/block?seconds=0", 400), ("/debug/pprof/block?seconds=301", 400), ("/folded?seconds=x", 400)):
            check_status(service.get(path, headers=token), wanted, path)


@exclusive
def test_web_window_of_blocked():
    """Blocks that are no stalls are in the window in which they were, though they are reported each 10 s."""
    with sleeper(0.4) as first, sleeper(0.4) as then, sleeper(0.4) as last, WebService("-t", "2s") as service:
        service.wait_watching()
        token = bearer(token_of(service))
        until(lambda: value_of(openmetrics(service), "blockprof_loops", comm=COMM) == 3, 10, "three loops")
        first.run()
        with Windows(service, token, "/folded?seconds=5") as answers:
            then.run()
        last.run()
        slept = {pid: 0 for pid in (first.pid, then.pid, last.pid)}
        for frames, weight in folded_of(answers["/folded?seconds=5"]):
            if frames[-1] == "[sleep]" and any("block_sleep" in frame for frame in frames):
                slept[int(frames[0].split("[")[1][:-1])] += weight
        check(abs(slept[then.pid] - 400_000) < 100_000, "%d us in its window" % slept[then.pid])
        check(slept[first.pid] == slept[last.pid] == 0, "what was before, or after", slept)


@exclusive
def test_metrics_bounds():
    """A turn counts on its side of a bound, also where both sides are one of the buckets that percentiles have."""
    with sleeper(2.43) as shorter, sleeper(2.53) as longer, WebService(*OFF) as service:
        service.wait_watching()
        until(lambda: value_of(openmetrics(service), "blockprof_loops", comm=COMM) == 2, 10, "two loops")
        lengths = []
        for target in (shorter, longer):
            target.run()
            (turn,) = target.turns
            lengths.append(turn["end_ns"] - turn["start_ns"])
        name = "blockprof_turn_duration_seconds"

        def over(bound):
            samples = openmetrics(service)
            return value_of(samples, name + "_count") - value_of(samples, name + "_bucket", le=bound)

        until(lambda: over("1.0") == 2, 10, "both turns")
        # a turn ends a little after what it did
        need(lengths[0] < 2480 * MS, "this machine is busy: %d ms" % (lengths[0] / MS))
        check(over("2.5") == 1, "of turns of %s ms %d are over 2.5 s" % ([ns // MS for ns in lengths], over("2.5")))


@exclusive
@limit(400)
def test_web_profile_for_go():
    need_program("go")
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        target.run()
        token = token_of(service)
        until(lambda: slept_us(folded_of(service.get("/folded", headers=bearer(token)))), 10, "the sleep")
        directory = tempfile.mkdtemp()

        def raw(query):
            url = "http://x:%s@127.0.0.1:%d/debug/pprof/block%s" % (token, service.port, query)
            done = subprocess.run(
                ["go", "tool", "pprof", "-raw", url],
                capture_output=True,
                timeout=300,
                env=dict(os.environ, PPROF_TMPDIR=directory),
            )
            check(done.returncode == 0, "pprof failed", done.stderr.decode())
            return done.stdout.decode()

        text = raw("")
        check("contentions/count delay/nanoseconds" in text and "block_sleep" in text, "the profile", text)
        check("Duration" not in text, "the cumulative one has a duration", text)
        check("cause:[sleep]" in text and "runtime:[asyncio]" in text, "labels", text)
        check("task:[" not in text and "thread:[" not in text, "labels that nobody asked for", text)
        check("task:[" in raw("?labels=all"), "not all labels", text)


@exclusive
def test_web_four_waits():
    """No more than four wait at a time; one that hangs up makes room, and so does a child that dies."""
    with WebService(*OFF) as service:
        service.wait_watching()
        token = token_of(service)

        def ask(seconds):
            connection = service.connect()
            connection.sendall(
                b"GET /folded?seconds=%d HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n"
                % (seconds, token.encode())
            )
            return connection

        waiting = [ask(200) for _ in range(4)]
        fifth = read_all(ask(1))
        check(fifth.startswith(b"HTTP/1.1 503 ") and b"Retry-After" in fifth, "a fifth", fifth)
        check_status(service.get("/folded", headers=bearer(token)), 200, "one that does not wait")
        waiting.pop().close()
        until(lambda: read_all(ask(1)).startswith(b"HTTP/1.1 200 "), 10, "the place of who hung up")
        os.kill(service.child()[0], signal.SIGKILL)
        service.wait_said("was started again")
        for connection in waiting:
            check(not read_all(connection), "an answer from the dead")
        again = [ask(1) for _ in range(4)]
        for connection in again:
            check(read_all(connection).startswith(b"HTTP/1.1 200 "), "who asked the next one")
