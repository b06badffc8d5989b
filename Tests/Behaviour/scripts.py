"""Reads scripts of calls: tables are multiplied out, abbreviations put in. README.md tells the language."""
import dataclasses
import itertools
import pathlib
import re

here = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass
class Script:
    """Calls in their order, under a name that no other script has."""

    name: str
    lines: list[str]


def substitute(text, values):
    """Puts values in the place of `$name`, or one word of a value in that of `$name.1`."""
    def value(found):
        chosen = values.get(found[1])
        if chosen is None:
            return found[0]
        return chosen.split()[int(found[2]) - 1] if found[2] else chosen
    return re.sub(r"\$(\w+)(?:\.([1-9]))?", value, text)


class Reader:
    """Reads files of scripts; abbreviations of common.calls hold in all."""

    def __init__(self):
        self.abbreviations = {}
        self.common = {}
        self.read(here / "common.calls")
        self.common = dict(self.abbreviations)

    def expand(self, line):
        """The calls that a line stands for; `-` stands for none."""
        calls = []
        for part in line.split(";"):
            words = part.split()
            if not words or words == ["-"]:
                continue
            if words[0] in self.abbreviations:
                arguments = {str(place): word for place, word in enumerate(words) if place}
                calls += self.expand(substitute(self.abbreviations[words[0]], arguments))
            else:
                calls.append(" ".join(part.split(" ")).strip())
        return calls

    def read(self, path):
        """The scripts of a file, named after it."""
        self.abbreviations = dict(self.common)
        scripts, columns, name, lines = [], [], None, []

        def finish():
            for values in itertools.product(*(choices for _, choices in columns)):
                chosen = dict(zip((key for key, _ in columns), values))
                suffix = f" ({', '.join(values)})" if values else ""
                calls = [call for line in lines for call in self.expand(substitute(line, chosen))]
                scripts.append(Script(f"{path.stem}: {name}{suffix}", calls))

        pending = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            head, _, rest = line.partition(" ")
            if head == "define":
                abbreviation, _, calls = rest.partition(" ")
                self.abbreviations[abbreviation] = calls.strip()
            elif head == "with":
                key, _, choices = rest.partition("=")
                pending.append((key.strip(), [choice.strip() for choice in choices.split("|")]))
            elif head == "script":
                if name:
                    finish()
                name, lines, columns, pending = rest.strip(), [], pending, []
            elif name is None:
                raise ValueError(f"{path.name}:{number}: a line outside of scripts")
            else:
                lines.append(line)
        if name:
            finish()
        return scripts


def all_scripts(pattern=None):
    """Every script of this folder, those that have `pattern` in their name."""
    reader = Reader()
    scripts = []
    for path in sorted(here.glob("*.calls")):
        if path.stem != "common":
            scripts += reader.read(path)
    names = [script.name for script in scripts]
    twice = {name for name in names if names.count(name) > 1} if len(set(names)) < len(names) else ()
    if twice:
        raise ValueError(f"two scripts of one name: {sorted(twice)[:3]}")
    return [script for script in scripts if not pattern or re.search(pattern, script.name)]
