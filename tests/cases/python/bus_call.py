# SPDX-License-Identifier: GPL-2.0-or-later
# bus_call.py
# A message bus of its own; a child has the name org.example.Clock on it and takes 300 ms for
# each call. asyncio; the loop calls it by libdbus and waits for the reply.
# Right: socket, in ask: org.example.Clock (the bus only passes the call on).
import asyncio
import os
import subprocess
import time

address = "unix:path=%s/dbus.socket" % os.getcwd()
subprocess.Popen(["dbus-daemon", "--session", "--nofork", "--nopidfile", "--address=" + address], stderr=subprocess.DEVNULL)
while not os.path.exists("dbus.socket"):
    time.sleep(0.02)

import dbus
import dbus.lowlevel

from truth import truth


def answer(connection, message):
    if message.get_member() == "Time":
        time.sleep(0.3)
        connection.send_message(dbus.lowlevel.MethodReturnMessage(message))


if os.fork() == 0:
    from dbus.mainloop.glib import DBusGMainLoop
    from gi.repository import GLib

    clock = dbus.bus.BusConnection(address, mainloop=DBusGMainLoop())
    clock.request_name("org.example.Clock")
    clock.add_message_filter(answer)
    GLib.MainLoop().run()
time.sleep(0.3)
client = dbus.bus.BusConnection(address)


def ask():
    message = dbus.lowlevel.MethodCallMessage("org.example.Clock", "/", "org.example.Clock", "Time")
    with truth("call"):
        client.send_message_with_reply_and_block(message, 2.0)


async def main():
    while True:
        await asyncio.sleep(0.6)
        ask()


asyncio.run(main())
