# SPDX-License-Identifier: GPL-2.0-or-later
"""A Perfetto trace read by our own definition of it, and what its readers ask of one."""

from protobuf import Definitions
from verdict import check

PROTO = Definitions("perfetto.proto")
BEGIN, END, INSTANT, COUNTER = 1, 2, 3, 4
CLEARED, NEEDS = 1, 2
REALTIME, MONOTONIC, BOOTTIME = 1, 3, 6


class Interned:
    """Numbers that hold from where they were given to where the state is cleared."""

    def __init__(self):
        self.rows = {}

    def add(self, data):
        for table in ("function_names", "source_paths", "mapping_paths", "build_ids", "mappings", "frames", "callstacks"):
            rows = self.rows.setdefault(table, {})
            for row in data.get(table, []):
                check(row["iid"] > 0 and row["iid"] not in rows, "%s: a number of its own, not 0" % table, row)
                rows[row["iid"]] = row
        for mapping in data.get("mappings", []):
            for path in mapping.get("path_string_ids", []):
                self.get("mapping_paths", path)
            if "build_id" in mapping:
                self.get("build_ids", mapping["build_id"])
        for frame in data.get("frames", []):
            self.get("function_names", frame["function_name_id"])
            check(("mapping_id" in frame) == ("rel_pc" in frame), "an address is one of a file", frame)
            if "mapping_id" in frame:
                self.get("mappings", frame["mapping_id"])
            if "source_path_iid" in frame:
                self.get("source_paths", frame["source_path_iid"])
        for stack in data.get("callstacks", []):
            check(stack.get("frame_ids"), "no empty stack", stack)
            for frame in stack["frame_ids"]:
                self.get("frames", frame)

    def get(self, table, iid):
        check(iid in self.rows.get(table, {}), "%s: %d is not known" % (table, iid))
        return self.rows[table][iid]

    def text(self, table, iid):
        return self.get(table, iid)["str"].decode("utf-8")

    def stack(self, iid):
        """Names, outermost first."""
        frames = [self.get("frames", frame) for frame in self.get("callstacks", iid)["frame_ids"]]
        return [self.text("function_names", frame["function_name_id"]) for frame in frames]


class Trace:
    """tracks {uuid: descriptor}, events in their order (with `stack` as names, `frames`), snapshot {clock: ns}, epochs."""

    def __init__(self, data):
        self.tracks, self.events, self.epochs = {}, [], 0
        packets = PROTO.decode("Trace", data)["packet"]
        for packet in packets:
            self._take(packet)
        self._check_nesting()
        self._check_flows()

    def _take(self, packet):
        flags = packet["sequence_flags"]
        check(packet["trusted_packet_sequence_id"] > 0 and flags in (CLEARED, NEEDS), "one sequence", packet)
        check(self.epochs or flags == CLEARED, "it begins with its state", packet)
        if flags == CLEARED:
            check(packet["trace_packet_defaults"]["timestamp_clock_id"] == MONOTONIC, "the clock", packet)
            self.epochs += 1
            self.interned = Interned()
        check(("clock_snapshot" in packet) == (flags == CLEARED and self.epochs == 1), "one snapshot", packet)
        if "clock_snapshot" in packet:
            snapshot = packet["clock_snapshot"]
            self.snapshot = {clock["clock_id"]: clock["timestamp"] for clock in snapshot["clocks"]}
            check({REALTIME, MONOTONIC} <= set(self.snapshot), "clocks", snapshot)
            check(snapshot["primary_trace_clock"] in self.snapshot, "primary clock", snapshot)
        if "track_descriptor" in packet:
            track = packet["track_descriptor"]
            check(track["uuid"] > 0 and track.get("parent_uuid", track["uuid"]) in {*self.tracks, track["uuid"]}, "a track", track)
            self.tracks[track["uuid"]] = track
        self.interned.add(packet.get("interned_data", {}))
        if "track_event" in packet:
            event = packet["track_event"]
            check(event["track_uuid"] in self.tracks, "its track is known", event)
            check(("callstack_iid" in event) == ("callstack_weight" in event), "a stack has a weight", event)
            if "callstack_iid" in event:
                event["stack"] = self.interned.stack(event["callstack_iid"])
                frames = self.interned.get("callstacks", event["callstack_iid"])["frame_ids"]
                event["frames"] = [self._whole(self.interned.get("frames", frame)) for frame in frames]
            self.events.append({**event, "ns": packet["timestamp"]})

    def _whole(self, frame):
        """What its numbers stand for."""
        whole = {**frame, "name": self.interned.text("function_names", frame["function_name_id"])}
        if "source_path_iid" in frame:
            whole["source"] = self.interned.text("source_paths", frame["source_path_iid"])
        if "mapping_id" in frame:
            mapping = self.interned.get("mappings", frame["mapping_id"])
            whole["path"] = self.interned.text("mapping_paths", mapping["path_string_ids"][0])
            if "build_id" in mapping:
                whole["build_id"] = self.interned.get("build_ids", mapping["build_id"])["str"].hex()
        return whole

    def _check_nesting(self):
        """Sorted as readers do, each end is of what began last on its track; depth and length of each."""
        open_ = {}
        for event in sorted(self.events, key=lambda event: event["ns"]):
            stack = open_.setdefault(event["track_uuid"], [])
            event["depth"] = len(stack)
            if event["type"] == BEGIN:
                stack.append(event)
            elif event["type"] == END:
                check(stack, "an end of nothing", event)
                begun = stack.pop()
                begun["length_ns"] = event["ns"] - begun["ns"]
                event["begun"] = begun
        for stack in open_.values():
            check(not stack, "all have an end", stack)

    def _check_flows(self):
        sources = {}
        for event in self.events:
            for flow in event.get("flow_ids", []):
                check(flow not in sources, "a flow's own number", event)
                sources[flow] = event
        ends = [(flow, event) for event in self.events for flow in event.get("terminating_flow_ids", [])]
        check(sorted(flow for flow, _ in ends) == sorted(sources), "each flow goes somewhere", ends)
        for flow, event in ends:
            check(sources[flow]["ns"] <= event["ns"], "forward", event)
            event.setdefault("from", []).append(sources[flow])

    def named(self, name):
        """Events of the tracks with this name, or of this process or thread."""
        return [event for event in self.events if name in self.names(event["track_uuid"])]

    def names(self, uuid):
        track = self.tracks[uuid]
        return [
            name
            for name in (
                track.get("name"),
                track.get("process", {}).get("process_name"),
                track.get("thread", {}).get("thread_name"),
            )
            if name
        ]

    def lost_ns(self):
        """What all stacks add up to."""
        return round(sum(event.get("callstack_weight", 0) for event in self.events))


def arguments(event):
    return {one["name"]: one.get("string_value", one.get("uint_value")) for one in event.get("debug_annotations", [])}
