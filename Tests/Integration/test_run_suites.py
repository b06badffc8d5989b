"""Python's own tests of sockets, plainly and under `sockeye run`."""
import os
import unittest

import python_suites
import support


class PythonSuites(unittest.TestCase):
    def test_suites(self):
        """Python's own tests give under `sockeye run` what they give plainly"""
        modules = python_suites.ALL if support.LONG else python_suites.SMALL
        found = python_suites.compare(modules, support.BINARY, os.cpu_count() or 2)
        self.assertGreater(found.tests, 500)
        self.assertGreaterEqual(found.fraction, 0.98)
        self.assertEqual([f"{name}: {kernel} — {ours}" for name, kernel, ours in found.differing], [])
