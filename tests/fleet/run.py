# SPDX-License-Identifier: GPL-2.0-or-later
"""make fleet: servers that Debian does not have, with the files of scripts/fleet.

They are fetched from the registries of Go and Python, which takes minutes, a network and some GB in .output: this is no part of
`make test`. What cannot be had is a failure that says so.

    sudo make fleet                     all
    sudo make fleet FLEET="-k NAME"     one of: clickhouse logs metrics profiles
"""

import argparse
import http.server
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "e2e"))

from fleet_keys import read_yaml  # noqa: E402
from fleet_queries import check_database  # noqa: E402
from harness import ROOT, Process, check, until  # noqa: E402
from service import COMM, sleeper  # noqa: E402
from verdict import Failed, Skip  # noqa: E402
from web import WebService, bearer, lines_of, token_of  # noqa: E402

BUILT = os.path.join(ROOT, ".output", "fleet")
BUILDER = "go.opentelemetry.io/collector/cmd/builder@v0.160.0"
BUILD_SECONDS = 3600  # the first time, on two cores

CHDB = """
import json, sys
from chdb.session import Session
session = Session()
session.query("SET param_recordings = '%s'" % sys.argv[1])
answers = {}
for name, statement in json.load(sys.stdin):
    answer = session.query(statement, "JSONEachRow")
    if name:
        answers[name] = [json.loads(line) for line in str(answer).splitlines()]
json.dump(answers, sys.stdout)
"""


def clickhouse():
    """Its answers about recordings of two hosts are what blockprof report says of them."""
    check_database("chdb", CHDB, "clickhouse.sql", 300)


def go(*argv, cwd):
    """Go's tools, and what they say when they fail."""
    if not shutil.which("go"):
        raise Failed("cannot build the Collector: no go; install Go 1.26 or newer")
    environment = dict(os.environ, GOBIN=os.path.join(BUILT, "bin"), CGO_ENABLED="0")
    done = subprocess.run(argv, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=BUILD_SECONDS)
    if done.returncode:
        raise Failed("cannot build the Collector: %s failed: %s" % (argv[0], done.stderr.strip()[-1500:]))


# What each signal does without: prometheus' receiver alone is most of the time of a build.
NOT_FOR = {
    "logs": ("prometheusreceiver", "pprofreceiver"),
    "metrics": ("pprofreceiver",),
    "profiles": ("prometheusreceiver",),
}


def build(name):
    """The Collector for a signal, by its builder, of what collector.yaml has."""
    directory = os.path.join(BUILT, name)
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(ROOT, "tests", "fleet", "collector.yaml")) as manifest:
        text = manifest.read()
    for module in NOT_FOR[name]:
        text = re.sub(r"(?m)^.*/%s .*\n" % module, "", text)
    with open(os.path.join(directory, "builder.yaml"), "w") as out:
        out.write(text)
    go("go", "install", BUILDER, cwd=directory)
    go(os.path.join(BUILT, "bin", "builder"), "--config", "builder.yaml", cwd=directory)
    return os.path.join(directory, "otelcol")


class Sink:
    """Takes what the Collector sends, OTLP in JSON, by path."""

    def __init__(self):
        self.bodies = {}
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sink.bodies.setdefault(self.path, []).append(json.loads(body))
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def of(self, path):
        return list(self.bodies.get(path, []))


def configuration(service, sink, signal_name):
    """That of scripts/fleet, with other addresses, files and times; stalls come from recordings: there is no journal here."""
    config = read_yaml(os.path.join(ROOT, "scripts", "fleet", "otel-collector.yaml"))
    config["extensions"]["bearertokenauth/blockprof"]["filename"] = os.path.join(service.state, "token")
    address = "127.0.0.1:%d" % service.port
    (scrape,) = config["receivers"]["prometheus"]["config"]["scrape_configs"]
    scrape.update(scrape_interval="1s", scrape_timeout="1s")
    scrape["static_configs"][0]["targets"] = [address]
    remote = config["receivers"]["pprof"]["remote"]
    remote["endpoint"] = "http://%s/debug/pprof/block?seconds=2" % address
    remote["collection_interval"] = "2s"
    recordings = config["receivers"]["file_log"]
    recordings["include"] = [os.path.join(service.state, os.path.basename(recordings["include"][0]))]
    config["exporters"]["otlp_http"].update(endpoint=sink.url, encoding="json", compression="none")
    config["service"]["telemetry"] = {"metrics": {"level": "none"}}
    config["service"]["pipelines"]["logs"]["receivers"] = ["file_log"]
    del config["receivers"]["journald"]
    for name in set(config["service"]["pipelines"]) - {signal_name}:
        for receiver in config["service"]["pipelines"].pop(name)["receivers"]:
            del config["receivers"][receiver]
    path = os.path.join(service.directory, "collector.yaml")
    with open(path, "w") as out:
        json.dump(config, out)
    return path


