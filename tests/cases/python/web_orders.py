# SPDX-License-Identifier: GPL-2.0-or-later
# web_orders.py [uvloop]
# uvicorn and FastAPI; GET /orders runs a synchronous SQLAlchemy statement on SQLite, which a
# second process has locked for 350 ms: SQLite's busy handler naps between its tries.
# Right: sleep (or file), in orders.
import os
import socket
import sqlite3
import sys
import threading
import time
import urllib.request

from truth import truth

PATH = "orders.db"
listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
with sqlite3.connect(PATH) as connection:
    connection.execute("create table orders(n integer)")


def ask():
    urllib.request.urlopen("http://127.0.0.1:%d/orders" % port).read()


if os.fork() == 0:
    listener.close()
    connection = sqlite3.connect(PATH, isolation_level=None)
    time.sleep(1)
    while True:
        time.sleep(0.6)
        connection.execute("begin immediate")
        threading.Thread(target=ask).start()
        time.sleep(0.35)
        connection.execute("commit")

import uvicorn
from fastapi import FastAPI
from sqlalchemy import create_engine, text

engine = create_engine("sqlite:///" + PATH)
app = FastAPI()


@app.get("/orders")
async def orders():
    with truth("sqlite"):
        with engine.begin() as session:
            session.execute(text("insert into orders values (1)"))
    return {"ok": 1}


loop = "uvloop" if "uvloop" in sys.argv else "asyncio"
uvicorn.Server(uvicorn.Config(app, log_level="warning", loop=loop)).run(sockets=[listener])
