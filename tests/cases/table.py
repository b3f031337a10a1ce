# SPDX-License-Identifier: GPL-2.0-or-later
"""All cases. A program's own top says what blocks it and why."""

import dataclasses
import os

from case import Case, Stall

HERE = os.path.dirname(os.path.abspath(__file__))

SLEEP = ("sleep",)
HABIT = ("habit",)
CHILD = ("child",)


def python(name, program, *args, expect=None, **more):
    return Case(name, "python/%s.py" % program, args, expect or {}, **more)


def one(label, cause, fn=None, **more):
    """Twice the same."""
    return {label: Stall((cause,) if isinstance(cause, str) else cause, fn, **dict({"times": 2}, **more))}


ASYNCIO = [
    python("innocent", "innocent"),
    python("innocent-uvloop", "innocent", "uvloop"),
    python("run-again", "run_again", "run"),
    python("run-until-complete", "run_again", "until_complete"),
    python("run-until-complete-uvloop", "run_again", "uvloop"),
    python("two-loops", "two_loops", expect=one("lock", "lock", "ask", advice="asyncio")),
    python("loop-ends", "loop_ends", "stop", expect=one("sleep", "sleep", "last", advice="asyncio.sleep")),
    python("loop-ends-thread", "loop_ends", "thread", expect=one("sleep", "sleep", "last")),
    python("loop-ends-exit", "loop_ends", "exit", expect=one("sleep", "sleep", "die", times=1)),
    *(
        python("subprocess-" + kind, "subprocess_in_turn", kind, expect=one("child", CHILD, "convert", advice="create_subprocess_exec"))
        for kind in ("run", "output", "communicate", "system")
    ),
    # the loop asks for the GIL when its next tick has come
    python("gil-hoarder", "gil_hoarder", "0.3", expect=one("gil", "gil", slack_ms=12, party=r"owner python3 \(sleep\)", party_text=r"held by python3\[\d+/\d+\], which slept in clock_nanosleep")),
    python("gil-convoy", "convoy", expect=one("gil", "gil", "push", party=r"(owner|holder) python3", party_text="held by python3")),
    python("imports", "imports", expect=one("import", ("cpu", "file", "gil"), "load", advice="import it when the program starts"), modules=("sqlalchemy",), settle=1.2),
    python("own-future", "own_future", expect=one("lock", ("lock", "sleep"), "ask", advice="wrap_future", party=r"peer python3 \(cycle\)", party_text="waits for itself")),
    python("asks-itself", "asks_itself", expect=one("ask", "socket", "ask", party=r"peer python3 \(cycle\)", party_text="waits for itself")),
    python("asks-itself-apart", "asks_itself", "apart", expect=one("ask", "socket", "ask", party=r"peer python3 \(idle in \w+\)$", party_text=r"for python3\[\d+/\d+\], which was idle")),
    python("asks-thread-tcp", "asks_thread", "tcp", expect=one("ask", "socket", "ask|call", party=r"peer python3 \(sleep\)", party_text=r"for python3\[\d+/\d+\], which slept in .* in think")),
    python("asks-thread-pipe", "asks_thread", "pipe", expect=one("ask", "pipe", "ask|read_own_pipe", party=r"peer python3 \(sleep\)", party_text=r"for python3\[\d+/\d+\], which slept in .* in write_later")),
    python("asks-thread-relay", "asks_thread", "relay", expect=one("ask", "socket", "ask|call", party=r"peer python3 \(socket\)", party_text=r"which waited in recvfrom .*perhaps for python3\[\d+\] in turn")),
    python("asks-thread-inside", "asks_thread", "inside", expect=one("ask", "socket", "ask|call", party=r"peer python3 \(pipe\)$", party_text=r"for python3\[\d+/\d+\], which waited in read (?!.* each other)")),
    python("asks-thread-loop", "asks_thread", "loop", expect=one("ask", "socket", "ask|call", party=r"peer python3 \(socket\) > peer python3 \(cycle\)", party_text="wait for each other")),
    python("hashes", "hashes", expect=one("cpu", "cpu", "login", advice="to_thread")),
    python("many-callbacks", "many", expect=one("cpu", "cpu", "step|spin")),
    python("lookups", "lookups", expect=one("dns", "dns", "check", advice="loop.getaddrinfo"), prefix=("unshare", "-m"), tools=("unshare",)),
    python("web-orders", "web_orders", expect=one("sqlite", ("sleep", "file"), "orders", party=r"owner python3 \(sleep\)", party_text=r"held by python3\[\d+"),
        modules=("fastapi", "uvicorn"), settle=2.0, grace=1.5),
    python(
        "web-orders-uvloop", "web_orders", "uvloop",
        expect=one("sqlite", ("sleep", "file"), "orders", party=r"owner python3 \(sleep\)", party_text=r"held by python3\[\d+"), modules=("fastapi", "uvicorn", "uvloop"), settle=2.0, grace=1.5,
    ),
]

