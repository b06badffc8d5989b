"""The fuzzers over their seeds, and a little further."""
import pathlib
import shutil
import unittest

import support

root = pathlib.Path(__file__).resolve().parent.parent.parent


class Fuzzers(unittest.TestCase):
    def test_every_target_over_its_seeds(self):
        """every fuzz target takes its seeds and what coverage makes of them"""
        if not shutil.which("swiftc"):
            self.skipTest("swiftc is not in the path")
        runs = 200_000 if support.LONG else 1000
        done = support.run(
            root / "scripts/fuzz.sh", "check", runs, timeout=3600 if support.LONG else 600,
            check=False)
        text = done.stdout.decode(errors="replace") + done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, 0, text[-8000:])
        self.assertIn("nothing was found", text)
        targets = support.run(root / "scripts/fuzz.sh", "targets").stdout.split()
        self.assertGreater(len(targets), 15)
        for target in targets:
            self.assertIn(f"fuzz: {target.decode()} ", text)
