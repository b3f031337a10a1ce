# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a process belongs: containers and pods, by what engines and the kubelet leave on a machine."""

import contextlib
import gzip
import os
import re
import uuid

from harness import Blockprof, Target, check, exclusive, limit, until, variants
from homes import Named, Tree
from journal import Listener, fields_of
from service import sleeper
from web import WebService, bearer, token_of

NAMESPACE_FILE = "run/secrets/kubernetes.io/serviceaccount/namespace"


class Made:
    """Identifiers that nobody else has."""

    def __init__(self):
        self.id = os.urandom(32).hex()
        self.node = os.urandom(32).hex()
        self.uid = str(uuid.uuid4())

    def pod_slice(self, prefix="", qos="burstable"):
        """As the kubelet names it with systemd's driver."""
        parts = ["%skubepods" % prefix, "%skubepods-%s" % (prefix, qos)]
        parts.append("%s-pod%s" % (parts[-1], self.uid.replace("-", "_")))
        return "/".join(part + ".slice" for part in parts)

    def link(self, pod="web-7d9", namespace="shop", container="app"):
        return {"var/log/containers/%s_%s_%s-%s.log" % (pod, namespace, container, self.id): ""}

    def others(self):
        """Links and directories of other pods."""
        files = {}
        for i in range(300):
            files["var/log/containers/other-%d_default_app-%s.log" % (i, os.urandom(32).hex())] = ""
            files["var/log/pods/default_other-%d_%s/app/0.log" % (i, uuid.uuid4())] = ""
        return files


def row_of(layout):
    """cgroup: its path; files: of the machine; inside: of the pod; host_name: that it sees, if another
    than the machine's; name, pod, namespace: what is to be found; words: how the report says it."""
    made = Made()
    row = {"layout": layout, "files": {}, "inside": {}, "host_name": "", "container": made.id}
    row.update({"name": None, "pod": None, "namespace": None})
    row.update(LAYOUTS[layout](made))
    return row


def docker(made, name):
    return {
        "var/lib/docker/containers/%s/config.v2.json" % made.id: {"ID": made.id, "State": {"Pid": 1}, "Name": name}
    }


def podman(made, place="var/lib/containers/storage/overlay-containers/containers.json"):
    others = [{"id": os.urandom(32).hex(), "names": ["other-%d" % i]} for i in range(50)]
    return {place: others + [{"id": made.id, "names": ["web", "alias"], "image": "x"}]}


WHOLE = {"name": "app", "pod": "web-7d9", "namespace": "shop", "words": "pod shop/web-7d9 (app)"}