# What is hung when we come.
ATTACHED = [
    *(
        python("hangs-" + kind, "hangs", kind, expect=one("sleep", "sleep", "long_job", before=True, times=1),
            attach="middle", modules=(kind,))
        for kind in ("asyncio", "uvloop", "twisted", "gevent", "eventlet", "trio")
    ),
    python("hangs-gil", "gil_hoarder", "3.5", "announce", expect=one("gil", "gil", before=True, times=1), attach="middle"),
    python(
        "threads-2000", "threads2000", "2000", expect=one("sleep", "sleep", "work", times=5), attach="middle", grace=0,
    ),
]

FORKS = [
    *(
        python("fork-%s-%s" % (kind, how), "fork_in_turn", kind, how=how, comm="^python3$", settle=1.5)
        for kind in ("pool", "process", "each", "uvloop")
        for how in ("follow", "system")
    ),
]

REACTORS = [
    *(
        python("-".join(("twisted",) + args), "twisted_reactor", *args,
            expect=one("sleep", "sleep", "dataReceived" if args[1:] else "report"), modules=("twisted",), settle=0.9)
        for args in (("epoll",), ("poll",), ("select",), ("asyncio",), ("epoll", "reader"), ("select", "reader"))
    ),
    *(
        python("selectors-" + kind, "selectors_server", kind, expect=one("sleep", "sleep", "handle"), grace=0.6)
        for kind in ("epoll", "poll", "select")
    ),
    *(
        python("own-reactor-" + kind, "own_reactor", kind, expect=one("sleep", "sleep", "status", doubt=HABIT))
        for kind in ("epoll", "poll", "select")
    ),
    python("select-server", "select_server", expect=one("pipe", ("pipe", "child"), "answer"), grace=0.6),
    python("asyncore-select", "asyncore_server", expect=one("sleep", "sleep", "handle_read")),
    python("asyncore-poll", "asyncore_server", "poll", expect=one("sleep", "sleep", "handle_read")),
    *(
        python("eventlet-" + kind, "eventlet_server", kind, expect=one("sleep", "sleep", "handle"),
            modules=("eventlet",), settle=1.0)
        for kind in ("epolls", "poll", "selects")
    ),
    python("gevent", "gevent_server", expect=one("socket", "socket", "ask", advice="monkey|threadpool"), modules=("gevent",), settle=0.8),
    python("kombu-hub", "kombu_hub", expect=one("sleep", "sleep", "refresh"), modules=("kombu",), settle=1.0),
    *(
        python("pika-" + kind, "pika_ioloop", kind, expect=one("sleep", "sleep", "on_timer"), modules=("pika",), settle=0.8)
        for kind in ("epoll", "poll", "select")
    ),
    python("tornado", "tornado_server", expect=one("cpu", "cpu", "report|spin"), modules=("tornado",), settle=1.0),
    python("trio-guest", "trio_guest", expect=one("sleep", "sleep", "crunch"), modules=("trio",), settle=0.9),
]

