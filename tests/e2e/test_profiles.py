# SPDX-License-Identifier: GPL-2.0-or-later
"""Profiles and pictures of one recording, read by tools that are not ours."""

import importlib.util
import json
import os
import re
import struct
import subprocess
import tempfile
import xml.etree.ElementTree

from harness import BLOCKPROF, MS, SECOND, check, limit, need, need_program, run_blockprof, variants
from native import GO_CACHE, build, cargo_program, npm_program, run_tool

LONG = "long_" + "n" * 65000
NOW = {"time": "2026-01-31T23:59:59.000000000Z", "mono_ns": 5 * SECOND}
THREAD = {"pid": 4242, "tid": 4243, "comm": "worker", "loop": 1, "runtime": "asyncio"}


def frame(fn, file=None, line=0, **more):
    return {"fn": fn, "kind": "python", **({"file": file, "line": line} if file else {}), **more}


KERNEL = {"fn": "do_nanosleep", "kind": "kernel"}
OUTER = [frame("Handle._run", "/usr/lib/python3.11/asyncio/events.py", 80), frame("<module>", "/srv/app/main.py", 12)]
NATIVE = [
    {"fn": "operator new[](unsigned long)", "kind": "native", "module": "/srv/app/libfast.so", "inlined": True},
    {"fn": "std::vector<int, std::allocator<int> >::push_back(int&&)", "kind": "native", "module": "/srv/app/libfast.so"},
]
LIBRARY, PROGRAM = {"module": "/lib/x86_64/libfast.so.1", "build_id": "0a" * 20}, {"module": "/usr/bin/python3.11", "build_id": "c0de" * 10}
PLACED = [
    {"fn": "nap", "kind": "native", "offset": 0x1234, **LIBRARY},
    {"fn": "libfast.so.1+0x2345", "kind": "native", "offset": 0x2345, **LIBRARY},
    {"fn": "main", "kind": "native", "offset": 0x3456, **PROGRAM},
]
STACKS = {
    "placed": PLACED,
    "lambda": [KERNEL, frame("<lambda>", "/srv/app/rates.py", 7)] + OUTER,
    "native": NATIVE + OUTER,
    "long": [frame(LONG, "/srv/app/" + LONG + ".py", 1)] + OUTER,
    "deep": [frame("level_%d" % i, "/srv/app/deep.py", i + 1) for i in range(1000)],
    "hostile": [frame("</title><script>alert(1)</script>&\u202e;\x1b[31m\"'", "/a/<b>&.py", 3)] + OUTER,
}


def recording(directory, name, times):
    """A recording with one stall; times: {stack: milliseconds}."""
    slices = [
        {"cause": "sleep", "ns": ms * MS, "count": 2, "max_ns": ms * MS, "stack": STACKS[stack], "task": {"name": "rates-3"}}
        for stack, ms in times.items()
    ]
    total = sum(times.values()) * MS
    ledger = {"cpu_ns": 0, "runqueue_ns": 0, "throttled_ns": 0, "blocked_ns": total, "unknown_ns": 0}
    stall = {"turn": "4243-1", "ongoing": False, **THREAD, "duration_ns": total, "before_attach": False, "ledger": ledger}
    loop = {"exe": "/usr/bin/python3.11", "unit": "web.service", "container": "c0ffee"}
    records = [
        {"type": "start", "version": "1.0", "host": "here", "threshold_ns": 100 * MS},
        {"type": "loop", **THREAD, **loop},
        *([{"type": "stall", **stall, "cause": "sleep", "slices": slices}] if times else []),
        {"type": "summary", "duration_ns": 60 * SECOND, "loops": []},
    ]
    path = os.path.join(directory, name)
    with open(path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps({**NOW, **record}) + "\n")
    return path


