"""Compares what both sides say, with the differences of docs/DIFFERENCES.md expected."""
import dataclasses
import fnmatch
import pathlib
import re

root = pathlib.Path(__file__).resolve().parent.parent.parent
# Microseconds that packets get after each call when scripts that differ are run once more.
PATIENCE = 20000


@dataclasses.dataclass
class Expected:
    """A row of the table: where the sides differ, and how."""

    script: str
    call: str
    kernel: str
    ours: str
    heading: str = ""
    seen: bool = False

    def covers(self, script, call, kernel, ours):
        return (matches(script, self.script) and matches(call, self.call)
                and matches(kernel, self.kernel) and matches(ours, self.ours))


def matches(text, pattern):
    """Whether `text` is what a pattern with `*`, `?` and `{one,other}` stands for."""
    found = re.search(r"\{([^{}]*)\}", pattern)
    if found:
        return any(matches(text, pattern[:found.start()] + choice + pattern[found.end():])
                   for choice in found[1].split(","))
    # Brackets are part of addresses, not of patterns.
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def expected_differences(headings, path=root / "docs/DIFFERENCES.md"):
    """The rows of the tables below some headings."""
    rows, heading = [], ""
    for line in path.read_text().splitlines():
        if line.startswith("## "):
            heading = line[3:].strip()
        if heading not in headings or not line.startswith("| `"):
            continue
        cells = [cell.strip().strip("`") for cell in line.replace("\\|", "\0").split("|")[1:-1]]
        cells = [cell.replace("\0", "|") for cell in cells]
        rows.append(Expected(*cells[:4], heading))
    return rows


def differences(script, kernel, ours, has_signals=True):
    """Calls whose results differ: (call, kernel's, ours)."""
    found = []
    if not is_said(ours):
        return []
    for place, call in enumerate(script.lines):
        one = kernel[place][1] if place < len(kernel) else "not reached"
        two = ours[place][1] if place < len(ours) else "not reached"
        if not has_signals:
            one = one.removesuffix(" SIGPIPE")
        if one != two:
            found.append((call, one, two))
    return found


def is_said(results):
    """Whether an interface has words for all calls of a script; else it is not for it."""
    return all(result != "?" for _, result in results)


@dataclasses.dataclass
class Comparison:
    """What came of comparing two sides."""

    complaints: list[str]
    listed: int
    compared: int


def compare(scripts, kernel, ours, are_all=True):
    """What there is to say of how `ours` differs from the measure.

    With all scripts, also which expected differences were not seen."""
    results = kernel.run(scripts), ours.run(scripts)

    def found(script):
        return differences(script, *(result[script.name] for result in results),
                           has_signals=ours.has_signals)

    differing = [script for script in scripts if found(script)]
    # Once more with time for every packet: what was only late is no difference.
    for side, result in zip((kernel, ours), results):
        result.update(side.run(differing, PATIENCE))
    expected = expected_differences(ours.headings)
    complaints, listed = [], 0
    for script in scripts:
        unlisted = []
        for call, one, two in found(script):
            rows = [row for row in expected if row.covers(script.name, call, one, two)]
            for row in rows:
                row.seen = True
            if rows:
                listed += 1
            else:
                unlisted.append(f"    {call}\n        {one}  (kernel)\n        {two}  (Sockeye)")
        if unlisted:
            complaints.append("\n".join([script.name, *unlisted]))
    for row in expected:
        is_strict = ours.is_whole and row.heading == ours.headings[0]
        if are_all and is_strict and not row.seen:
            complaints.append(f"docs/DIFFERENCES.md: no longer so: {row.script}: {row.call}")
    compared = sum(1 for script in scripts if is_said(results[1][script.name]))
    return Comparison(complaints, listed, compared)