NESTED = [
    *(
        python("-".join(("nest",) + args), "nest", *args, expect={} if args[1:] else one("sleep", "sleep", "inner"),
            modules=("nest_asyncio",), settle=0.4)
        for args in (("start",), ("later",), ("start", "innocent"), ("later", "innocent"))
    ),
    *(
        python("-".join(("greenlet-sqlalchemy",) + args), "greenlet_sqlalchemy", *args,
            expect=one("block", "cpu" if "cpu" in args else "sleep", "build|spin"),
            modules=("sqlalchemy", "aiosqlite") + args[-1:] * ("uvloop" in args), settle=1.5)
        for args in ((), ("cpu",), ("uvloop",), ("cpu", "uvloop"))
    ),
    python("greenlet-orm", "greenlet_orm", expect=one("orm", ("cpu", "gc"), slack_ms=25), modules=("sqlalchemy", "aiosqlite"), settle=3.5, most=15),
    python("guest", "guest", modules=("greenlet",), doubt=("guest",)),
    python("greenlet-portal", "greenlet_portal", expect=one("sleep", "sleep", "legacy"), modules=("greenlet",)),
    python("greenlet-portal-uvloop", "greenlet_portal", "uvloop", expect=one("sleep", "sleep", "legacy"), modules=("greenlet", "uvloop")),
]

NO_LOOPS = [
    *(
        python("worker-" + kind, "request_worker", kind, how="follow", doubt=HABIT)
        for kind in ("gunicorn", "http", "accept", "selector")
    ),
    *(python("client-" + kind, "sync_client", kind) for kind in ("http", "communicate", "poll")),
]

# Causes that no call names.
CAUSES = [
    python("own-reactor-gc", "own_reactor", "poll", "gc", expect=one("gc", "gc", "cleanup", doubt=HABIT), settle=1.5),
    python("gc", "collects", expect=one("gc", "gc", advice=r"gc\.freeze"), settle=1.5, most=20),
    python("gc-explicit", "collects", "explicit", expect=one("gc", "gc", "handler", advice=r"gc\.freeze"), settle=1.5),
    python("gc-freeze", "collects", "freeze", settle=1.5),
    python("flock-self", "flock_self", expect=one("flock", "file", "save", party=r"owner python3", party_text=r"held by python3\[")),
    python("polls-answer", "polls_answer", expect=one("ask", "socket", "ask", party_text=r"for python3\[\d+\], which slept")),
    python("spawn", "spawn", expect=one("spawn", "child", "thumbs", party=r"(child|peer) python3 \(sleep\)", party_text="which slept in .*lambda")),
]



def native(name, program, *args, expect=None, **more):
    return Case(name, "native/" + program, args, expect or {}, **more)


def sleeps(fn, **more):
    return one("sleep", "sleep", fn, **more)


GLIB, QT = ("pkg:gio-2.0",), ("-fPIC", "pkg:Qt5Core")

OWN_LOOPS = [
    *(
        native("own-%s-20" % kind, "own_loop.c", kind, "800", "700", "20", expect=sleeps("do_work", doubt=HABIT))
        for kind in ("epoll", "pwait", "pwait2", "poll", "ppoll", "select", "pselect")
    ),
    # three returns after the watch began, then the second block
    *(
        native("own-%s-1000" % kind, "own_loop.c", kind, "5500", "1000", "1000",
            expect=sleeps("do_work", doubt=HABIT, times=1), grace=3.2)
        for kind in ("epoll", "poll", "select")
    ),
    *(
        native("own-%s-listens" % kind, "own_loop.c", kind, "800", "700", "20", "listen", expect=sleeps("do_work"))
        for kind in ("poll", "ppoll", "select", "pselect")
    ),
    *(native("inlined-" + kind, "inlined.c", kind, expect={"ask": Stall(("socket",), "main|ask|selects", times=5)}) for kind in ("poll", "select")),
    native("own-eager", "eager.c", expect=sleeps("answer", doubt=HABIT)),
    *(
        native("reactor-" + kind, "reactor.c", kind,
            expect={"sleep": Stall(SLEEP, "task_io"), "cpu": Stall(("cpu",), "task_cpu|now")})
        for kind in ("epoll", "aio", "busy")
    ),
    *(
        native("uring-" + kind, "uring.c", kind, expect=one("pipe", "pipe", "handle"), flags=("-luring",))
        for kind in ("plain", "registered", "timeout_op")
    ),
]

