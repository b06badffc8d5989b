"""Calls on sockets: the kernel's answers and Sockeye's, beside each other."""
import os
import pathlib
import sys
import unittest

import support
from support import require, room

root = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(root / "Tests/Behaviour"))
import comparison
import scripts
import sides

# How many complaints are shown: who has more looks with Tests/Behaviour/run.py.
SHOWN = 20


class Behaviour(unittest.TestCase):
    def compare(self, make):
        """Runs all scripts on the kernel and on what `make` makes; how many were the same."""
        if os.geteuid() != 0:
            raise unittest.SkipTest("network namespaces take root")
        require("cc", "unshare", "ip", "sysctl")
        all_scripts = scripts.all_scripts()
        self.assertGreater(len(all_scripts), 1000)
        with room() as directory:
            measure = sides.kernel(directory)
            found = comparison.compare(all_scripts, measure, make(directory, measure))
        if found.complaints:
            self.fail(f"{len(found.complaints)} of {len(all_scripts)} scripts differ\n"
                      + "\n".join(found.complaints[:SHOWN]))
        return found.compared

    def built(self, name):
        """What was built beside the command."""
        path = pathlib.Path(support.BINARY).parent / name
        if not path.exists():
            self.fail(f"{path} is not there: run `make test`")
        return path

    def test_c_interface(self):
        """every call of every script gives through sockeye.h what the kernel gives"""
        library = self.built("libsockeye-library.so")
        compared = self.compare(lambda room, _: sides.sockeye(room, library.parent))
        self.assertGreater(compared, 1000)

    def test_swift_interface_on_sockeye(self):
        """calls that Swift's sockets have give on a host of Sockeye's what the kernel gives"""
        program = self.built("SwiftCalls")
        compared = self.compare(lambda room, measure: sides.swift(room, program, "sockeye", measure))
        self.assertGreater(compared, 500)

    def test_swift_interface_on_the_kernel(self):
        """calls that Swift's sockets have give on the kernel's network what the kernel gives C"""
        program = self.built("SwiftCalls")
        compared = self.compare(lambda room, measure: sides.swift(room, program, "kernel", measure))
        self.assertGreater(compared, 500)

    def test_interception(self):
        """every call of every script gives under `sockeye run` what the kernel gives"""
        compared = self.compare(
            lambda room, measure: sides.interception(room, support.BINARY, measure))
        self.assertGreater(compared, 1000)
