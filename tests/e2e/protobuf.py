# SPDX-License-Identifier: GPL-2.0-or-later
"""Protocol buffers read by a .proto of ours, without a package for that."""

import os
import re
import struct

from machine import ROOT
from verdict import check

SCALARS = frozenset(["int32", "int64", "uint32", "uint64", "bool"])


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def packed(data):
    values, at = [], 0
    while at < len(data):
        value, at = varint(data, at)
        values.append(value)
    return values


class Definitions:
    """messages {message: {number: (name, type, repeated)}} of a file of user/output."""

    def __init__(self, name):
        with open(os.path.join(ROOT, "user", "output", name), encoding="utf-8") as file:
            text = file.read()
        self.messages = {}
        for message, body in re.findall(r"^message (\w+) \{\n(.*?)^\}", text, re.M | re.S):
            fields = re.findall(r"^  (?:(required|optional|repeated) )?(\w+) (\w+) = (\d+);", body, re.M)
            self.messages[message] = {int(number): (field, kind, label == "repeated") for label, kind, field, number in fields}

    def decode(self, message, data):
        """As a dictionary; a field that is not of the definition is an error."""
        found, at = {}, 0
        while at < len(data):
            tag, at = varint(data, at)
            check(tag >> 3 in self.messages[message], "field %d of %s" % (tag >> 3, message))
            name, kind, repeated = self.messages[message][tag >> 3]
            values, at = self._value(kind, tag & 7, data, at)
            if repeated:
                found.setdefault(name, []).extend(values)
            else:
                (found[name],) = values
        return found

    def _value(self, kind, wire, data, at):
        if wire == 0:
            value, at = varint(data, at)
            return [value], at
        if wire == 1:
            return list(struct.unpack_from("<d" if kind == "double" else "<Q", data, at)), at + 8
        check(wire == 2, "wire type", wire)
        size, at = varint(data, at)
        value = data[at : at + size]
        check(len(value) == size, "cut off")
        if kind in self.messages:
            value = self.decode(kind, value)
        elif kind == "string":
            value = value.decode("utf-8")
        elif kind in SCALARS:
            return packed(value), at + size
        return [value], at + size
