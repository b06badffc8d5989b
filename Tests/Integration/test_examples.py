"""The examples do what they say."""
import pathlib
import unittest

import support

built = pathlib.Path(__file__).resolve().parent.parent.parent / ".build" / "debug"


class Examples(unittest.TestCase):
    def test_two_hosts(self):
        """TwoHosts greets through loss and delay, and ends"""
        if not (built / "TwoHosts").exists():
            self.skipTest("the examples are not built: `swift build`")
        for _ in range(5):
            done = support.run(built / "TwoHosts", timeout=60)
            self.assertEqual((done.stdout, done.stderr), (b"Hello from Sockeye\n", b""))
