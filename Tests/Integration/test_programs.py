"""The project's own programs: examples, and tests that only optimised code can pass."""
import pathlib
import unittest

import support

built = pathlib.Path(__file__).resolve().parent.parent.parent / ".build"


class Programs(unittest.TestCase):
    def program(self, name, how):
        path = built / how / name
        if not path.exists():
            self.skipTest(f"{path.relative_to(built.parent)} is not built")
        return path

    def test_two_hosts(self):
        """TwoHosts greets through loss and delay, and ends"""
        program = self.program("TwoHosts", "debug")
        for _ in range(5):
            done = support.run(program, timeout=60)
            self.assertEqual((done.stdout, done.stderr), (b"Hello from Sockeye\n", b""))

    def test_no_allocation_per_packet(self):
        """no packet of a hundred thousand allocates on the heap, merged or not, TCP or UDP"""
        done = support.run(self.program("CountAllocations", "release"), timeout=120, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_random_calls(self):
        """random calls on sockets leave no socket, waiter, memory or descriptor: a million if long"""
        calls = 1_000_000 if support.LONG else 60_000
        done = support.run(
            self.program("FuzzCalls", "release"), calls, timeout=120 + calls // 500, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())

    def test_a_million_frames(self):
        """a million arbitrary frames neither trap nor hang nor leave anything behind"""
        frames = 10_000_000 if support.LONG else 1_000_000
        done = support.run(
            self.program("FuzzFrames", "release"), frames, timeout=60 + frames // 5000, check=False)
        self.assertEqual(done.returncode, 0, done.stdout.decode() + done.stderr.decode())