def render(path, form):
    done = subprocess.run([BLOCKPROF, "report", "-F", form, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0 and not done.stderr, "report -F " + form, done.stderr)
    return done.stdout


def write(directory, name, data):
    path = os.path.join(directory, name)
    with open(path, "wb") as file:
        file.write(data)
    return path


def pprof(*arguments):
    """Go's own, which some releases bring as source only: built once, as tests that run side by side would each do it."""

    def make(directory):
        run_tool(["go", "build", "-o", directory, "cmd/pprof"], "building Go's pprof", env=GO_CACHE)

    program = os.path.join(build("go-pprof", make, [__file__]), "pprof")
    done = subprocess.run([program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=580)
    text = done.stdout.decode("utf-8")
    check(done.returncode == 0, "pprof " + " ".join(arguments), text, done.stderr.decode())
    return text


def raw_samples(text):
    """[(count, ns, [labels])] of pprof -raw."""
    samples = []
    for line in text.partition("Samples:\n")[2].partition("Locations\n")[0].splitlines()[1:]:
        values = re.match(r"\s+(\d+)\s+(\d+): ", line)
        if values:
            samples.append((int(values[1]), int(values[2]), []))
        else:
            samples[-1][2].extend(line.split())
    return samples


@limit(600)
def test_go_reads_pprof():
    need_program("go")
    with tempfile.TemporaryDirectory() as directory:
        path = recording(directory, "a.jsonl", {"lambda": 300, "native": 200, "long": 100, "deep": 50, "hostile": 40})
        profile = write(directory, "a.pb.gz", render(path, "pprof"))
        raw = pprof("-raw", profile)
        samples = raw_samples(raw)
        check("contentions/count delay/nanoseconds[dflt]" in raw, "sample types", raw[:2000])
        check([(count, ns // MS) for count, ns, _ in samples] == [(2, 300), (2, 200), (2, 100), (2, 50), (2, 40)], "samples", samples)
        labels = {"cause:[sleep]", "comm:[python3.11]", "thread:[worker]", "runtime:[asyncio]", "task:[rates-3]"}
        labels |= {"unit:[web.service]", "container:[c0ffee]"}
        for _, _, found in samples:
            check(labels <= set(found) and "pid:[4242 pid] tid:[4243 tid]" in " ".join(found), "labels", found)
        check(LONG in raw and "level_999 deep.py:1000" in raw, "long names, deep stacks", raw[-2000:])
        # what it writes of it itself, it reads as the same
        again = pprof("-proto", "-output", os.path.join(directory, "again.pb.gz"), profile)
        again = pprof("-raw", os.path.join(directory, "again.pb.gz"))
        check(sorted(raw_samples(again)) == sorted(samples), "-proto", again[:2000])


def mappings(raw):
    """[(start, limit, offset, name and more)] of pprof -raw."""
    lines = raw.partition("\nMappings\n")[2].splitlines()
    found = [re.match(r"\d+: 0x(\w+)/0x(\w+)/0x(\w+) (.*)", line) for line in lines]
    return [(*(int(one[i], 16) for i in (1, 2, 3)), one[4]) for one in found if one]


@limit(600)
def test_go_knows_files_by_build_id():
    """Which build of which file, and where in it; what has no name here may have one where the file is."""
    need_program("go")
    with tempfile.TemporaryDirectory() as directory:
        path = recording(directory, "a.jsonl", {"placed": 300, "lambda": 100})
        profile = write(directory, "a.pb.gz", render(path, "pprof"))
        raw = pprof("-raw", "-symbolize=none", profile)
        files = {one[3].split()[0]: one for one in mappings(raw)}
        check(mappings(raw)[0][3] == "python3.11 %s [FN][FL][LN]" % PROGRAM["build_id"], "the program comes first", raw)
        check(files["libfast.so.1"][3].split()[1] == LIBRARY["build_id"], "its build id", raw)
        check(files["[python]"][3] == "[python]  [FN][FL][LN]", "no file has none", raw)
        for frame in PLACED:
            start, limit, offset, _ = files[os.path.basename(frame["module"])]
            check(start < start - offset + frame["offset"] < limit, "inside", frame)
            check(" %#x " % (start - offset + frame["offset"]) in raw, "its place", frame, raw)
        top = pprof("-top", "-symbolize=none", "-nodefraction=0", profile)
        check(re.search(r" 300ms .* \[libfast.so.1\]$", top, re.M) and re.search(r" 300ms .* nap$", top, re.M), "names", top)


CHECK_VALID = """
package main

import (
	"fmt"
	"log"
	"os"

	"github.com/google/pprof/profile"
)

func main() {
	for _, path := range os.Args[1:] {
		file, err := os.Open(path)
		if err != nil {
			log.Fatal(err)
		}
		read, err := profile.Parse(file)
		if err == nil {
			err = read.CheckValid()
		}
		if err == nil {
			read, err = profile.Merge([]*profile.Profile{read, read.Copy()})
		}
		if err != nil {
			log.Fatal(path, ": ", err)
		}
		sum := int64(0)
		for _, sample := range read.Sample {
			sum += sample.Value[1]
		}
		fmt.Println(sum)
	}
}
"""
GO_PACKAGES = "/usr/share/gocode"


@limit(600)
def test_go_package_takes_it_for_valid():
    """google/pprof's own package: CheckValid, and merged with itself it is twice as much."""
    need_program("go")
    need(os.path.exists(GO_PACKAGES + "/src/github.com/google/pprof/profile"), "no golang-github-google-pprof-dev")
    with tempfile.TemporaryDirectory() as directory:
        source = write(directory, "check.go", CHECK_VALID.encode())
        full = write(directory, "a.pb.gz", render(recording(directory, "a.jsonl", {**ALL, "placed": 30}), "pprof"))
        empty = write(directory, "b.pb.gz", render(recording(directory, "b.jsonl", {}), "pprof"))
        environment = {**os.environ, **GO_CACHE, "GO111MODULE": "off", "GOPATH": GO_PACKAGES}
        done = subprocess.run(
            ["go", "run", source, full, empty], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=580
        )
        check(done.returncode == 0, "CheckValid", done.stderr.decode())
        check(done.stdout.decode().split() == [str(2 * (sum(ALL.values()) + 30) * MS), "0"], "sums", done.stdout)


@limit(600)
def test_go_keeps_names():
    need_program("go")
    with tempfile.TemporaryDirectory() as directory:
        path = recording(directory, "a.jsonl", {"lambda": 300, "native": 200, "hostile": 40})
        profile = write(directory, "a.pb.gz", render(path, "pprof"))
        top = pprof("-top", "-nodecount=1000", "-nodefraction=0", profile)
        check("File: python3.11\n" in top and "Type: delay\n" in top and "Duration: 60s" in top, "its head", top)
        for name in ("<lambda>", "<module>", "do_nanosleep", *(one["fn"] for one in NATIVE)):
            check(re.search(r"%s( \(inline\))?$" % re.escape(name), top, re.M), "%s is gone" % name, top)
        check("\x1b" not in top and "\u202e" not in top, "escapes reach the terminal", top)
        leaves = pprof("-top", "-tagleaf=cause", profile)
        check(re.search(r"^ +540ms +100% +100% +540ms +100% +sleep$", leaves, re.M), "-tagleaf", leaves)
        tags = pprof("-tags", profile)
        for value in ("sleep", "4242", "web.service"):
            check(re.search(r"540(\.00)?ms \( +100%%\): %s$" % value, tags, re.M), "-tags", value, tags)


@limit(600)
def test_go_subtracts():
    need_program("go")
    with tempfile.TemporaryDirectory() as directory:
        before = write(directory, "a.pb.gz", render(recording(directory, "a.jsonl", {"lambda": 300, "native": 100}), "pprof"))
        after = write(directory, "b.pb.gz", render(recording(directory, "b.jsonl", {"lambda": 50, "native": 400}), "pprof"))
        none = write(directory, "c.pb.gz", render(recording(directory, "c.jsonl", {}), "pprof"))
        same = pprof("-top", "-diff_base", before, before)
        check("Showing nodes accounting for 0, 0% of 400ms total" in same, "with itself", same)
        change = pprof("-top", "-diff_base", before, after)
        check(re.search(r"^ +300ms .* operator new\[\]\(unsigned long\)", change, re.M), "what grew", change)
        check(re.search(r"^ +-250ms .* do_nanosleep", change, re.M), "what shrank", change)
        check("Total samples = 0" in pprof("-top", none), "nothing")
        gone = pprof("-top", "-diff_base", before, none)
        check(re.search(r"^ +-300ms .* do_nanosleep", gone, re.M), "what is gone", gone)


ALL = {"lambda": 300, "native": 200, "long": 100, "deep": 50, "hostile": 40}


def test_speedscope_has_what_its_schema_asks_for():
    with tempfile.TemporaryDirectory() as directory:
        text = render(recording(directory, "a.jsonl", ALL), "speedscope").decode("utf-8")
        file = json.loads(text)
        check(file["$schema"] == "https://www.speedscope.app/file-format-schema.json", "schema", file["$schema"])
        frames = file["shared"]["frames"]
        for one in frames:
            check(isinstance(one["name"], str) and set(one) <= {"name", "file", "line"}, "a frame", one)
        (profile,) = file["profiles"]
        check((profile["type"], profile["unit"], profile["startValue"]) == ("sampled", "nanoseconds", 0), "type", profile)
        check(profile["name"] == "python3.11[4242] worker[4243] asyncio", "its name", profile["name"])
        stacks = [[frames[index]["name"] for index in sample] for sample in profile["samples"]]
        check(profile["weights"] == [ms * MS for ms in ALL.values()], "weights", profile["weights"])
        check(profile["endValue"] == sum(profile["weights"]), "endValue", profile["endValue"])
        inside = ["rates-3", "<module>", "Handle._run", "<lambda>", "do_nanosleep", "[sleep]"]
        check(stacks[0] == inside, "outermost first", stacks[0])
        check(any(LONG in stack for stack in stacks) and max(map(len, stacks)) == 1002, "long, deep", list(map(len, stacks)))


SPEEDSCOPE = "1.25.0"


@limit(120)
def test_speedscope_is_as_its_schema_has_it():
    """That which speedscope itself is published with."""
    need(importlib.util.find_spec("jsonschema"), "no python3-jsonschema")
    schema = npm_program("speedscope", SPEEDSCOPE, "dist/release/file-format-schema.json", "speedscope-schema")
    import jsonschema

    with open(schema, encoding="utf-8") as file:
        validator = jsonschema.Draft7Validator(json.load(file))
    with tempfile.TemporaryDirectory() as directory:
        for times in (ALL, {"placed": 3}, {}):
            file = json.loads(render(recording(directory, "a.jsonl", times), "speedscope"))
            wrong = [error.message for error in validator.iter_errors(file)]
            check(not wrong, "not as the schema has it", *wrong)
        # it does tell one that is wrong
        file["profiles"][0]["unit"] = "days"
        check(list(validator.iter_errors(file)), "a unit that is none")


def inferno(folded):
    done = subprocess.run([cargo_program("inferno")], input=folded, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    check(done.returncode == 0 and not done.stderr, "inferno", done.stderr)
    return xml.etree.ElementTree.fromstring(done.stdout)


def boxes_of(graph):
    """{function: microseconds} of a flame graph's titles: "do_io (x.py:3) (300,000 us, 50.00%)"."""
    titles = [title.text for title in graph.iter("{http://www.w3.org/2000/svg}title")]
    found = [re.match(r"(.*) \(([0-9,]+) us, (.*)%\)$", title, re.S) for title in titles]
    return {one[1]: int(one[2].replace(",", "")) for one in found if one}


@limit(300)
def test_inferno_draws_folded_stacks():
    """Each line with its weight, names as they are; of two recordings those of the later one."""
    with tempfile.TemporaryDirectory() as directory:
        path = recording(directory, "a.jsonl", {**ALL, "placed": 30})
        boxes = boxes_of(inferno(render(path, "folded")))
        check(boxes["all"] == 720_000 and boxes["[sleep]"] in [ms * 1000 for ms in (*ALL.values(), 30)], "the whole", boxes)
        for name, ms in ("<lambda> (rates.py:7)", 300), ("libfast.so.1+0x2345", 30), ("level_999 (deep.py:1000)", 50):
            check(boxes.get(name) == ms * 1000, name, boxes)
        before = recording(directory, "b.jsonl", {"lambda": 100, "native": 200})
        status, lines, said = run_blockprof("report", "-F", "folded", "--diff", before, path)
        check(status == 0, "report --diff", said)
        graph = inferno(lines.encode())
        # in an hour of a loop, by functions: their lines move from one version to the next
        found = boxes_of(graph)
        check(found["<lambda> (rates.py)"] == found["all"] * 300 // 720, "a difference", found)


def picture(directory, times, *options):
    path = os.path.join(directory, "a.svg")
    status, _, said = run_blockprof("report", *options, "-o", path, recording(directory, "a.jsonl", times))
    check(status == 0 and not said, "report", said)
    return path


def test_svg_is_xml():
    need_program("xmllint")
    with tempfile.TemporaryDirectory() as directory:
        path = picture(directory, ALL, "--width", "20000")
        # of libxml2's own limits a name of 64 KiB is far; without the network
        done = subprocess.run(["xmllint", "--nonet", "--noout", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        check(done.returncode == 0 and not done.stdout, "xmllint", done.stdout)
        root = xml.etree.ElementTree.parse(path).getroot()
        names = [title.text.rpartition(" - ")[0] for title in root.iter("{http://www.w3.org/2000/svg}title")]
        for name in ("<lambda> (rates.py:7)", "level_999 (deep.py:1000)", LONG, "do_nanosleep_[k]", "[sleep]"):
            check(any(name in found for found in names), "no box", name)
        check(any(found.startswith("</title><script>alert(1)</script>&\\xe2\\x80\\xae:") for found in names), "hostile", names)
        tags = {element.tag.partition("}")[2] for element in root.iter()}
        check(tags == {"svg", "title", "rect", "text", "g"}, "only these elements", tags)


def size_of(directory, path):
    """Of the picture as an image viewer shows it: width and height."""
    image = os.path.join(directory, "a.png")
    done = subprocess.run(["rsvg-convert", path, "-o", image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    check(done.returncode == 0, "rsvg-convert", done.stdout)
    with open(image, "rb") as file:
        data = file.read()
    width, height = struct.unpack(">II", data[16:24])
    return width, height


def test_svg_is_an_image():
    need_program("rsvg-convert")
    with tempfile.TemporaryDirectory() as directory:
        width, height = size_of(directory, picture(directory, {"lambda": 300, "native": 200}))
        check(width == 1200 and 200 < height < 400, "%d x %d" % (width, height))
        width, height = size_of(directory, picture(directory, {}, "--width", "500"))
        check(width == 500 and height < 100, "nothing: %d x %d" % (width, height))


@variants([("pprof", "pprof"), ("perfetto", "perfetto")])
def test_binary_is_not_for_a_terminal(form):
    """And says so; a pipe is none."""
    with tempfile.TemporaryDirectory() as directory:
        path = recording(directory, "a.jsonl", {"lambda": 300})
        master, slave = os.openpty()
        done = subprocess.run([BLOCKPROF, "report", "-F", form, path], stdout=slave, stderr=subprocess.PIPE)
        os.close(slave)
        os.set_blocking(master, False)
        try:
            shown = os.read(master, 1000)
        except OSError:  # nothing at all
            shown = b""
        os.close(master)
        check(done.returncode == 1 and not shown, "status %d" % done.returncode, shown)
        said = done.stderr.decode()
        check(said.count("\n") == 1 and "is a terminal" in said and "-o" in said, "what to do", said)
        status, _, said = run_blockprof("report", "-o", os.path.join(directory, "x"), "-F", form, path)
        check(status == 0 and not said, "into a file", said)
