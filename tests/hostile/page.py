# SPDX-License-Identifier: GPL-2.0-or-later
"""The last page: attack x what was refused or counted x honest stalls right x memory x CPU."""

COLUMNS = ("attack", "refused or counted", "honest right", "MiB before/peak/after", "CPU %", "late ms", "end s")


class Row:
    """One phase."""

    def __init__(self, name):
        self.name = name
        self.counted = {}
        self.right = self.all = 0
        self.memory = {}  # watcher: (before, peak, after)
        self.cpu = {}  # watcher: share of one CPU
        self.late_ms = None
        self.end_s = None

    def cells(self):
        return (
            self.name,
            " ".join("%s=%d" % item for item in sorted(self.counted.items())) or "nothing",
            "%d/%d" % (self.right, self.all),
            " ".join("%s %.0f/%.0f/%.0f" % (name, *mib) for name, mib in self.memory.items()),
            " ".join("%s %.0f" % (name, share * 100) for name, share in self.cpu.items()),
            "" if self.late_ms is None else "%.0f" % self.late_ms,
            "" if self.end_s is None else "%.2f" % self.end_s,
        )


def table(rows):
    lines = [COLUMNS] + [row.cells() for row in rows]
    widths = [max(len(line[at]) for line in lines) for at in range(len(COLUMNS))]
    return "\n".join(" | ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)


def counted_of(summary):
    """What a summary says was lost, refused or discarded, in one dict."""
    counted = dict(summary.get("lost", {}))
    counted.update({"blind:" + name: count for name, count in summary.get("blind", {}).items()})
    counted.update({"turns:" + name: turns["count"] for name, turns in summary.get("discarded", {}).items()})
    return {name: count for name, count in counted.items() if count}
