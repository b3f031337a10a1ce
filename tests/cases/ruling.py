# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether what was said of a case is right: each stall of its program once, in full, in its place, and nothing else."""

import json
import os
import re

from records import check_records
from verdict import MS, Failed

# The first line of a verdict, where it names the place.
VERDICT = re.compile(r"^\d\d:\d\d:\d\d\.\d+ .*?\d (?:[mun]?s|min) (?:and still )?in (\S+)", re.M)
HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = frozenset(name for _, _, names in os.walk(HERE) for name in names)
SOON = 1000 * MS  # after the watch began it may be busy still with what there is
LINE_MOST = 1 << 20
BUSY = ("runqueue_ns", "throttled_ns")  # the machine's part of a turn


def overlap(stall, interval):
    return min(stall["mono_ns"] + stall["duration_ns"], interval.end_ns) - max(stall["mono_ns"], interval.start_ns)


def covers(stall, interval):
    """It is about this interval: most of the shorter of both is in the other."""
    return overlap(stall, interval) * 2 > min(stall["duration_ns"], interval.length_ns)


def tolerance(ns):
    return max(ns // 50, 8 * MS)


def machine_ns(stall):
    return sum(stall["ledger"][key] for key in BUSY)


def brief(stall, place=""):
    return "%s %.0f ms%s%s" % (
        stall["cause"],
        stall["duration_ns"] / MS,
        " in %s" % place if place else "",
        " (doubt: %s)" % stall["doubt"] if stall.get("doubt") else "",
    )


def is_own(frame, trial):
    """A frame of the program itself: one of its file's, or of what was compiled of it."""
    if frame["kind"] == "native":
        compiled = trial.case.program.endswith((".c", ".cpp"))
        if "-static" in trial.case.flags and not frame.get("file"):
            return False  # the C library's, which is not built with -g
        return compiled and os.path.basename(frame.get("module", "")) == os.path.basename(trial.command)
    return frame.get("file", "").startswith(HERE) or os.path.basename(frame.get("file", "")) in SOURCES


def place_of(trial, stall, causes=()):
    """The program's innermost function in what most of the turn was, or most of these causes; "?" without one."""
    slices = sorted(stall["slices"], key=lambda item: item["cause"] not in causes)
    if machine_ns(stall) * 3 < stall["duration_ns"]:
        slices = slices[:1]
    for slice_ in slices:
        for frame in slice_.get("stack", []):
            if frame["kind"] != "kernel" and is_own(frame, trial):
                return innermost_name(frame["fn"])
    return "?"


def innermost_name(fn):
    """Without class, namespace and arguments."""
    return re.split(r"\.|::", re.sub(r"\(.*", "", fn))[-1]


def named_otherwise(trial, stall, place):
    """What the text's verdict names, where that is another function."""
    found = VERDICT.search(trial.places.verdict(stall))
    name = found and innermost_name(found.group(1).rstrip(":"))
    return name if name and name != place and place != "?" else None


def chains_of(culprits):
    """Each way from the first to the last of those that were waited for, in words."""
    for culprit in culprits:
        word = culprit["kind"]
        for key in ("name", "comm"):
            if culprit.get(key):
                word += " " + culprit[key]
        if culprit.get("cause") and culprit["kind"] != "runner":
            word += " (%s%s)" % ("idle in " if culprit.get("idle") else "", culprit["cause"])
        if culprit.get("doubt"):
            word += " (doubt: %s)" % culprit["doubt"]
        if culprit.get("cycle"):
            word += " (cycle)"
        behind = list(chains_of(culprit.get("culprits", [])))
        yield from (word + " > " + rest for rest in behind) if behind else [word]


def parties_of(stall, causes):
    """Of the largest slice with one of these causes."""
    for slice_ in stall["slices"]:
        if slice_["cause"] in causes:
            found = list(chains_of(slice_.get("culprits", [])))
            if slice_.get("holder", {}).get("comm"):
                found.append("holder " + slice_["holder"]["comm"])
            if slice_.get("target", {}).get("peer_comm"):
                found.append("target " + slice_["target"]["peer_comm"])
            return found
    return []


class Ruling:
    """What is wrong with what was said of a trial, if anything, and what was said, in short."""

    def __init__(self, trial):
        self.case = trial.case
        self.trial = trial
        self.wrong = []
        self.told = []  # of stalls that are right to tell
        self.parties = 0  # that were said, and are to be judged
        self.false = []
        self.busy = 0
        self._check_recording()
        stalls = [record for record in trial.records if record["type"] == "stall" and self._is_of_case(record)]
        self.finals = [stall for stall in stalls if not stall["ongoing"]]
        self.ongoing = [stall for stall in stalls if stall["ongoing"]]
        self._judge_intervals()
        notes = [json.dumps(record) for record in trial.records if record["type"] == "note"]
        if self.case.note and not any(re.search(self.case.note, note) for note in notes):
            self.wrong.append("no such note: %s" % (" ".join(notes) or "none at all"))
        self._judge_others()
        self._judge_ongoing()

    def _is_of_case(self, record):
        return self.case.how != "system" or record["pid"] in self.trial.pids

    def _check_recording(self):
        if self.trial.status != 0:
            self.wrong.append("blockprof ended with status %s" % self.trial.status)
        longest = self.trial.places.longest_line
        if longest > LINE_MOST:
            self.wrong.append("a line of %.1f MiB" % (longest / (1 << 20)))
        try:
            check_records(
                self.trial.records, lost=True, started_ns=self.trial.started_ns, ended_ns=self.trial.ended_ns
            )
        except Failed as failed:
            self.wrong.append("recording: " + " ".join(str(failed).split())[:200])

    def _judge_intervals(self):
        missing = {label: stall.times for label, stall in self.case.expect.items()}
        for interval in self.trial.intervals:
            if not self.trial.judged(interval) or interval.end_ns > self.trial.until_ns - 50 * MS:
                continue
            missing[interval.label] -= 1
            self._judge_interval(interval, self.case.expect[interval.label])
        for label, times in missing.items():
            if times > 0:
                message = "the program had %d too few of %s while it was watched" % (times, label)
                raise Failed(message, *self.trial.intervals[-5:])
        if any(stall.party_dear for stall in self.case.expect.values()) and not self.parties:
            self.wrong.append("none has its party")

    def _judge_interval(self, interval, expected):
        finals = [stall for stall in self.finals if covers(stall, interval)]
        soon = not expected.before and interval.start_ns < self.trial.watching_ns + SOON
        if not finals and (expected.counted or soon) and self._is_counted(interval, expected):
            self.told.append("counted")
            return
        if not finals:
            word = "neither told nor counted" if expected.counted else "not told"
            self.wrong.append("%s of %.0f ms: %s" % (interval.label, interval.length_ns / MS, word))
            return
        if len(finals) > 1:
            self.wrong.append(
                "%s of %.0f ms: told %d times: %s"
                % (interval.label, interval.length_ns / MS, len(finals), ", ".join(map(brief, finals)))
            )
        stall = max(finals, key=lambda stall: overlap(stall, interval))
        place = place_of(self.trial, stall, expected.cause)
        self.told.append(brief(stall, place) + self._party_said(stall, expected))
        reasons = list(self._faults(stall, place, interval, expected))
        if reasons:
            self.wrong.append("%s of %.0f ms: %s" % (interval.label, interval.length_ns / MS, "; ".join(reasons)))

    def _is_counted(self, interval, expected):
        """Among the turns of what was not known as a loop yet (or all discarded ones): one that was long enough to be this."""
        seen_ns = min(interval.end_ns - self.trial.watching_ns, interval.length_ns)
        discarded = self.trial.records[-1].get("discarded", {})
        longest = max(
            (turns["longest_ns"] for reason, turns in discarded.items() if expected.counted or reason == "provisional"),
            default=0,
        )
        return longest >= seen_ns - tolerance(interval.length_ns)

    def _faults(self, stall, place, interval, expected):
        allowed = tolerance(interval.length_ns) + expected.slack_ms * MS
        longer = stall["duration_ns"] - interval.length_ns
        busy = machine_ns(stall) * 3 > stall["duration_ns"]
        least = -allowed
        if expected.before:
            # where the start cannot be known, the moment of attaching stands for it
            least -= max(0, self.trial.watching_ns - interval.start_ns)
            if not stall["before_attach"]:
                yield "before_attach is not set"
        elif stall["ledger"]["unknown_ns"]:
            yield "%.1f ms unknown" % (stall["ledger"]["unknown_ns"] / MS)
        if not least <= longer <= allowed + machine_ns(stall):
            yield "told as %.1f ms, was %.1f" % (stall["duration_ns"] / MS, interval.length_ns / MS)
        if stall["cause"] not in expected.cause and not busy:
            yield "cause is %s" % stall["cause"]
        if expected.fn and place not in expected.fn.split("|") and not (busy and place == "?"):
            yield "place is %s" % place
        other = expected.fn and named_otherwise(self.trial, stall, place)
        if other:
            yield "the text names %s" % other
        yield from self._party_faults(stall, expected)
        advice = stall.get("advice", "")
        if expected.advice is not None and not busy:
            if not re.search(expected.advice, advice) if expected.advice else advice:
                yield "advice is %s" % (advice or "not given")
        if stall.get("doubt") and stall["doubt"] not in expected.doubt:
            yield "doubt: %s" % stall["doubt"]

    def _party_said(self, stall, expected):
        if expected.party is None:
            return ""
        return " <- " + (", ".join(parties_of(stall, expected.cause)[:2]) or "nobody")

    def _party_faults(self, stall, expected):
        found = parties_of(stall, expected.cause)
        if expected.party is None or machine_ns(stall) * 3 > stall["duration_ns"]:
            return
        if not expected.party:
            if found:
                yield "party is %s" % ", ".join(found)
            return
        right = any(re.search(expected.party, party) for party in found)
        if expected.party_dear and not right:
            return
        self.parties += 1
        if not right:
            yield "party is %s" % (", ".join(found) or "not said")
        text = self.trial.places.verdict(stall)
        if not re.search(expected.party_text or expected.party, text):
            yield "the text does not name the party: %s" % " | ".join(text.split("\n")[:12])

    def _is_true(self, stall):
        """By the program's own clock: a block that the row knows of, or ticks that stayed out."""
        return any(
            covers(stall, interval)
            for interval in self.trial.intervals
            if interval.label in self.case.expect or interval.label == "gap"
        )

    def _judge_others(self):
        threshold = self.trial.records[0]["threshold_ns"]
        for stall in self.finals:
            if self._is_true(stall):
                self._judge_length(stall)
                continue
            if stall.get("doubt") in self.case.doubt and stall.get("doubt"):
                continue
            if stall["duration_ns"] - machine_ns(stall) < threshold:
                self.busy += 1
                continue
            self.false.append(brief(stall, place_of(self.trial, stall)))
        if self.false:
            self.wrong.append("%d false: %s" % (len(self.false), ", ".join(self.false[:3])))

    def _judge_length(self, stall):
        """Also what was joined at attach, and need not have been told, was no longer than it was."""
        covered = [interval for interval in self.trial.intervals if covers(stall, interval)]
        if any(map(self.trial.judged, covered)):
            return
        lengths = [interval.length_ns for interval in covered]
        slack = max((expected.slack_ms for expected in self.case.expect.values()), default=0) * MS
        if stall["duration_ns"] > sum(lengths) + tolerance(max(lengths)) + machine_ns(stall) + slack:
            self.wrong.append("told as %s, was %.0f ms" % (brief(stall), sum(lengths) / MS))

    def _judge_ongoing(self):
        """Each was told in the end, or withdrawn if it was none."""
        ended = {stall["turn"] for stall in self.finals}
        last = {stall["turn"]: stall for stall in self.ongoing}
        withdrawn = {record.get("turn") for record in self.trial.records if record["type"] == "withdrawn"}
        for turn, stall in last.items():
            if turn in ended or stall.get("doubt") in self.case.doubt and stall.get("doubt"):
                continue
            if turn in withdrawn and self._is_true(stall):
                continue
            how = "withdrawn" if turn in withdrawn else "told while it lasted, never ended"
            self.wrong.append("%s: %s" % (how, brief(stall, place_of(self.trial, stall))))

    @property
    def said(self):
        words = []
        counts = {}
        for told in self.told:
            key = re.sub(r" \d+ ms", "", told)
            counts.setdefault(key, []).append(told)
        for told in counts.values():
            words.append(told[0] + (" x%d" % len(told) if len(told) > 1 else ""))
        if self.false:
            words.append("false: " + ", ".join(self.false[:2]))
        if self.busy:
            words.append("busy machine x%d" % self.busy)
        lost = self.trial.records[-1].get("lost")
        if lost:  # which is said, and what it hides is missed by other means
            words.append("lost " + ", ".join("%s %d" % item for item in lost.items()))
        return "; ".join(words) or "no stall"


def truth_of(case):
    """The table's second column."""
    words = []
    for label, stall in case.expect.items():
        place = " in " + stall.fn if stall.fn else ""
        party = " <- " + (stall.party or "nobody") if stall.party is not None else ""
        advice = " (advice: %s)" % (stall.advice or "none") if stall.advice is not None else ""
        words.append("%s%s: %s%s%s%s" % (label, " (begun before)" * stall.before, "|".join(stall.cause), place, party, advice))
    return "; ".join(words) or "no stall"