LIBRARIES = [
    *(
        native("mid-" + name, "mid.c", attach="middle", flags=flags,
            expect=sleeps("long_job", before=True, times=1, counted=name == "own"))
        for name, flags in (
            ("glib", ("-DGLIB", "pkg:glib-2.0")),
            ("libuv", ("-DUV", "pkg:libuv")),
            ("libevent", ("-DEVENT", "-levent_core")),
            ("libev", ("-DEV", "-lev")),
            ("own", ()),
        )
    ),
    *(
        native("glib-" + mode, "glib_nested.c", mode, flags=GLIB, expect=expect, **more)
        for mode, expect, more in (
            ("private", one("private", ("poll", "lock", "other"), "secret_sync"), {}),
            ("progress", one("private", ("poll", "lock", "other"), "secret_sync"), {}),
            ("dialog", {}, {}),
            ("slow_dialog", {}, {"watch": 5.0}),
            ("thread", sleeps("worker_job"), {}),
        )
    ),
    native("glib-spawn", "glib_children.c", "spawn", flags=GLIB, expect=one("block", CHILD, "run_tool", advice="g_spawn_async")),
    native("glib-subprocess", "glib_children.c", "subprocess", flags=GLIB, expect=one("block", CHILD, "run_sub", advice="GSubprocess|g_subprocess_[a-z]*_async")),
    native("glib-fifo", "glib_children.c", "fifo", flags=GLIB, expect=one("block", ("pipe", "file"), "read_conf", advice="g_file_load_contents_async")),
    native("glib-usleep", "glib_children.c", "usleep", flags=GLIB, expect=one("block", "sleep", "pause_a_bit", advice="g_timeout_add")),
    native("qt-nap", "qt_loop.cpp", "nap", flags=QT, expect=sleeps("nap_a_while", advice="QTimer")),
    native("qt-child", "qt_loop.cpp", "child", flags=QT, expect=one("child", CHILD, "convert", advice=r"finished\(\)")),
    native("qt-dialog", "qt_loop.cpp", "dialog", flags=QT),
    native("qt-thread", "qt_loop.cpp", "thread", flags=QT, expect=sleeps("nap_a_while")),
    native("qt-hang", "qt_loop.cpp", "hang", flags=QT, expect=sleeps("nap_a_while", before=True, times=1), attach="middle"),
]

SHARED = [
    native("asio-idle", "asio.cpp", "4", "idle"),
    native("asio-one-thread", "asio.cpp", "1", "block", expect=sleeps("block", advice="steady_timer")),
    native("asio-block", "asio.cpp", "4", "block"),
    native("asio-strand", "asio.cpp", "3", "strand"),
    native("asio-all", "asio.cpp", "3", "all", expect=sleeps("block")),
    native("pool-leader", "pools.c", "leader", "8"),
    native("pool-held", "pools.c", "held", "8", expect=sleeps("handle")),
    native("pool-200-threads", "pools.c", "shared", "200"),
    native("pool-pipe", "pools.c", "pipe", "4", doubt=HABIT),
    native("passed-child", "passed.c", "child", how="follow", expect=sleeps("work", doubt=("shared",))),
    native("passed-both", "passed.c", "both", how="follow"),
    native("proxy", "proxy.c", expect=sleeps("work")),
    native("asks-loop", "asks_loop.c", expect=one("ask", "lock", "ask", party="waker asks_loop", party_text="woken by asks_loop")),
    *(
        Case("java-selector-" + kind, "other/SharedSelector.java", (kind,),
            one("sleep", "sleep") if kind == "held" else {}, tools=("java",), settle=1.2)
        for kind in ("idle", "block", "held")
    ),
]

SOURCES = [
    *(
        native("epoll-" + kind, "epoll_lives.c", kind, expect=sleeps("work"))
        for kind in ("dup", "reopen", "embed", "inside", "thousand")
    ),
    # a turn that the end of its source ends delayed nobody any more
    native("epoll-closed", "epoll_lives.c", "closed", expect=sleeps("work", counted=True)),
    *(native("epoll-" + kind, "epoll_lives.c", kind) for kind in ("each_turn", "calls", "modal")),
    native("epoll-second", "epoll_lives.c", "second", expect=one("second", ("poll", "pipe", "sleep"), "sync_call|wait_tick")),
]

CLIENTS = [
    *(
        native("prefork-" + kind, "prefork.c", kind, how="follow", doubt=HABIT)
        for kind in ("accept", "poll", "epoll", "nonblocking")
    ),
    native("curl-easy", "curl_client.c", flags=("-lcurl",)),
    native("zmq", "zmq_client.c", flags=("-lzmq",)),
]

