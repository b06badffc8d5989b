"""Numbered checks of what a program sees of its sockets, plainly and under `sockeye run`."""
import re

import python_suites
import support
from run_support import UnderRun, programs


class Probe(UnderRun):
    def compile(self, name, *flags):
        support.require("cc")
        output = self.room / name
        support.run("cc", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread", *flags, "-o", output,
                    *sorted((programs / "probe").glob("*.c")))
        output.chmod(0o755)
        return output

    def compare(self, probe):
        """Whether all lines are equal; those that differ on purpose are listed with their reason."""
        plain = self.lines(self.plainly(probe, timeout=300))
        ours = self.lines(self.inside(probe, timeout=300))
        self.assertGreater(len(plain), 600)
        expected = python_suites.expected_differences("The probe")
        complaints = []
        for number in sorted(set(plain) | set(ours)):
            what, kernel = plain.get(number, ("", "absent"))
            what, found = ours.get(number, (what, "absent"))
            if kernel == found:
                continue
            rows = [row for row in expected if row.covers(what, kernel, found)]
            for row in rows:
                row.seen = True
            if not rows:
                complaints.append(f"{number} {what}: {kernel} — {found}")
        self.assertEqual(complaints, [], "\n" + "\n".join(complaints))
        self.assertEqual([row.test for row in expected if not row.seen], [], "no longer so")

    @staticmethod
    def lines(done):
        """By its number, what was checked and what came of it."""
        found = {}
        for line in done.stdout.decode().splitlines():
            parts = re.fullmatch(r"(\d+) (.*?): (.*)", line)
            if parts:
                found[int(parts[1])] = parts[2], parts[3].strip()
        return found

    def test_dynamic(self):
        """650 numbered checks give under `sockeye run` what they give plainly"""
        self.compare(self.compile("probe"))

    def test_static(self):
        """650 numbered checks, statically linked, give what they give plainly"""
        self.compare(self.compile("static-probe", "-static"))