LAYOUTS = {
    "containerd": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "files": {**made.others(), **made.link()},
        "host_name": "not-the-pods",
        **WHOLE,
    },
    "containerd_cgroupfs": lambda made: {
        "cgroup": "kubepods/besteffort/pod%s/%s" % (made.uid, made.id),
        "files": {**made.others(), **made.link()},
        **WHOLE,
    },
    "crio": lambda made: {
        "cgroup": made.pod_slice(qos="besteffort") + "/crio-%s.scope/container" % made.id,
        "files": made.link(),
        **WHOLE,
    },
    "logs_of_pods": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "files": {**made.others(), "var/log/pods/shop_web-7d9_%s/app/0.log" % made.uid: ""},
        "pod": "web-7d9",
        "namespace": "shop",
        "words": "pod shop/web-7d9",
    },
    "docker_of_kubelet": lambda made: {
        "cgroup": made.pod_slice() + "/docker-%s.scope" % made.id,
        "files": {**made.link(), **docker(made, "/k8s_app_web-7d9_shop")},
        **WHOLE,
    },
    "kind": lambda made: {
        "cgroup": "docker/%s/kubelet.slice/%s/cri-containerd-%s.scope"
        % (made.node, made.pod_slice("kubelet-"), made.id),
        "inside": {NAMESPACE_FILE: "shop"},
        "host_name": "web-7d9",
        "pod": "web-7d9",
        "namespace": "shop",
        "words": "pod shop/web-7d9",
    },
    "host_name_with_domain": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "host_name": "web-0.web.shop.svc.cluster.local",
        "pod": "web-0",
        "words": "pod web-0",
    },
    "host_network": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "inside": {NAMESPACE_FILE: "kube-system\n"},
        "namespace": "kube-system",
        "words": "container %s in namespace kube-system" % made.id[:12],
    },
    "host_network_with_link": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "files": made.link("proxy-x2b", "kube-system", "kube-proxy"),
        "name": "kube-proxy",
        "pod": "proxy-x2b",
        "namespace": "kube-system",
        "words": "pod kube-system/proxy-x2b (kube-proxy)",
    },
    "no_files": lambda made: {
        "cgroup": made.pod_slice() + "/crio-%s.scope" % made.id,
        "words": "container %s" % made.id[:12],
    },
    "docker": lambda made: {
        "cgroup": "system.slice/docker-%s.scope" % made.id,
        "files": docker(made, "/web"),
        "name": "web",
        "words": "container web",
    },
    "docker_cgroupfs": lambda made: {
        "cgroup": "docker/%s" % made.id,
        "files": docker(made, "/web_1.a"),
        "name": "web_1.a",
        "words": "container web_1.a",
    },
    "podman": lambda made: {
        "cgroup": "machine.slice/libpod-%s.scope/container" % made.id,
        "files": podman(made),
        "name": "web",
        "words": "container web",
    },
    "podman_volatile": lambda made: {
        "cgroup": "libpod_parent/libpod-%s" % made.id,
        "files": podman(made, "run/containers/storage/overlay-containers/volatile-containers.json"),
        "name": "web",
        "words": "container web",
    },
    "podman_rootless": lambda made: {
        "cgroup": "user.slice/user-1000.slice/user@1000.service/user.slice/libpod-%s.scope" % made.id,
        "files": podman(made),
        "words": "container %s" % made.id[:12],
    },
    "named_as_a_pod_by_a_user": lambda made: {
        "cgroup": "user.slice/user-1000.slice/user@1000.service/%s/crio-%s.scope" % (made.pod_slice(), made.id),
        "files": made.link(),
        "inside": {NAMESPACE_FILE: "shop"},
        "host_name": "web-7d9",
        "words": "container %s" % made.id[:12],
    },
    "names_that_none_allows": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "files": {
            **made.link("Web", "shop", "app"),
            **made.link("web", "sh.op", "app"),
            **made.link("web", "shop", "a\x1bpp"),
            **made.link("web", "shop", ""),
            "var/log/pods/shop_-web_%s/app/0.log" % made.uid: "",
        },
        "inside": {NAMESPACE_FILE: "../shop"},
        "host_name": "WEB\x1b[31m",
        "words": "container %s" % made.id[:12],
    },
    "docker_name_that_none_allows": lambda made: {
        "cgroup": "system.slice/docker-%s.scope" % made.id,
        "files": docker(made, "/web\x1b[31m"),
        "words": "container %s" % made.id[:12],
    },
    "docker_file_cut_off": lambda made: {
        "cgroup": "system.slice/docker-%s.scope" % made.id,
        "files": {"var/lib/docker/containers/%s/config.v2.json" % made.id: '{"Name":"/web"'},
        "words": "container %s" % made.id[:12],
    },
    "files_that_hang": lambda made: {
        "cgroup": made.pod_slice() + "/cri-containerd-%s.scope" % made.id,
        "files": {"var/log/containers": None, "var/log/pods": None},
        "inside": {NAMESPACE_FILE: None},
        "host_name": "web-7d9",
        "pod": "web-7d9",
        "words": "pod web-7d9",
    },
}


def found_in(record, row):
    """Whether that loop record says what the row has, and no more."""
    expected = {"container": row["container"], "container_name": row["name"], "pod": row["pod"]}
    expected["namespace"] = row["namespace"]
    return {key: record.get(key) for key in expected} == expected


def start(stack, row):
    """A target that belongs where the row says."""
    cgroup = stack.enter_context(Named(row["cgroup"]))
    pod = stack.enter_context(Tree(row["inside"]))
    prefix = cgroup.prefix() + pod.pod_prefix(row["host_name"])
    return stack.enter_context(Target("sleep", "--count=1", prefix=prefix))


def pids_of_finals(records):
    return {record["pid"] for record in records if record["type"] == "stall" and not record["ongoing"]}


# On one machine; what hangs, or is not there at all, is so on another.
ELSEWHERE = ("files_that_hang", "no_files", "kind")
MACHINES = [("all", [name for name in LAYOUTS if name not in ELSEWHERE])] + [(name, [name]) for name in ELSEWHERE]