OTHERS = [
    Case("node-innocent", "other/node_blocks.js", ("none",)),
    Case("node-pool-full", "other/node_blocks.js", ("poolfull",), note=r'"pool": "libuv".*"fn": "openat".*/fifo"'),
    Case("node-fifo", "other/node_blocks.js", ("fifo",), one("fifo", ("pipe", "file"), "readIt", advice="fs.promises.readFile")),
    Case("node-self", "other/node_blocks.js", ("self",), one("child", "child", "askMyself", party=r"child .*peer node \(cycle\)", party_text="wait for each other", party_dear=True), grace=3.0, most=30.0, tools=("curl",)),
    Case("node-atomics", "other/node_blocks.js", ("sleep",), one("sleep", "sleep", "nap")),
    Case("node-gc", "other/node_blocks.js", ("gc",), one("gc", "gc", "collect", advice="semi-space"), flags=("--expose-gc",), settle=1.0),
    Case("java-gc", "other/Collects.java", (), one("gc", "gc"), tools=("java",), settle=2.0,
        env={"JAVA_TOOL_OPTIONS": "-XX:+UseSerialGC"}),
    Case("tmux", "other/tmux.sh", how="follow", tools=("tmux",)),
    Case("redis", "other/redis.sh", how="follow", tools=("redis-server", "redis-cli"), settle=1.0),
    Case("nginx", "other/nginx.sh", how="follow", tools=("nginx",), settle=1.0),
    Case("tcl-after", "other/tcl_loop.tcl", ("after",), one("after", "sleep", advice=r"after\(\)")),
    Case("tcl-exec", "other/tcl_loop.tcl", ("exec",), one("exec", CHILD, advice="fileevent")),
    Case("tcl-born", "other/tcl_loop.tcl", ("after",), one("after", "sleep"), how="system", comm="^tclsh", attach="first", grace=1.5, watch=4.0),
    python("tkinter", "tkinter_loop", expect=one("sleep", "sleep", "save", advice=r"after\(\)"), modules=("tkinter",)),
    python("tkinter-innocent", "tkinter_loop", "innocent", modules=("tkinter",)),
    Case("perl-poll", "other/poll_server.pl", ("poll",), one("sleep", "sleep"), grace=0.6),
    Case("ruby-select", "other/select_server.rb", (), one("sleep", ("poll", "sleep")), tools=("ruby",), grace=0.8),
    Case("perl-select", "other/poll_server.pl", ("select",), one("sleep", "sleep"), grace=0.6),
]


def odd(name, of, ways, party=None, party_text=None, **more):
    """Some ways to block of a program odd_*.c: way=cause|cause; a way's function has its name."""
    expect = {}
    for item in ways.split():
        way, _, causes = item.partition("=")
        fn = way + "|now" * (way in ("stopped", "traced"))
        expect[way] = Stall(tuple(causes.split("|")), fn, party=party, party_text=party_text)
    return native("odd-" + name, "odd_%s.c" % of, *expect, expect=expect, flags=more.pop("flags", ()) + ("-lrt",), **more)


# Alpine's C library, and programs built as it is: nothing is said of their functions' frames.
MUSL = {"compiler": "musl-gcc", "most": 20.0}

ODD = [
    odd("sleeps", "waits", "signal_timed=sleep|other condition_timed=lock futex_timed=lock naps=sleep"),
    odd("threads", "waits", "condition_signalled=lock join_thread=lock semaphore_wait=lock rwlock_write=lock event_read=lock|other"),
    *(
        odd("owned" + name, "waits", "robust_held=lock recursive_held=lock", party=r"owner odd.*\(sleep\)",
            party_text=r"held by odd[^,]*, which slept in \w+ in holds", **more)
        for name, more in (("", {}), ("-musl", MUSL))
    ),
    odd("children", "processes", "waitid_pidfd=child stopped=stopped"),
    odd("traced", "processes", "traced=stopped", party=r"tracer odd.*\(sleep\)", party_text=r"traced by odd[^,]*, which slept"),
    odd("sockets", "processes", "poll_socket=socket epoll_private=socket|poll accepts=socket"),
    odd("locks", "files", "flock_held=file posix_lock=file ofd_lock=file", party=r"owner odd.*\(sleep\)",
        party_text=r"held by odd[^,]*, which slept"),
    odd("messages", "processes", "sysv_semaphore=ipc mq_timed=ipc"),
    odd("changes", "files", "inotify_read=file|other munmap_large=cpu"),
    odd("vfork", "processes", "vforks=child"),
    odd("poll_pidfd", "processes", "poll_pidfd=child"),
    odd("child_ends", "processes", "child_output=child child_polled=child child_reaped=child answer_read=pipe"),
    odd("moves", "processes", "splice_empty=pipe sendfile_full=socket"),
    odd("mmap_lock", "waits", "maps=lock"),
    odd("timerfd", "waits", "timerfd_read=sleep"),
]

