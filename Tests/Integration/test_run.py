"""Unmodified programs under `sockeye run`, as an ordinary user."""
import os
import re
import shutil
import signal
import subprocess
import unittest

import support

HUNDRED_MEGABYTES = 100_000_000
# Bytes that the built-in host computes as it sends them: the outputs of SplitMix64 from state 0, in
# network order. The hash is that of another program's.
LARGE = f"http://services.sockeye/bytes/{HUNDRED_MEGABYTES}"
LARGE_HASH = "f68e5a3ef8ffaaa9b234915d2ee89b40f5029a65b66d6692f5329d5139915876"


class ProgramsUnderRun(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.command = support.command_for_everybody(cls.room)
        if os.geteuid() == 0:
            os.chown(cls.room, support.NOBODY, support.NOBODY)
        cls.user = support.as_ordinary_user()
        probe = cls.sockeye_run("--", "true", check=False)
        if probe.returncode == 125:
            reason = probe.stderr.decode(errors="replace").strip()
            raise unittest.SkipTest(f"interception is not possible here: {reason}")

    @classmethod
    def sockeye_run(cls, *words, **options):
        options.setdefault("timeout", 300)
        return support.run(
            *cls.user, cls.command, "run", *words, cwd=cls.room,
            env={"PATH": os.environ["PATH"] + ":/usr/sbin", "LC_ALL": "C", "HOME": str(cls.room)},
            **options)

    # What programs fetch.

    def fetches_through_loss(self, name, *words):
        support.require(words[0])
        self.sockeye_run("--loss", "1%", "--", *words)
        self.assertEqual((self.room / name).stat().st_size, HUNDRED_MEGABYTES)
        self.assertEqual(support.hash_of(self.room / name), LARGE_HASH)
        os.remove(self.room / name)

    def test_curl(self):
        """curl fetches 100 MB through 1 % loss, every byte right"""
        self.fetches_through_loss("curl.out", "curl", "-sS", "--fail", "-o", "curl.out", LARGE)

    def test_wget(self):
        """wget fetches 100 MB through 1 % loss, every byte right"""
        self.fetches_through_loss("wget.out", "wget", "-q", "-O", "wget.out", LARGE)

    def test_python(self):
        """python3's urllib fetches 100 MB through 1 % loss, every byte right"""
        program = (
            "import shutil, sys, urllib.request\n"
            "with urllib.request.urlopen(sys.argv[1]) as page, open('python.out', 'wb') as file:\n"
            "    shutil.copyfileobj(page, file, 1 << 20)\n")
        self.fetches_through_loss("python.out", support.system_python(), "-c", program, LARGE)

    def test_static_busybox(self):
        """a static busybox's wget fetches 100 MB through 1 % loss, every byte right"""
        support.require("busybox", "ldd")
        if support.run("ldd", shutil.which("busybox"), check=False).returncode == 0:
            raise unittest.SkipTest("the busybox here is not a static one")
        self.fetches_through_loss(
            "busybox.out", "busybox", "wget", "-q", "-O", "busybox.out", LARGE)

    def test_page_through_a_bad_network(self):
        """the page arrives through loss, delay, jitter, duplicates, disorder and damage"""
        support.require("curl")
        plain = self.sockeye_run("--", "curl", "-sS", "http://services.sockeye/").stdout
        self.assertIn(b"<html", plain.lower())
        worse = ["--loss", "5%", "--delay", "10ms", "--jitter", "5ms", "--duplicate", "5%",
                 "--reorder", "5%", "--corrupt", "2%", "--rate", "20mbit", "--seed", "7"]
        page = self.sockeye_run(*worse, "--", "curl", "-sS", "http://10.0.2.4/").stdout
        self.assertEqual(page, plain)

    def test_delay_is_felt(self):
        """a delay of 100 ms each way makes a handshake and an answer last 400 ms"""
        support.require("curl")
        done = self.sockeye_run(
            "--delay", "100ms", "--", "curl", "-sS", "-o", "page", "-w", "%{time_total}",
            "http://10.0.2.4/")
        self.assertGreaterEqual(float(done.stdout), 0.4)
        self.assertLess(float(done.stdout), 3)

    # How programs end.

    def test_exit_status(self):
        """the program's exit status is passed on, and its end by a signal"""
        for script, status in [("exit 0", 0), ("exit 37", 37), ("kill -TERM $$", -15)]:
            done = self.sockeye_run("--", "sh", "-c", script, check=False)
            self.assertEqual((script, done.returncode), (script, status))

    def test_programs_that_are_none(self):
        """a program that is not there is 127, one that cannot be executed 126"""
        (self.room / "text").write_text("no program")
        for program, status in [("./absent", 127), ("./text", 126)]:
            done = self.sockeye_run("--", program, check=False)
            self.assertEqual((program, done.returncode), (program, status))
            self.assertNotEqual(done.stderr, b"")

    def test_errors_reach_the_program(self):
        """refused ports, unknown names and dead addresses are what they are elsewhere"""
        support.require("curl")
        # curl: 7 is "could not connect", 6 "could not resolve", 28 "timed out".
        for url, statuses in [("http://services.sockeye:81/", {7}), ("http://absent.example/", {6}),
                              ("http://10.0.2.77/", {7, 28})]:
            done = self.sockeye_run(
                "--", "curl", "-s", "--max-time", "10", "-o", "page", url, check=False)
            self.assertIn(done.returncode, statuses, url)

    def test_standard_streams(self):
        """standard input and output are the program's own"""
        sent = os.urandom(300_000)
        self.assertEqual(self.sockeye_run("--", "cat", input=sent).stdout, sent)

    def test_children_too(self):
        """programs that the program starts are on the stack too, and are waited for"""
        support.require("curl")
        script = ("curl -sS -o a http://10.0.2.4/ & curl -sS -o b http://10.0.2.4/ & "
                  "curl -sS -o c http://10.0.2.4/ && wait && cat a b c")
        text = self.sockeye_run("--", "sh", "-c", script).stdout.lower()
        self.assertEqual(text.count(b"<html"), 3)

    def test_interrupt(self):
        """the program gets the terminal's interrupt, and its status is passed on"""
        process = subprocess.Popen(
            [*self.user, str(self.command), "run", "--", "sh", "-c",
             "trap 'exit 9' INT; echo ready; while :; do sleep 0.1; done"],
            cwd=self.room, stdout=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.stdout.close)
        self.assertEqual(process.stdout.readline(), b"ready\n")
        os.killpg(process.pid, signal.SIGINT)
        try:
            self.assertEqual(process.wait(20), 9)
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    # What can be seen.

    def test_capture(self):
        """--capture records what tshark finds nothing wrong with"""
        support.require("curl", "tshark")
        self.sockeye_run(
            "--capture", "run.pcap", "--loss", "2%", "--delay", "5ms", "--",
            "curl", "-sS", "-o", "page", "http://services.sockeye/")
        capture = self.room / "run.pcap"
        self.assertEqual(support.faults_in_capture(capture), "")
        self.assertGreater(support.packets_in_capture(capture), 8)
        flags = support.run(
            "tshark", "-n", "-r", capture, "-Y", "tcp", "-T", "fields", "-e", "tcp.flags.str"
        ).stdout.decode()
        for flag in "SF":
            self.assertIn(flag, flags)

    def test_show(self):
        """--show prints the packets on standard error, and leaves standard output alone"""
        support.require("curl")
        done = self.sockeye_run("--show", "--", "curl", "-sS", "http://10.0.2.4/")
        self.assertIn(b"<html", done.stdout.lower())
        self.assertTrue(re.search(rb"Flags \[S\]", done.stderr), done.stderr[:500])
