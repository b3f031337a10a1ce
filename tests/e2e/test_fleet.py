# SPDX-License-Identifier: GPL-2.0-or-later
"""What scripts/fleet has for other systems, each by that system where it is here: Prometheus, Grafana's queries."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from fleet_keys import ALLOY, COLLECTOR, PARCA, check_alloy, check_keys, read_alloy, read_yaml, references
from fleet_queries import check_database
from harness import ROOT, Process, Target, check, exclusive, limit, need_program, need_root, read_file, until
from service import COMM, write
from web import WebService, bearer, free_port, lines_of, token_of

FLEET = os.path.join(ROOT, "scripts", "fleet")

# A loop that is never blocked, and not asleep for good either.
TICKS = """
import asyncio
async def main():
    while True:
        await asyncio.sleep(0.05)
asyncio.run(main())
"""


def named_python(suffix):
    """A Python whose comm says which one it is; the service watches all whose comm begins with COMM."""
    path = os.path.join(tempfile.mkdtemp(), COMM + suffix)
    os.symlink(sys.executable, path)
    return path


def run(*argv, seconds=60):
    return subprocess.run([str(arg) for arg in argv], capture_output=True, timeout=seconds, text=True)


def test_rules():
    """As they are: promtool reads all of it, and each alert fires for one row and not for its twin."""
    need_program("promtool")
    for argv in (
        ("check", "config", os.path.join(FLEET, "prometheus.yml")),
        ("check", "rules", os.path.join(FLEET, "blockprof.rules.yml")),
        ("test", "rules", os.path.join(ROOT, "tests", "fleet", "blockprof.rules.test.yml")),
    ):
        done = run("promtool", *argv)
        check(done.returncode == 0, "promtool " + " ".join(argv[:2]), done.stdout, done.stderr)


def test_rules_name_what_there_is():
    """Metrics and the places of lost records by which stalls can be missed: those of the sources."""
    rules = read_file(os.path.join(FLEET, "blockprof.rules.yml"))
    metrics = read_file(os.path.join(ROOT, "user", "web", "metrics.c"))
    for text in (rules, read_file(os.path.join(FLEET, "grafana.json"))):
        for name in set(re.findall(r"\bblockprof_[a-z_]+", text)):
            family = re.sub(r"_(total|bucket|count|sum|info)$", "", name)
            check('"%s"' % family in metrics, "no metric " + name)
    source = read_file(os.path.join(ROOT, "user", "model", "loss.c"))
    names = dict(re.findall(r'\[(LOSS_\w+)\] = \{ "(\w+)"', source))
    hiding = {names[constant] for constant in re.findall(r"\[(LOSS_\w+)\] = true", source)}
    (places,) = re.findall(r'place=~"([a-z_|]+)"', rules)
    check(set(places.split("|")) == hiding | {"label_sets_full"}, "places", *sorted(set(places.split("|")) ^ hiding))


class Prometheus(Process):
    """Debian's, with the files of scripts/fleet, in which only times and the address are others."""

    def __init__(self, service):
        need_program("prometheus")
        self.directory = tempfile.mkdtemp(prefix="prometheus-")
        self.port = free_port()
        config = read_file(os.path.join(FLEET, "prometheus.yml"))
        check("localhost:10435" in config and config.count("15s") == 2, "what is replaced", config)
        config = config.replace("localhost:10435", "127.0.0.1:%d" % service.port).replace("15s", "1s")
        # what is there for proxies
        config = re.sub(r"(?m)^    # (authorization:|  type: Bearer|  credentials_file: blockprof.token).*$", r"    \1", config)
        check("\n    authorization:\n      type: Bearer\n      credentials_file: blockprof.token\n" in config, "token", config)
        write(os.path.join(self.directory, "blockprof.token"), token_of(service))
        rules = read_file(os.path.join(FLEET, "blockprof.rules.yml"))
        rules = re.sub(r"\[\d+m\]", "[10s]", re.sub(r"for: \d+[sm]\b", "for: 2s", rules))
        write(os.path.join(self.directory, "prometheus.yml"), config)
        write(os.path.join(self.directory, "blockprof.rules.yml"), rules)
        done = run("promtool", "check", "config", os.path.join(self.directory, "prometheus.yml"))
        check(done.returncode == 0, "what was replaced is wrong", done.stdout, done.stderr)
        super().__init__(
            [
                "prometheus",
                "--config.file=%s/prometheus.yml" % self.directory,
                "--storage.tsdb.path=%s/data" % self.directory,
                "--web.listen-address=127.0.0.1:%d" % self.port,
                "--enable-feature=exemplar-storage",
                "--log.level=warn",
            ]
        )

    def ask(self, path, **query):
        url = "http://127.0.0.1:%d/api/v1/%s?%s" % (self.port, path, urllib.parse.urlencode(query))
        try:
            with urllib.request.urlopen(url, timeout=20) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            check(False, "%s: status %d" % (query or path, error.code), error.read().decode())

    def is_ready(self):
        try:
            return urllib.request.urlopen("http://127.0.0.1:%d/-/ready" % self.port, timeout=20).status == 200
        except OSError:
            check(self.popen.poll() is None, "prometheus ended", self.stderr[-3000:])
            return False

    def query(self, expr):
        return self.ask("query", query=expr)["result"]

    def firing(self):
        return [alert["labels"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"]

    def end(self, seconds=20):
        self.popen.terminate()
        return super().end(seconds)


def panel_queries(board):
    return [(panel["title"], target) for panel in board["panels"] for target in panel["targets"]]


def expr_of(target):
    """As Grafana fills it in, with all variables at "All"."""
    expr = target["expr"]
    for name, value in (("__rate_interval", "10s"), ("__range", "1m")):
        expr = expr.replace("$" + name, value)
    expr = re.sub(r"\$(job|instance|comm|unit)\b", ".*", expr)
    check("$" not in expr, "a variable that nobody fills in", expr)
    return expr


def check_panels(prometheus):
    """Each query is one that Prometheus runs; those on loops have an answer here."""
    board = json.loads(read_file(os.path.join(FLEET, "grafana.json")))
    for title, target in panel_queries(board):
        result = prometheus.query(expr_of(target))
        # what was lost, is blind, ran out or delayed anything is nothing here
        if "> 0" not in target["expr"] or "blockprof_loops" in target["expr"]:
            check(result, "nothing in %s (%s)" % (title, target["refId"]), target["expr"])
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        selector, label = re.fullmatch(r"label_values\((.*), (\w+)\)", variable["query"]["query"]).groups()
        selector = re.sub(r"\$(job|instance|comm|unit)\b", ".*", selector)
        found = prometheus.query(selector)
        check(found, "no value of " + variable["name"], selector)
        check(label == "unit" or all(label in one["metric"] for one in found), "label " + label, *found)


def check_exemplars(prometheus, service, comm):
    """One leads from a bucket of the histogram to the stall in /stalls."""
    found = prometheus.ask(
        "query_exemplars",
        query='blockprof_turn_duration_seconds_bucket{comm="%s"}' % comm,
        start=time.time() - 120,
        end=time.time() + 1,
    )
    turns = {exemplar["labels"]["turn"] for series in found for exemplar in series["exemplars"]}
    known = {stall["turn"] for stall in lines_of(service.get("/stalls?limit=1000", headers=bearer(token_of(service))))}
    check(turns and turns <= known, "exemplars", *turns ^ known)


@exclusive
@limit(180)
def test_prometheus():
    """It fires for a loop that is blocked four fifths of the time, not for one that is not, and not any more after that."""
    need_program("promtool")
    bad, good = COMM + "b", COMM + "i"
    options = ("sleep", "--count=1000", "--seconds=0.4", "--gap=0.1")
    with Process([named_python("i"), "-c", TICKS]), Target(*options, python=named_python("b")) as target:
        with WebService("-t", "150ms") as service:
            service.wait_watching()
            with Prometheus(service) as prometheus:
                until(prometheus.is_ready, 60, "prometheus answers")
                target.go()
                fired = set()

                def all_fire():
                    for labels in prometheus.firing():
                        check(labels.get("comm") != good, "it fires for a healthy loop", labels)
                        if labels.get("comm") == bad:
                            fired.add(labels["alertname"])
                    return fired >= {"LoopStalled", "LoopMostlyBlocked"}

                until(all_fire, 60, "the alerts (so far %s)" % fired)
                check(fired == {"LoopStalled", "LoopMostlyBlocked"}, "what fires", *fired)
                (stalled,) = [one for one in prometheus.firing() if one["alertname"] == "LoopStalled"]
                check(stalled["cause"] == "sleep" and stalled["instance"] == "127.0.0.1", "its labels", stalled)
                # the other is seen, too
                turns = 'rate(blockprof_turn_duration_seconds_count{comm="%s"}[10s])'
                (healthy,) = prometheus.query(turns % good)
                check(float(healthy["value"][1]) > 5, "the healthy one's turns", healthy)
                (share,) = prometheus.query('blockprof:lost_share:rate5m{comm="%s"}' % bad)
                check(0.5 < float(share["value"][1]) < 1.05, "its share", share)
                (p99,) = prometheus.query('blockprof:turn_duration_seconds:p99_5m{comm="%s"}' % bad)
                check(0.25 < float(p99["value"][1]) <= 0.5, "its percentile", p99)
                check_panels(prometheus)
                check_exemplars(prometheus, service, bad)
                target.kill()
                until(lambda: not [one for one in prometheus.firing() if one.get("comm") == bad], 60, "it ends")


DUCKDB = """
import json, sys, duckdb
connection = duckdb.connect()
connection.execute("SET VARIABLE recordings = '%s'" % sys.argv[1])
answers = {}
for name, statement in json.load(sys.stdin):
    result = connection.execute(statement)
    if name:
        columns = [column[0] for column in result.description]
        answers[name] = [dict(zip(columns, row)) for row in result.fetchall()]
json.dump(answers, sys.stdout, default=str)
"""


@limit(300)
def test_duckdb():
    """Its answers about recordings of two hosts are what blockprof report says of them."""
    need_root()
    check_database("duckdb", DUCKDB, "duckdb.sql", 120)


def test_parca():
    """Keys that it knows, and the profile that it has names for."""
    config = read_yaml(os.path.join(FLEET, "parca.yaml"))
    check_keys(config, PARCA)
    (job,) = config["scrape_configs"]
    check(int(job["scrape_timeout"][:-1]) > int(job["scrape_interval"][:-1]), "a timeout shorter than the interval", job)
    profiles = job["profiling_config"]["pprof_config"]
    check({name for name, one in profiles.items() if one["enabled"]} == {"block"}, "what it asks for", profiles)
    check(set(profiles) == set(PARCA["scrape_configs"][0]["profiling_config"]["pprof_config"]), "not told of all", profiles)


def message_id():
    (found,) = re.findall(r"MESSAGE_ID=([0-9a-f]{32})", read_file(os.path.join(ROOT, "scripts", "blockprof.8")))
    return found


def test_alloy():
    """Keys that its components have, and no component that is named and is not there."""
    components = read_alloy(os.path.join(FLEET, "alloy.river"))
    for name, label, body in components:
        check(name in ALLOY, "no component " + name)
        check_alloy(body, ALLOY[name], name)
    there = {"%s.%s" % (name, label) for name, label, _ in components}
    named = set().union(*(references(body) for _, _, body in components))
    check(named <= there and len(there) == len(components), "components", named, there)
    (scrape,) = [body for name, _, body in components if name == "pyroscope.scrape"]
    (profiles,) = [value for name, _, value in scrape if name == "profiling_config"]
    enabled = {name for name, _, body in profiles if ("enabled", None, True) in body}
    check(enabled == {"profile.block"}, "what it asks for", *profiles)
    (block,) = [body for name, _, body in profiles if name == "profile.block"]
    check(("delta", None, False) in block, "it would make the difference twice", block)
    (journal,) = [body for name, _, body in components if name == "loki.source.journal"]
    check(("matches", None, "MESSAGE_ID=" + message_id()) in journal, "which entries", journal)


def test_collector():
    """Keys that its components have; each pipeline's are there, and it asks for as long a profile as it waits between two."""
    config = read_yaml(os.path.join(FLEET, "otel-collector.yaml"))
    check_keys(config, COLLECTOR)
    for pipeline in config["service"]["pipelines"].values():
        for kind, names in pipeline.items():
            check(set(names) <= set(config[kind]), "no such " + kind, *names)
    # what `make fleet` builds has them all
    built = read_yaml(os.path.join(ROOT, "tests", "fleet", "collector.yaml"))
    for kind in ("extensions", "receivers", "processors", "exporters"):
        modules = {one["gomod"].split()[0].rpartition("/")[2] for one in built[kind]}
        wanted = {name.partition("/")[0].replace("_", "") + kind[:-1] for name in config[kind]}
        check(modules == wanted, kind, *modules ^ wanted)
    check(set(config["service"]["extensions"]) == set(config["extensions"]), "extensions", config["service"])
    remote = config["receivers"]["pprof"]["remote"]
    check(remote["endpoint"].endswith("/debug/pprof/block?seconds=" + remote["collection_interval"][:-1]), "for how long", remote)
    check(int(remote["timeout"][:-1]) > int(remote["collection_interval"][:-1]), "it gives up before", remote)
    check(config["receivers"]["journald"]["matches"] == [{"MESSAGE_ID": message_id()}], "which entries")
