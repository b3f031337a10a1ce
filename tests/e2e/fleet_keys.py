# SPDX-License-Identifier: GPL-2.0-or-later
"""What the servers that are not in Debian take: keys and types, as their sources and documentation have them.

Parca: pkg/config/config.go (KnownFields: any other key is an error). Alloy: the reference of each component. The Collector:
the config structs of the components and of confighttp, scraperhelper and prometheus' own configuration.
"""

import json
import re
import subprocess

from harness import check, read_file

DURATION = re.compile(r"\d+(ms|s|m|h)")
TEXT, FLAG, NUMBER = str, bool, int

STATIC = [{"targets": [TEXT], "labels": {TEXT: TEXT}}]
RELABEL = [{"source_labels": [TEXT], "regex": TEXT, "target_label": TEXT, "replacement": TEXT, "action": TEXT}]
AUTHORIZATION = {"type": TEXT, "credentials_file": TEXT}
PPROF = {"enabled": FLAG, "path": TEXT, "delta": FLAG, "seconds": NUMBER}

PARCA = {
    "object_storage": {"bucket": {"type": TEXT, "config": {"directory": TEXT}}},
    "scrape_configs": [
        {
            "job_name": TEXT,
            "scheme": TEXT,
            "scrape_interval": DURATION,
            "scrape_timeout": DURATION,
            "authorization": AUTHORIZATION,
            "static_configs": STATIC,
            "relabel_configs": RELABEL,
            "profiling_config": {
                "path_prefix": TEXT,
                "pprof_config": {name: PPROF for name in ("memory", "block", "goroutine", "mutex", "process_cpu")},
            },
        }
    ],
}

SCRAPE = {
    "job_name": TEXT,
    "scrape_interval": DURATION,
    "honor_labels": FLAG,
    "authorization": AUTHORIZATION,
    "static_configs": STATIC,
    "relabel_configs": RELABEL,
}
CONTROLLER = {"collection_interval": DURATION, "initial_delay": DURATION, "timeout": DURATION}
CLIENT = {"endpoint": TEXT, "timeout": DURATION, "headers": {TEXT: TEXT}, "auth": {"authenticator": TEXT}}
OPERATOR = {
    "type": TEXT,
    "if": TEXT,
    "from": TEXT,
    "to": TEXT,
    "expr": TEXT,
    "parse_to": TEXT,
    "timestamp": {"parse_from": TEXT, "layout_type": TEXT, "layout": TEXT},
}

COLLECTOR = {
    "extensions": {"bearertokenauth/blockprof": {"filename": TEXT, "scheme": TEXT}},
    "receivers": {
        "prometheus": {"config": {"scrape_configs": [SCRAPE]}},
        "pprof": {"remote": {**CONTROLLER, **CLIENT}},
        "journald": {"matches": [{TEXT: TEXT}], "start_at": TEXT, "directory": TEXT, "operators": [OPERATOR]},
        "file_log": {
            "include": [TEXT],
            "compression": TEXT,
            "start_at": TEXT,
            "max_log_size": re.compile(r"\d+(KiB|MiB)"),
            "operators": [OPERATOR],
        },
    },
    "processors": {"memory_limiter": {"check_interval": DURATION, "limit_mib": NUMBER}},
    "exporters": {"otlp_http": CLIENT},
    "service": {
        "extensions": [TEXT],
        "pipelines": {
            kind: {"receivers": [TEXT], "processors": [TEXT], "exporters": [TEXT]} for kind in ("metrics", "profiles", "logs")
        },
    },
}

# {component: {attributes and blocks}}
PROFILE = {"enabled": FLAG, "path": TEXT, "delta": FLAG}
ENDPOINT = {"endpoint": {"url": TEXT}}
RULE = {"source_labels": [TEXT], "target_label": TEXT, "regex": TEXT, "replacement": TEXT}
ALLOY = {
    "prometheus.scrape": {
        "targets": [{TEXT: TEXT}],
        "job_name": TEXT,
        "scrape_interval": DURATION,
        "honor_labels": FLAG,
        "forward_to": [TEXT],
    },
    "prometheus.remote_write": ENDPOINT,
    "pyroscope.scrape": {
        "targets": [{TEXT: TEXT}],
        "bearer_token_file": TEXT,
        "scrape_interval": DURATION,
        "scrape_timeout": DURATION,
        "forward_to": [TEXT],
        "profiling_config": {
            "profile." + name: PROFILE for name in ("block", "memory", "goroutine", "mutex", "process_cpu")
        },
    },
    "pyroscope.write": ENDPOINT,
    "loki.source.journal": {
        "matches": re.compile(r"[A-Z_]+=\w+"),
        "format_as_json": FLAG,
        "labels": {TEXT: TEXT},
        "relabel_rules": TEXT,
        "forward_to": [TEXT],
    },
    "loki.relabel": {"forward_to": [TEXT], "rule": RULE},
    "loki.write": ENDPOINT,
}


