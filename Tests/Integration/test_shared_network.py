"""Several runs on one network (`sockeye run --network`): names, traffic, and nothing left behind."""
import os
import pathlib
import signal
import subprocess
import time
import unittest

import support

# Answers each connection with its own name and the client's, until it is killed.
SERVER = """
import socket, sys
server = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
print("ready", flush=True)
while True:
    peer, address = server.accept()
    peer.sendall((sys.argv[2] + " " + address[0]).encode())
    peer.close()
"""

# Asks for each name and prints what it got.
CLIENT = """
import socket, sys
for name in sys.argv[2:]:
    peer = socket.create_connection((name, int(sys.argv[1])), timeout=20)
    print(peer.makefile().read())
"""


class RunsOnOneNetwork(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.command = support.command_for_everybody(cls.room)
        cls.runtime = pathlib.Path(cls.room) / "runtime"
        cls.runtime.mkdir(mode=0o700)
        if os.geteuid() == 0:
            for path in (cls.room, cls.runtime):
                os.chown(path, support.NOBODY, support.NOBODY)
        cls.environment = {
            "PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(cls.room),
            "XDG_RUNTIME_DIR": str(cls.runtime),
        }
        cls.user = support.as_ordinary_user()
        probe = subprocess.run(
            [*cls.user, cls.command, "run", "--", "true"], capture_output=True, timeout=60,
            cwd=cls.room, env=cls.environment)
        if probe.returncode == 125:
            reason = probe.stderr.decode(errors="replace").strip()
            raise unittest.SkipTest(f"interception is not possible here: {reason}")

    def start(self, *words, **options):
        """A run that goes on beside the test; killed at its end."""
        child = subprocess.Popen(
            [*self.user, self.command, "run", *words], cwd=self.room, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
            **options)
        self.addCleanup(self.kill, child)
        return child

    def kill(self, child):
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()

    def serve(self, network, name, port, *options):
        child = self.start(
            "--network", network, "--host", name, *options, "--", support.system_python(), "-c", SERVER,
            str(port), name)
        self.assertEqual(child.stdout.readline(), "ready\n", child)
        return child

    def ask(self, network, port, *names, options=()):
        done = subprocess.run(
            [*self.user, self.command, "run", "--network", network, *options, "--", support.system_python(),
             "-c", CLIENT, str(port), *names],
            cwd=self.room, env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def switches(self):
        """The processes that serve networks of this test."""
        found = []
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                words = pathlib.Path(f"/proc/{entry}/cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"network-switch" in words and str(self.runtime).encode() in b" ".join(words):
                found.append(int(entry))
        return found

    def assert_nothing_left(self):
        folder = self.runtime / "sockeye" / "networks"
        for _ in range(100):
            left = os.listdir(folder) + self.switches()
            if not left:
                return
            time.sleep(0.1)
        self.fail(f"left behind: {left}")

    def test_names_and_traffic(self):
        """two servers and a client find each other by name, over both families"""
        self.serve("lab", "web", 8801)
        self.serve("lab", "db", 8801, "--isolate")
        self.assertEqual(len(self.switches()), 1)
        answers = self.ask("lab", 8801, "web", "db", "web.sockeye", "10.0.3.11", "fd00:3::10")
        self.assertEqual([answer.split()[0] for answer in answers], ["web", "db", "web", "db", "web"])
        for answer in answers:
            self.assertRegex(answer, r"(10\.0\.3|fd00:3:)[.:]+12$")

    def test_other_networks(self):
        """runs on another network are not there"""
        self.serve("north", "web", 8802)
        done = subprocess.run(
            [*self.user, self.command, "run", "--network", "south", "--", support.system_python(), "-c",
             "import socket; print(socket.getaddrinfo('web.sockeye', 1))"],
            cwd=self.room, env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("gaierror", done.stderr)

    def test_taken_name(self):
        """a name that somebody has is refused, and a derived one gets a number"""
        self.serve("names", "web", 8803)
        done = subprocess.run(
            [*self.user, self.command, "run", "--network", "names", "--host", "web", "true"],
            cwd=self.room, env=self.environment, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("there is a host 'web' already", done.stderr)

    def test_end(self):
        """nothing is left when the last run has ended, and when all were killed"""
        first = self.serve("ends", "a", 8804)
        second = self.serve("ends", "b", 8805)
        self.assertEqual(len(self.switches()), 1)
        os.killpg(first.pid, signal.SIGTERM)
        first.wait(timeout=20)
        self.assertEqual(len(self.switches()), 1)
        os.killpg(second.pid, signal.SIGKILL)
        second.wait(timeout=20)
        self.assert_nothing_left()
        # The next begins anew.
        self.serve("ends", "a", 8804)
        self.assertEqual(len(self.switches()), 1)

    def test_killed_switch(self):
        """who comes after a switch was killed gets another"""
        self.serve("dead", "a", 8806)
        os.kill(self.switches()[0], signal.SIGKILL)
        self.serve("dead", "a", 8807)
        self.assertEqual(self.ask("dead", 8807, "a")[0].split()[0], "a")


if __name__ == "__main__":
    unittest.main()