NO_CFI = [
    odd("musl-" + kind, of, ways, flags=flags, **MUSL)
    for kind, flags in (("static", ("-static",)), ("dynamic", ()))
    for of, ways in (("waits", "signal_timed=sleep|other condition_timed=lock naps=sleep join_thread=lock semaphore_wait=lock rwlock_write=lock event_read=lock|other"),)
]


def beside(script, *args):
    """Starts a helper first that becomes the program then."""
    return ("unshare", "-m", "/usr/bin/python3", os.path.join(HERE, "python", script)) + args


ON_FUSE = {"prefix": beside("fuse_mount.py", "300"), "tools": ("unshare",), "settle": 0.8}

PEERS = [
    python("bus-call", "bus_call", expect=one("call", ("socket", "poll"), "ask", party="service org.example.Clock", party_text="for org.example.Clock"),
        modules=("dbus", "gi"), tools=("dbus-daemon",), settle=1.2, grace=1.5),
    # of a fault that begins the turn the address is not seen, and so neither file nor daemon
    odd("fuse_fault", "files", "fuse_mmap=fault|file", **ON_FUSE),
    odd("fuse", "files", "fuse_sendfile=file fuse_to_file=file fuse_splice=file", party=r"server python3 \(sleep\)", party_text=r"answered by python3\[\d+\], which slept", **ON_FUSE),
    odd("fuse_dlopen", "files", "fuse_dlopen=file|fault", party=r"server python3 \(sleep\)", party_text=r"answered by python3\[\d+\], which slept", grace=1.5, **ON_FUSE),
    python("nginx-fuse", "nginx_files", expect=one("file", "file", party=r"server python3 \(sleep\)", party_text="answered by python3"), **dict(ON_FUSE, tools=("unshare", "nginx"))),
    Case("node-scanned", "other/node_blocks.js", ("scan",), one("scan", "file", "loadPlugin", party=r"server python3 \(sleep\)", party_text=r"answered by python3\[\d+\], which slept"), grace=1.5, prefix=beside("scanned.py", "300")),
]

ROBUST = [
    python("lies", "lies", expect=sleeps("work")),
    native("hanging-page", "hanging_page.c", expect=sleeps("work")),
    native("forks-each-turn", "crowd.c", "forks", how="follow", expect=sleeps("work")),
    native("crowd-of-slots", "crowd.c", "slots", "1100", how="follow", expect=sleeps("work"), settle=1.0),
]


def born(case):
    """The same, begun while the whole system (of its name) is watched."""
    is_python = case.program.endswith(".py")
    comm = "^python3$" if is_python else "^%s$" % os.path.basename(case.program).partition(".")[0]
    return dataclasses.replace(case, name=case.name + "-born", how="system", comm=comm, attach="first", grace=1.5, watch=4.0)


# What is known of a process that is looked at when we come, has to be known of one that comes.
BORN = [
    born(case)
    for case in ASYNCIO + NO_LOOPS + SHARED + SOURCES + CLIENTS + LIBRARIES + REACTORS
    if case.name
    in (
        "run-until-complete-uvloop", "client-communicate", "worker-selector", "epoll-each_turn", "epoll-modal", "asio-idle",
        "prefork-poll", "pool-leader", "two-loops", "glib-private", "glib-dialog", "twisted-epoll", "qt-nap",
    )
]

CASES = (
    ASYNCIO + ATTACHED + FORKS + REACTORS + NESTED + NO_LOOPS + CAUSES
    + NO_CFI + OWN_LOOPS + LIBRARIES + SHARED + SOURCES + CLIENTS + OTHERS + ODD + PEERS + ROBUST + BORN
)