def check_keys(value, known, where=""):
    """Nothing that is not known, and each of the kind that is."""
    if isinstance(known, dict):
        check(isinstance(value, dict), "%s is no map" % where, value)
        for key, below in value.items():
            check(key in known or TEXT in known, "%s has no key %s" % (where, key))
            check_keys(below, known.get(key, known.get(TEXT)), "%s.%s" % (where, key))
    elif isinstance(known, list):
        check(isinstance(value, list), "%s is no list" % where, value)
        for i, below in enumerate(value):
            check_keys(below, known[0], "%s[%d]" % (where, i))
    elif isinstance(known, re.Pattern):
        check(isinstance(value, str) and known.fullmatch(value), "%s has no such value" % where, value)
    else:
        check(type(value) is known, "%s is no %s" % (where, known.__name__), value)


def read_yaml(path):
    script = "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"
    with open(path) as file:
        done = subprocess.run(["/usr/bin/python3", "-c", script], stdin=file, capture_output=True, timeout=60)
    check(done.returncode == 0, "no YAML: " + path, done.stderr.decode())
    return json.loads(done.stdout)


class _Tokens:
    WORD = re.compile(r'\s*(?://[^\n]*\n\s*)*("(?:[^"\\]|\\.)*"|[A-Za-z_][\w.]*(?:\("[^"]*"\))?|[{}\[\]=,]|$)')

    def __init__(self, text):
        self.text, self.at = text, 0

    def next(self):
        found = self.WORD.match(self.text, self.at)
        check(found, "not understood", self.text[self.at : self.at + 60])
        self.at = found.end()
        return found.group(1)

    def peek(self):
        at = self.at
        token = self.next()
        self.at = at
        return token


def _value(tokens):
    token = tokens.next()
    if token == "[":
        values = []
        while tokens.peek() != "]":
            values.append(_value(tokens))
            if tokens.peek() == ",":
                tokens.next()
        tokens.next()
        return values
    if token == "{":
        values = {}
        while tokens.peek() != "}":
            key = tokens.next().strip('"')
            check(tokens.next() == "=", "no = after " + key)
            values[key] = _value(tokens)
            if tokens.peek() == ",":
                tokens.next()
        tokens.next()
        return values
    check(token and token not in "}]=,", "no value: " + token)
    return {"true": True, "false": False}.get(token, token.strip('"'))


def _body(tokens, end):
    """[(name, label, value or body)]"""
    found = []
    while tokens.peek() != end:
        name, label = tokens.next(), None
        if tokens.peek() == "=":
            tokens.next()
            found.append((name, None, _value(tokens)))
            continue
        if tokens.peek().startswith('"'):
            label = tokens.next().strip('"')
        check(tokens.next() == "{", "no block after " + name)
        found.append((name, label, _body(tokens, "}")))
    tokens.next()
    return found


def read_alloy(path):
    """[(component, label, [(name, label, value or body)])]"""
    return _body(_Tokens(read_file(path)), "")


def check_alloy(body, known, where):
    for name, _, value in body:
        check(name in known, "%s has no %s" % (where, name))
        if isinstance(known[name], dict) and isinstance(value, list):
            check_alloy(value, known[name], where + "." + name)
        else:
            check_keys(value, known[name], where + "." + name)


def references(body):
    """The components that others name."""
    found = set()
    for _, _, value in body:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, tuple):
                found |= references([one])
            elif isinstance(one, str) and re.fullmatch(r"[a-z_.]+\.(receiver|rules)", one):
                found.add(one.rpartition(".")[0])
    return found
