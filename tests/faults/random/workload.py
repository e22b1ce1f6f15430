"""
What a workload does to a tree of its own, and what is in trees, past every program that reads names as lines.

Reads requests as JSON from standard input, a line each: {"root": path, "changes": [change...]} or {"look": [path...]}, and
writes a line for each. Paths inside a tree are JSON strings with a character for each byte.
"""

import fcntl
import json
import os
import stat
import struct
import sys

GETFLAGS, SETFLAGS = 0x80086601, 0x40086602
SUBVOL_CREATE, SNAP_CREATE, SNAP_DESTROY = 0x5000940E, 0x50009417, 0x5000940F
SUBVOL_GETFLAGS, SUBVOL_SETFLAGS = 0x80089419, 0x4008941A
READ_ONLY = 2
LOCKS = {"i": 0x10, "a": 0x20}
ROOT_INODE, HOLLOW_INODE = 256, 2
# What holds a volume, and what lies beside volumes; all else under there is the engine's.
OURS = [b"beside", b"data"]


def raw(path):
    return path.encode("latin-1")


def opened(path):
    return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)


def with_open(path, work):
    handle = opened(path)
    try:
        return work(handle)
    finally:
        os.close(handle)


def locks(path):
    flags = struct.unpack("l", with_open(path, lambda handle: fcntl.ioctl(handle, GETFLAGS, struct.pack("l", 0))))[0]
    return flags


def set_lock(path, lock):
    def work(handle):
        flags = struct.unpack("l", fcntl.ioctl(handle, GETFLAGS, struct.pack("l", 0)))[0]
        flags &= ~(LOCKS["i"] | LOCKS["a"])
        fcntl.ioctl(handle, SETFLAGS, struct.pack("l", flags | LOCKS.get(lock, 0)))

    with_open(path, work)


def named(directory, request, layout, *values):
    with_open(directory, lambda handle: fcntl.ioctl(handle, request, bytearray(struct.pack(layout, *values))))


def change(root, one):
    path = os.path.join(root, raw(one["path"]))
    parent, name = os.path.split(path)
    kind = one["kind"]
    if kind == "folder":
        os.mkdir(path)
    elif kind == "write":
        with open(path, "ab" if one["append"] else "wb") as file:
            file.write(raw(one["text"]))
    elif kind == "nest":
        named(parent, SUBVOL_CREATE, "q4088s", 0, name)
    elif kind == "copy":
        source = opened(os.path.join(root, raw(one["from"])))
        named(parent, SNAP_CREATE, "qQQ4Q4040s", source, 0, READ_ONLY if one["readOnly"] else 0, 0, 0, 0, 0, name)
        os.close(source)
    elif kind == "protect":
        with_open(path, lambda handle: fcntl.ioctl(handle, SUBVOL_SETFLAGS, struct.pack("Q", READ_ONLY if one["readOnly"] else 0)))
    elif kind == "lock":
        set_lock(path, one.get("lock"))
    elif kind == "remove":
        if one["what"] == "file":
            os.unlink(path)
        elif one["what"] == "subvolume":
            named(parent, SNAP_DESTROY, "q4088s", 0, name)
        else:
            os.rmdir(path)


def entry(path):
    status = os.lstat(path)
    if stat.S_ISDIR(status.st_mode):
        if status.st_ino == HOLLOW_INODE:
            return {"kind": "hollow"}
        found = {"kind": "subvolume" if status.st_ino == ROOT_INODE else "folder"}
        if found["kind"] == "subvolume":
            flags = with_open(path, lambda handle: fcntl.ioctl(handle, SUBVOL_GETFLAGS, struct.pack("Q", 0)))
            if struct.unpack("Q", flags)[0] & READ_ONLY:
                found["readOnly"] = True
    else:
        with open(path, "rb") as file:
            found = {"kind": "file", "text": file.read().decode("latin-1")}
    flags = locks(path)
    lock = "".join(letter for letter, bit in LOCKS.items() if flags & bit)
    if lock:
        found["lock"] = lock
    return found


def look(root):
    found = []

    def walk(inner):
        path = os.path.join(root, inner)
        one = entry(path)
        found.append([inner.decode("latin-1"), one])
        if one["kind"] in ("folder", "subvolume"):
            for name in sorted(os.listdir(path)):
                walk(os.path.join(inner, name))

    for name in OURS:
        if os.path.lexists(os.path.join(root, name)):
            walk(name)
    return found


def answer(request):
    if "look" in request:
        return [look(raw(root)) for root in request["look"]]
    os.makedirs(raw(request["root"]), exist_ok=True)
    for one in request["changes"]:
        try:
            change(raw(request["root"]), one)
        except OSError as error:
            raise OSError(f"{one}: {error}; there is {look(raw(request['root']))}") from error
    return None


for line in sys.stdin:
    try:
        told = {"answer": answer(json.loads(line))}
    except OSError as error:
        told = {"failure": str(error)}
    print(json.dumps(told), flush=True)
