# SPDX-License-Identifier: GPL-2.0-or-later
"""Blocking queries by PostgreSQL's own client library; --path is the connection's string."""

import ctypes
import threading
import time

from workload import pattern, say, unable

CONNECTION_OK = 0
FATAL_ERROR = 7


class Connection:
    def __init__(self, library, text):
        self.library = library
        self.handle = library.PQconnectdb(text.encode())
        if library.PQstatus(self.handle) != CONNECTION_OK:
            unable("no connection to PostgreSQL")

    def query(self, text):
        result = self.library.PQexec(self.handle, text.encode())
        failed = self.library.PQresultStatus(result) == FATAL_ERROR
        self.library.PQclear(result)
        if failed:
            raise RuntimeError(text)

    def backend(self):
        return self.library.PQbackendPID(self.handle)


def connect(run):
    try:
        library = ctypes.CDLL("libpq.so.5")
    except OSError as error:
        unable(str(error))
    library.PQconnectdb.restype = library.PQexec.restype = ctypes.c_void_p
    library.PQexec.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
    for function in (library.PQstatus, library.PQresultStatus, library.PQclear, library.PQbackendPID):
        function.argtypes = [ctypes.c_void_p]
    run.state = Connection(library, run.path), Connection(library, run.path)
    run.state[0].query("create table if not exists items (number int)")
    run.state[0].query("insert into items values (1)")
    say("FACT", {"backend": run.state[0].backend()})


@pattern("query-sleep", setup=connect)
def block_query_sleep(run):
    run.state[0].query("select pg_sleep(%f)" % run.seconds)  # blocks


@pattern("query-lock", setup=connect)
def block_query_lock(run):
    """A row that another session has changed and not committed yet."""
    mine, other = run.state
    other.query("begin")
    other.query("update items set number = 2")

    def commit_later():
        time.sleep(run.seconds)
        other.query("commit")

    thread = threading.Thread(target=commit_later)
    thread.start()
    mine.query("update items set number = 3")  # blocks
    thread.join()