@limit(120)
@variants(MACHINES)
def test_homes(layouts):
    rows = [row_of(layout) for layout in layouts]
    files = {}
    for row in rows:
        for path, content in row.pop("files").items():
            # Podman has one list of all
            files[path] = files[path] + content if isinstance(files.get(path), list) else content
    with contextlib.ExitStack() as stack:
        tree = stack.enter_context(Tree(files))
        targets = [start(stack, row) for row in rows]
        pids = [target.pid for target in targets]
        blockprof = stack.enter_context(Blockprof("-t", "50ms", pids=pids, prefix=tree.prefix()))
        for target in targets:
            blockprof.wait_loop(target.pid)
            target.go()
        for target in targets:
            target.wait_done()
        blockprof.wait_records(lambda records: pids_of_finals(records) >= set(pids))
        blockprof.stop()
    for row, target in zip(rows, targets):
        loops = [loop for loop in blockprof.loops if loop["pid"] == target.pid]
        check(loops and all(found_in(loop, row) for loop in loops), "where it belongs", row, *loops)
        subject = r"python3\S*\[%d\] asyncio, %s, task " % (target.pid, re.escape(row["words"]))
        check(re.search(subject, blockprof.stdout), "the report does not say %s" % row["words"], blockprof.stdout)


def test_homes_link_that_comes_later():
    """As the kubelet makes it when the container runs already."""
    row = row_of("containerd")
    (late,) = [path for path in row["files"] if path.startswith("var/log/containers/web-7d9_")]
    del row["files"][late]
    row["host_name"] = ""
    with contextlib.ExitStack() as stack:
        tree = stack.enter_context(Tree(row["files"]))
        target = start(stack, row)
        with Blockprof("-t", "50ms", pids=[target.pid], prefix=tree.prefix()) as blockprof:
            blockprof.wait_loop(target.pid)
            (first,) = [record for record in blockprof.peek() if record["type"] == "loop"]
            check("pod" not in first, "a pod that was not to be known", first)
            tree.write(late, "")
            blockprof.wait_records(lambda records: any("pod" in record for record in records), 20)
            target.run()
    check(found_in(blockprof.loops[-1], row), "where it belongs", *blockprof.loops)
    check(row["words"] in blockprof.stdout, "the report", blockprof.stdout)


@exclusive
def test_homes_in_the_service():
    """In its journal, metrics and profiles."""
    row = row_of("containerd")
    with contextlib.ExitStack() as stack:
        cgroup = stack.enter_context(Named(row["cgroup"]))
        tree = stack.enter_context(Tree(row["files"]))
        os.makedirs(os.path.join(tree.directory, "run/systemd/journal"))
        journal = Listener(os.path.join(tree.directory, "run/systemd/journal/socket"))
        stderr = open(os.path.join(tree.directory, "stderr"), "w+b")
        info = os.fstat(stderr.fileno())
        target = stack.enter_context(sleeper(0.4, prefix=cgroup.prefix()))
        environment = {"JOURNAL_STREAM": "%d:%d" % (info.st_dev, info.st_ino)}
        with WebService("-t", "150ms", prefix=tree.prefix(), env=environment, stderr=stderr) as service:
            service.wait_watching()
            until(lambda: b'pod="web-7d9"' in service.get("/metrics")[2], 10, "a loop in the metrics")
            target.run()
            until(lambda: journal.messages, 10, "an entry in the journal")
            until(lambda: b"blockprof_stalls_total" in service.get("/metrics")[2], 10, "the stall in the metrics")
            metrics = service.get("/metrics")[2].decode()
            profile = service.get("/debug/pprof/block", headers=bearer(token_of(service)))[2]
    (fields,) = [fields_of(message) for message in journal.messages]
    expected = {
        "BLOCKPROF_CONTAINER": row["container"],
        "BLOCKPROF_CONTAINER_NAME": "app",
        "BLOCKPROF_POD": "web-7d9",
        "BLOCKPROF_NAMESPACE": "shop",
    }
    check({name: fields.get(name) for name in expected} == expected, "the journal's fields", fields)
    check(re.fullmatch(r"[1-9]\d*", fields.get("BLOCKPROF_LOOP", "")), "the loop's number", fields)
    labels = 'container="app",pod="web-7d9",namespace="shop"'
    check(labels in metrics, "labels", metrics)
    strings = gzip.decompress(profile)
    check(all(word in strings for word in (b"pod", b"web-7d9", b"container", b"app")), "the profile's labels", strings)
