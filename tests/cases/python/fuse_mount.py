# SPDX-License-Identifier: GPL-2.0-or-later
# fuse_mount.py MS PROGRAM [ARG...]
# Mounts a FUSE file system at ./mnt (in a mount namespace of its own) that has one file of
# 4 KiB, x, and becomes PROGRAM. A child, which is the file system, answers a read after MS.
# Nothing is kept in the page cache from one open to the next.
# $FUSE_FILE: what is in x; $FUSE_STOPS: after so many seconds nothing is answered any more, nor
# once there is a file ./silent; with ./unread no read is answered, all else is, and what has been
# read by then is kept;
# $FUSE_DEVICE: instead of /dev/fuse; $FUSE_OPTIONS: more of them for the mount.
import ctypes
import os
import struct
import sys
import time

LOOKUP, FORGET, GETATTR, OPEN, READ, STATFS, RELEASE, FLUSH, INIT, OPENDIR, ACCESS, INTERRUPT = (
    1, 2, 3, 14, 15, 17, 18, 25, 26, 27, 34, 36,
)
KEEP_CACHE = 2
SIZE = 4096
CONTENT = b"x" * SIZE
if "FUSE_FILE" in os.environ:
    with open(os.environ["FUSE_FILE"], "rb") as file:
        CONTENT = file.read()
STOPS = time.monotonic() + float(os.environ.get("FUSE_STOPS", "inf"))

libc = ctypes.CDLL(None, use_errno=True)


def attributes(node):
    mode, size = (0o40755, 0) if node == 1 else (0o100755, len(CONTENT))
    return struct.pack("<6Q10I", node, size, 8, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)


def answer(operation, node, body, delay):
    """What to reply: data, a negative error number, or None for nothing."""
    if operation == INIT:
        return struct.pack("<4I2H2I", 7, 31, 65536, 0, 12, 9, 65536, 1).ljust(64, b"\0")
    if operation == LOOKUP:
        return struct.pack("<4Q2I", 2, 0, 0, 0, 0, 0) + attributes(2) if body.rstrip(b"\0") == b"x" else -2
    if operation == GETATTR:
        return struct.pack("<Q2I", 0, 0, 0) + attributes(node)
    if operation in (OPEN, OPENDIR):
        return struct.pack("<Q2I", 1, KEEP_CACHE if os.path.exists("unread") else 0, 0)
    if operation == READ and os.path.exists("unread"):
        return None
    if operation == READ:
        time.sleep(delay)
        _, offset, size = struct.unpack("<QQI", body[:20])
        return CONTENT[offset : offset + size]
    if operation in (RELEASE, FLUSH, ACCESS):
        return b""
    return None if operation in (FORGET, INTERRUPT) else -38


def serve(device, delay):
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError:
            return
        _, operation, unique, node = struct.unpack("<IIQQ", request[:24])
        if time.monotonic() > STOPS or os.path.exists("silent"):
            continue
        reply = answer(operation, node, request[40:], delay)
        if reply is None:
            continue
        error, data = (reply, b"") if isinstance(reply, int) else (0, reply)
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(data), error, unique) + data)
        except OSError:
            pass  # who asked has gone


os.mkdir("mnt")
device = os.open(os.environ.get("FUSE_DEVICE", "/dev/fuse"), os.O_RDWR)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0%s" % (device, os.environ.get("FUSE_OPTIONS", ""))
if libc.mount(None, b"/", None, 1 << 18 | 1 << 14, None):  # private, all below it
    raise OSError(ctypes.get_errno(), "private mounts")
if libc.mount(b"cases", b"mnt", b"fuse.cases", 6, options.encode()):
    raise OSError(ctypes.get_errno(), "mount")
if os.fork() == 0:
    serve(device, int(sys.argv[1]) / 1000)
    os._exit(0)
os.close(device)
os.execvp(sys.argv[2], sys.argv[2:])
