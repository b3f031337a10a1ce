# SPDX-License-Identifier: GPL-2.0-or-later
# twisted_reactor.py epoll|poll|select|asyncio [reader]
# A DelayedCall, report(), sleeps 300 ms a second; with "reader" the protocol's
# dataReceived() does, each tenth time that a client of a thread sends it a line.
# A LoopingCall ticks each 50 ms and is innocent.
# Right: sleep, 300 ms, report (dataReceived).
import socket
import sys
import threading
import time

from truth import Pulse, truth

kind = sys.argv[1]
if kind == "poll":
    from twisted.internet import pollreactor as chosen
elif kind == "select":
    from twisted.internet import selectreactor as chosen
elif kind == "asyncio":
    from twisted.internet import asyncioreactor as chosen
else:
    from twisted.internet import epollreactor as chosen
chosen.install()

from twisted.internet import protocol, reactor, task


def report():
    reactor.callLater(0.7, report)
    with truth("sleep"):
        time.sleep(0.3)


class Lines(protocol.Protocol):
    lines = 0

    def dataReceived(self, data):
        self.lines += 1
        if self.lines % 10 == 0:
            with truth("sleep"):
                time.sleep(0.3)
        self.transport.write(data)


def ask(port):
    with socket.create_connection(("127.0.0.1", port)) as peer:
        while True:
            peer.send(b"x\n")
            peer.recv(10)
            time.sleep(0.07)


task.LoopingCall(Pulse(0.05)).start(0.05)
if "reader" in sys.argv:
    factory = protocol.ServerFactory()
    factory.protocol = Lines
    port = reactor.listenTCP(0, factory, interface="127.0.0.1").getHost().port
    threading.Thread(target=ask, args=(port,), daemon=True).start()
else:
    reactor.callLater(1, report)
reactor.run()
