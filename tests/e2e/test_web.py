# SPDX-License-Identifier: GPL-2.0-or-later
"""HTTP of blockprof serve, by clients as they are: statuses, limits, and that the watch goes on whatever they do."""

import http.client
import os
import signal
import socket
import struct
import time

from harness import check, exclusive, run_blockprof, until
from service import Service

OFF = ["-t", "1h"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class WebService(Service):
    """One that answers on a port of its own."""

    def __init__(self, *args, **kwargs):
        self.port = free_port()
        super().__init__("--listen", "127.0.0.1:%d" % self.port, *args, **kwargs)

    def get(self, target, method="GET", headers=None, body=None, seconds=20):
        """(status, headers, body)"""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def raw(self, request):
        """All that comes back."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def child(self):
        """The process that speaks HTTP."""
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/status" % pid) as file:
                    fields = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
            except OSError:
                continue
            if fields["Name"] == "blockprof-web" and int(fields["PPid"]) == self.popen.pid:
                return int(pid), fields
        return None, None


def read_all(connection):
    answer = b""
    while True:
        try:
            part = connection.recv(65536)
        except ConnectionResetError:
            return answer
        if not part:
            return answer
        answer += part


def check_status(got, wanted, what):
    check(got[0] == wanted, "%s: status %d instead of %d" % (what, got[0], wanted), dict(got[1]), got[2])


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
