# SPDX-License-Identifier: GPL-2.0-or-later
"""A page of the format html as a browser reads it: its elements, policy, tables and data; check_page()."""

import base64
import hashlib
import html.parser
import json
import os
import re
import shutil
import subprocess

from harness import check
from machine import ROOT

UNPACK = os.path.join(ROOT, "user", "output", "html", "unpack.js")
VOID = {"meta", "br", "hr", "input", "img", "link"}
# All that a page is made of; a name that got in as markup would bring more.
ELEMENTS = set(
    "html head meta title style body a div main section p strong span ul li h2 table caption thead tbody tr th td script".split()
)


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.text = text
        self.elements = []  # (name, attributes)
        self.open = []
        self.title = ""
        self.scripts, self.styles = [], []
        self.data = None
        self.tables = []  # each a list of rows, each a list of texts
        self.words = []  # text that is read without a script
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.elements.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "script" and attributes.get("type") == "application/json":
            self.data = ""
        elif tag == "script":
            self.scripts.append("")
        elif tag == "style":
            self.styles.append("")
        elif tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        check(self.open and self.open[-1] == tag, "</%s> ends <%s>" % (tag, self.open[-1:]), self.open)
        self.open.pop()

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            if self.scripts:
                self.scripts[-1] += data
            else:
                self.data += data
        elif self.open[-1:] == ["style"]:
            self.styles[-1] += data
        elif self.open[-1:] == ["title"]:
            self.title += data
        else:
            self.words.append(data)
            if "td" in self.open or "th" in self.open:
                self.tables[-1][-1][-1] += data

    def handle_comment(self, data):
        check(False, "a comment: %.200s" % data)

    def attributes_of(self, element):
        return [attributes for name, attributes in self.elements if name == element]


def hash_of(text):
    return "'sha256-%s'" % base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def check_policy(page):
    policies = [one["content"] for one in page.attributes_of("meta") if one.get("http-equiv") == "Content-Security-Policy"]
    check(len(policies) == 1, "one policy", *policies)
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";"))
    check(rules["default-src"] == "'none'" and rules["base-uri"] == "'none'", "nothing else", policies[0])
    check(rules["script-src"] == hash_of(page.scripts[0]), "the script's hash", policies[0])
    check(rules["style-src"] == hash_of(page.styles[0]), "the style's hash", policies[0])


def check_elements(page):
    names = {name for name, _ in page.elements}
    check(names <= ELEMENTS, "elements that a page has not", *names - ELEMENTS)
    for name, attributes in page.elements:
        for key, value in attributes.items():
            check(not key.startswith("on") and key not in ("src", "style", "srcset", "action"), "<%s %s>" % (name, key), value)
            check(key != "href" or value.startswith("#"), "a link that leads elsewhere", value)
    check(not page.open, "elements without an end", *page.open)
    check(len(page.scripts) == 1 and len(page.styles) == 1, "one script, one style")
    check(len(page.attributes_of("meta")) == page.text.count("<meta"), "its meta elements")


def check_strings(value):
    """Nothing that turns the direction of writing, ends a line or controls a terminal."""
    if isinstance(value, str):
        bad = re.search("[\0-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]", value)
        check(not bad, "a character that does harm", repr(value))
        check(len(value) <= 1000, "a name of %d characters" % len(value))
    elif isinstance(value, (dict, list)):
        for one in value.values() if isinstance(value, dict) else value:
            check_strings(one)


def check_page(text):
    """The page, when all is as it has to be, whatever its names are."""
    page = Page(text)
    check_elements(page)
    check_policy(page)
    check(page.attributes_of("html") == [{"lang": "en"}], "its language")
    check({"charset": "utf-8"} in page.attributes_of("meta"), "its characters")
    check(any(one.get("name") == "viewport" for one in page.attributes_of("meta")), "its width on a phone")
    check(page.title.startswith("blockprof: "), "its title", page.title)
    check("<" not in page.data, "no < in the data")
    page.packed = json.loads(page.data)
    check_strings(page.packed)
    check_strings(page.title)
    return page


# What a test asks of the page's model; texts of stalls too, which are made when asked for.
UNPACKING = """
import { readFileSync } from "node:fs";
import { unpack } from %s;
const page = unpack(JSON.parse(readFileSync(0, "utf8")));
if (page.diff) page.diff.after = null;
console.log(JSON.stringify(page));
"""


def unpacked(page):
    """The model that the views read, by the page's own unpack.js; None: there is no Node.js here."""
    node = shutil.which("node")
    if not node:
        return None
    script = UNPACKING % json.dumps("file://" + UNPACK)
    done = subprocess.run([node, "--input-type=module", "-e", script], input=page.data.encode(), capture_output=True, timeout=60)
    check(done.returncode == 0, "node takes the data", done.stderr.decode())
    return json.loads(done.stdout)
