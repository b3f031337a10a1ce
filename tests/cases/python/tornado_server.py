# SPDX-License-Identifier: GPL-2.0-or-later
# tornado_server.py
# Tornado: a handler of GET / computes 250 ms (a busy loop) when asked by a client of a
# thread, each 0.8 s.
# Right: cpu, 250 ms, report (which get() calls).
import threading
import time
import urllib.request

import tornado.httpserver
import tornado.ioloop
import tornado.netutil
import tornado.web

from truth import spin, truth


def report():
    with truth("cpu"):
        spin(0.25)


class Report(tornado.web.RequestHandler):
    def get(self):
        report()
        self.write("done")


def ask(port):
    while True:
        time.sleep(0.8)
        urllib.request.urlopen("http://127.0.0.1:%d/" % port).read()


sockets = tornado.netutil.bind_sockets(0, "127.0.0.1")
server = tornado.httpserver.HTTPServer(tornado.web.Application([("/", Report)]))
server.add_sockets(sockets)
threading.Thread(target=ask, args=(sockets[0].getsockname()[1],), daemon=True).start()
tornado.ioloop.IOLoop.current().start()
