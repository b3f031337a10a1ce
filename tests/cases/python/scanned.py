# SPDX-License-Identifier: GPL-2.0-or-later
# scanned.py MS PROGRAM [ARG...]
# A virus scanner of sorts: a child that has to permit (fanotify, FAN_OPEN_PERM) each open of a
# file in ./scan, of which there is one, f, and takes MS for it. Becomes PROGRAM.
import ctypes
import os
import struct
import sys
import time

FAN_CLASS_CONTENT, FAN_MARK_ADD, FAN_ALLOW = 0x4, 0x1, 1
FAN_OPEN_PERM, FAN_EVENT_ON_CHILD = 0x10000, 0x8000000

libc = ctypes.CDLL(None, use_errno=True)
os.mkdir("scan")
with open("scan/f", "w") as file:
    file.write("plugin")
group = libc.fanotify_init(FAN_CLASS_CONTENT, os.O_RDONLY)
mask = ctypes.c_uint64(FAN_OPEN_PERM | FAN_EVENT_ON_CHILD)
if group < 0 or libc.fanotify_mark(group, FAN_MARK_ADD, mask, -100, b"scan"):
    raise OSError(ctypes.get_errno(), "fanotify")
if os.fork() == 0:
    while True:
        event = os.read(group, 24)  # one: they are answered in turn
        fd = struct.unpack("<IBBHQii", event)[5]
        time.sleep(int(sys.argv[1]) / 1000)
        os.write(group, struct.pack("<iI", fd, FAN_ALLOW))
        os.close(fd)
os.close(group)
os.execvp(sys.argv[2], sys.argv[2:])
