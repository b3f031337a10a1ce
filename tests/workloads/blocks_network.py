# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocking calls on sockets, and name look-ups."""

import ctypes
import http.client
import os
import select
import socket
import time

from workload import call_libc, libc, pattern, say, unable

CLONE_NEWNS = 0x20000
MS_REC_PRIVATE = 0x4000 | 0x40000
MS_BIND = 0x1000
DNS_ADDRESS = "127.0.0.153"


def connect_pair(run, act, family=socket.AF_INET, address=("127.0.0.1", 0)):
    """A connection to a helper, whose side act(connection) uses after each ask()."""
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen(5)
    run.state = socket.socket(family)
    run.state.connect(listener.getsockname())

    def prepare():
        connection, _ = listener.accept()
        return lambda: act(connection)

    run.helper(prepare)
    listener.close()
    if family == socket.AF_INET:
        say("FACT", {"peer": "%s:%d" % run.state.getpeername(), "local": "%s:%d" % run.state.getsockname()})
    else:
        say("FACT", {"peer": run.state.getpeername()})


def tcp_reply(run):
    connect_pair(run, lambda connection: connection.send(b"x"))


@pattern("recv", setup=tcp_reply)
def block_recv(run):
    run.ask()
    run.state.recv(100)  # blocks


@pattern("recv-timeout", setup=tcp_reply)
def block_recv_timeout(run):
    run.state.settimeout(10)
    run.ask()
    run.state.recv(100)  # blocks


@pattern("select-socket", setup=tcp_reply)
def block_select_socket(run):
    run.ask()
    select.select([run.state], [], [])  # blocks
    run.state.recv(100)


@pattern("epoll-socket", setup=tcp_reply)
def block_epoll_socket(run):
    """An epoll of its own, that is not the loop's."""
    with select.epoll() as epoll:
        epoll.register(run.state, select.EPOLLIN)
        run.ask()
        epoll.poll()  # blocks
    run.state.recv(100)


SEND_BYTES = 16 << 20


def tcp_drain(run):
    def drain(connection):
        left = SEND_BYTES
        while left:
            left -= len(connection.recv(min(left, 1 << 20)))

    connect_pair(run, drain)


@pattern("send", setup=tcp_drain)
def block_send(run):
    run.ask()
    run.state.sendall(b"x" * SEND_BYTES)  # blocks


def http_server(run):
    listener = socket.create_server(("127.0.0.1", 0))
    say("FACT", {"peer": "127.0.0.1:%d" % listener.getsockname()[1]})

    def serve(ready):
        ready()
        while True:
            connection, _ = listener.accept()
            connection.recv(65536)
            time.sleep(run.seconds)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
            connection.close()

    run.fork(serve)
    run.state = listener.getsockname()
    listener.close()


@pattern("http", setup=http_server)
def block_http(run):
    """What requests and urllib3 do: poll on one socket with a timeout, deep in libraries."""
    connection = http.client.HTTPConnection(*run.state, timeout=10)
    connection.request("GET", "/")
    connection.getresponse().read()  # blocks
    connection.close()


def unix_reply(run):
    connect_pair(run, lambda connection: connection.send(b"x"), socket.AF_UNIX, run.file("socket"))


@pattern("unix", setup=unix_reply)
def block_unix(run):
    run.ask()
    run.state.recv(100)  # blocks


def udp_reply(run):
    run.state = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    run.state.bind(("127.0.0.1", 0))
    address = run.state.getsockname()
    say("FACT", {"local": "%s:%d" % address})
    run.helper(lambda: lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", address))


@pattern("udp", setup=udp_reply)
def block_udp(run):
    run.ask()
    run.state.recvfrom(100)  # blocks


def client_comes(run):
    run.state = socket.create_server(("127.0.0.1", 0))
    address = run.state.getsockname()
    say("FACT", {"local": "%s:%d" % address})
    run.helper(lambda: lambda: socket.create_connection(address).close())


@pattern("accept", setup=client_comes)
def block_accept(run):
    run.ask()
    run.state.accept()  # blocks


def full_backlog(run):
    """A port that takes no more connections: a connect() to it waits for its timeout."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    address = listener.getsockname()
    fillers = []
    for _ in range(3):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(address)
        fillers.append(filler)
    time.sleep(0.05)
    say("FACT", {"peer": "%s:%d" % address})
    run.state = listener, fillers, address


@pattern("connect", setup=full_backlog)
def block_connect(run):
    with socket.socket() as sock:
        sock.settimeout(run.seconds)
        try:
            sock.connect(run.state[2])  # blocks
        except OSError:
            pass


def parse_question(query):
    """Where the first question of a DNS message ends."""
    at = 12
    while query[at]:
        at += query[at] + 1
    return at + 5


def dns_answer(query):
    end = parse_question(query)
    is_a = query[end - 4 : end - 2] == b"\0\1"
    answer = b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1" if is_a else b""
    return query[:2] + b"\x81\x80\0\1" + (b"\0\1" if is_a else b"\0\0") + b"\0\0\0\0" + query[12:end] + answer


def slow_dns(run):
    """Name look-ups of this process go, in its own mount namespace, to a server that is slow."""
    if os.geteuid() != 0:
        unable("a DNS server of its own needs root")
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        server.bind((DNS_ADDRESS, 53))
        call_libc(libc.unshare, CLONE_NEWNS)
        call_libc(libc.mount, None, b"/", None, ctypes.c_ulong(MS_REC_PRIVATE), None)
        for path, text in (
            ("/etc/resolv.conf", "nameserver %s\n" % DNS_ADDRESS),
            ("/etc/nsswitch.conf", "hosts: dns\n"),
        ):
            own = run.file(os.path.basename(path))
            with open(own, "w") as file:
                file.write(text)
            call_libc(libc.mount, own.encode(), os.path.realpath(path).encode(), None, ctypes.c_ulong(MS_BIND), None)
    except OSError as error:
        unable("no DNS server of its own: %s" % error)

    def serve(ready):
        ready()
        while True:
            queries = [server.recvfrom(4096)]
            asked = time.monotonic()
            while select.select([server], [], [], max(0, asked + run.seconds - time.monotonic()))[0]:
                queries.append(server.recvfrom(4096))
            for query, address in queries:
                server.sendto(dns_answer(query), address)

    run.fork(serve)
    server.close()
    say("FACT", {"server": DNS_ADDRESS})
    run.state = 0


@pattern("dns", setup=slow_dns)
def block_dns(run):
    run.state += 1
    name = "slow-%d.blockprof.example" % run.state
    run.note(name=name)
    socket.getaddrinfo(name, 80)  # blocks