def points_of(bodies, name):
    """(attributes, point) of a metric in what was sent."""
    for body in bodies:
        for resource in body["resourceMetrics"]:
            for scope in resource["scopeMetrics"]:
                for metric in scope["metrics"]:
                    data = metric.get("sum") or metric.get("gauge") or metric.get("histogram")
                    if metric["name"] == name and data:
                        for point in data["dataPoints"]:
                            labels = {one["key"]: one["value"].get("stringValue") for one in point["attributes"]}
                            yield labels, point


def value_of(value):
    """Of OTLP's AnyValue, as far as is asked for here."""
    if "kvlistValue" in value:
        return {one["key"]: value_of(one["value"]) for one in value["kvlistValue"]["values"]}
    return next(iter(value.values()), None)


def stalls_of(bodies):
    for body in bodies:
        for resource in body["resourceLogs"]:
            for scope in resource["scopeLogs"]:
                for one in scope["logRecords"]:
                    yield one, value_of(one["body"])


def run_collector(signal_name, judge):
    """On a service with one stall, until judge(service, sink, target, collector) is content."""
    program = build(signal_name)
    sink = Sink()
    with sleeper(0.4) as target, WebService("-t", "150ms") as service:
        service.wait_watching()
        config = configuration(service, sink, signal_name)
        argv = [program, "--config", config, "--feature-gates=+service.profilesSupport"]
        with Process(argv) as collector:
            try:
                judge(service, sink, target, collector)
            except Failed as failure:
                raise Failed("%s\n%s" % (failure, collector.stderr[-3000:]))
            finally:
                collector.popen.send_signal(signal.SIGTERM)


def still_runs(collector):
    check(collector.popen.poll() is None, "the Collector ended with status %s" % collector.popen.poll())
    return True


def judge_logs(service, sink, target, collector):
    target.run()
    (stall,) = until(lambda: lines_of(service.get("/stalls", headers=bearer(token_of(service)))), 30, "the stall")
    # the recording ends, and so is read
    service.popen.send_signal(signal.SIGHUP)
    service.wait_watching(2)
    until(lambda: still_runs(collector) and list(stalls_of(sink.of("/v1/logs"))), 60, "the stall as a log record")
    ((record, body),) = stalls_of(sink.of("/v1/logs"))
    check(body["turn"] == stall["turn"] and body["cause"] == "sleep", "which stall", body)
    check(stall["time"].endswith("%09dZ" % (int(record["timeUnixNano"]) % 10**9)), "when", record["timeUnixNano"], stall["time"])


def logs():
    """Stalls of recordings arrive as log records where the Collector sends them."""
    run_collector("logs", judge_logs)


def judge_metrics(service, sink, target, collector):
    own = {"comm": COMM, "runtime": "asyncio"}

    def points(name, **labels):
        wanted = {**own, **labels}.items()
        return [point for has, point in points_of(sink.of("/v1/metrics"), name) if wanted <= has.items()]

    until(lambda: still_runs(collector) and points("blockprof_stalls_total", cause="sleep"), 60, "metrics of the loop")
    target.run()
    until(
        lambda: [one for one in points("blockprof_stalls_total", cause="sleep") if one.get("asDouble") == 1.0],
        30,
        "its stall in a metric",
    )
    bounds = points("blockprof_turn_duration_seconds")[-1]["explicitBounds"]
    check(bounds[0] == 0.001 and bounds[-1] == 10 and len(bounds) == 12, "the histogram", bounds)


def metrics():
    """Metrics arrive, by the prometheus receiver."""
    run_collector("metrics", judge_metrics)


def judge_profiles(service, sink, target, collector):
    until(lambda: still_runs(collector) and sink.of("/v1development/profiles"), 60, "a profile")
    target.run()
    until(lambda: "block_sleep" in json.dumps(sink.of("/v1development/profiles")), 60, "the stack of the stall")
    check("nanoseconds" in json.dumps(sink.of("/v1development/profiles")), "its unit")


def profiles():
    """Profiles arrive, by the pprof receiver."""
    run_collector("profiles", judge_profiles)


CHECKS = (clickhouse, logs, metrics, profiles)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-k", action="append", choices=[one.__name__ for one in CHECKS], help="only these")
    chosen = parser.parse_args().k
    failed = passed = 0
    for one in CHECKS:
        if chosen and one.__name__ not in chosen:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="blockprof-fleet-") as directory:
            tempfile.tempdir = directory
            try:
                one()
            except (Failed, Skip, OSError, subprocess.TimeoutExpired) as failure:
                print("FAIL %s: %s" % (one.__name__, failure), flush=True)
                failed += 1
            else:
                print("PASS %s (%.1f s)" % (one.__name__, time.monotonic() - began), flush=True)
                passed += 1
            tempfile.tempdir = None
    print("%d passed, %d failed, 0 skipped" % (passed, failed))
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
