# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether a record is as scripts/blockprof.schema.json describes it, without a package for that.

Of JSON Schema (draft 2020-12) it knows what that file uses, and refuses the rest.
It is stricter in one thing: an object has no key that is not described. The file
leaves that open, since later versions of blockprof may add keys.
"""

import json
import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "scripts", "blockprof.schema.json")

ANNOTATIONS = frozenset(["$schema", "$defs", "title", "description"])
KEYWORDS = {
    "object": frozenset(["properties", "additionalProperties", "required", "dependentRequired"]),
    "array": frozenset(["items", "minItems"]),
    "string": frozenset(["minLength", "pattern"]),
    "integer": frozenset(["minimum", "maximum"]),
    "boolean": frozenset(),
}
TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


class Wrong(Exception):
    """A value that is not as described; `path` leads to it, the outermost step last."""

    def __init__(self, what):
        super().__init__(what)
        self.path = []

    def __str__(self):
        return "%s: %s" % ("/".join(str(step) for step in reversed(self.path)), self.args[0])


def load(path=PATH):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def follow(document, schema):
    """The definition that a $ref leads to in the end."""
    while "$ref" in schema:
        schema = document["$defs"][schema["$ref"].rpartition("/")[2]]
    return schema


def values_of(document, schema, key):
    """What the key may be in these objects: a list of constants, or None if it may be anything."""
    schema = follow(document, schema)
    if "oneOf" in schema:
        lists = [values_of(document, branch, key) for branch in schema["oneOf"]]
        return None if None in lists else sum(lists, [])
    value = schema.get("properties", {}).get(key, {})
    return [value["const"]] if "const" in value else value.get("enum")


def tag_of(document, schema):
    """The key by which the branches of a oneOf are told apart, with its values in each branch."""
    first = follow(document, schema["oneOf"][0])
    while "oneOf" in first:
        first = follow(document, first["oneOf"][0])
    for key in first["properties"]:
        lists = [values_of(document, branch, key) for branch in schema["oneOf"]]
        if None not in lists and len(set(sum(map(list, map(set, lists)), []))) == sum(len(set(values)) for values in lists):
            return key, lists
    raise ValueError("oneOf without a key that tells the branches apart")


class Validator:
    """Calling it with a value raises Wrong unless the value is as described."""

    def __init__(self, document):
        self._document = document
        self._definitions = {}
        for name, schema in document["$defs"].items():
            self._definitions["#/$defs/" + name] = self._compile(schema)
        self._check = self._compile(document)

    def __call__(self, value):
        self._check(value)

    def _compile(self, schema):
        """A function of a value that raises Wrong."""
        keywords = set(schema) - ANNOTATIONS
        if "$ref" in schema:
            kind, known = "$ref", {"$ref"}
        elif "oneOf" in schema:
            kind, known = "oneOf", {"oneOf"}
        elif "const" in schema or "enum" in schema:
            kind, known = "enum", {"const", "enum", "type"}
        else:
            kind = schema.get("type")
            known = KEYWORDS[kind] | {"type"} if kind in KEYWORDS else frozenset()
        if keywords - known or not kind:
            raise ValueError("not a schema that is understood here: %s" % schema)
        return getattr(self, "_" + kind.lstrip("$"))(schema)

    def _ref(self, schema):
        definitions, name = self._definitions, schema["$ref"]
        if name.rpartition("/")[2] not in self._document["$defs"]:
            raise ValueError("no definition of " + name)
        return lambda value: definitions[name](value)

    def _oneOf(self, schema):
        key, lists = tag_of(self._document, schema)
        branches = {
            value: check for values, check in zip(lists, map(self._compile, schema["oneOf"])) for value in values
        }

        def check(value):
            _check_type(value, dict)
            tag = value.get(key)
            if not isinstance(tag, str) or tag not in branches:
                raise Wrong("%s is %s, not one of %s" % (key, show(tag), ", ".join(branches)))
            branches[tag](value)

        return check

    def _enum(self, schema):
        allowed = schema["enum"] if "enum" in schema else [schema["const"]]

        def check(value):
            if not any(value == one and type(value) is type(one) for one in allowed):
                raise Wrong("%s is not one of %s" % (show(value), show(allowed)))

        return check

    def _object(self, schema):
        properties = {key: self._compile(value) for key, value in schema.get("properties", {}).items()}
        # of an object whose keys are names of the user's
        free = self._compile(schema["additionalProperties"]) if "additionalProperties" in schema else None
        required = schema.get("required", ())
        together = schema.get("dependentRequired", {})
        for key in list(required) + list(together) + sum(together.values(), []):
            if key not in properties:
                raise ValueError("%s is required, but not described" % key)

        def check(value):
            _check_type(value, dict)
            for key, item in value.items():
                if key not in properties and not free:
                    raise Wrong("%s is not described" % show(key))
                try:
                    properties.get(key, free)(item)
                except Wrong as wrong:
                    wrong.path.append(key)
                    raise
            for key in required:
                if key not in value:
                    raise Wrong("%s is missing" % key)
            for key, others in together.items():
                if key in value and not all(other in value for other in others):
                    raise Wrong("%s without %s" % (key, ", ".join(others)))

        return check

    def _array(self, schema):
        item_check, least = self._compile(schema["items"]), schema.get("minItems", 0)

        def check(value):
            _check_type(value, list)
            if len(value) < least:
                raise Wrong("only %d of at least %d" % (len(value), least))
            for index, item in enumerate(value):
                try:
                    item_check(item)
                except Wrong as wrong:
                    wrong.path.append(index)
                    raise

        return check

    def _string(self, schema):
        least, pattern = schema.get("minLength", 0), re.compile(schema.get("pattern", ""))

        def check(value):
            _check_type(value, str)
            if len(value) < least or not pattern.search(value):
                raise Wrong("%s is not as it should be" % show(value))

        return check

    def _integer(self, schema):
        least, most = schema.get("minimum"), schema.get("maximum")

        def check(value):
            _check_type(value, int)
            if least is not None and value < least or most is not None and value > most:
                raise Wrong("%d is not from %s to %s" % (value, least, most))

        return check

    def _boolean(self, _):
        return lambda value: _check_type(value, bool)


def _check_type(value, wanted):
    # True is an int to Python, and is none here
    if type(value) is not wanted:
        name = next(name for name, type_ in TYPES.items() if type_ is wanted)
        raise Wrong("%s is no %s" % (show(value), name))


def show(value):
    text = json.dumps(value)
    return text if len(text) <= 200 else text[:200] + "..."
