"""What a user of `sockeye run` types and sees: options, captures, statistics, the fence."""
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

import support

PAGE = "http://10.0.2.4/"


class RunFace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        room = support.room()
        cls.room = room.__enter__()
        cls.addClassCleanup(room.__exit__, None, None, None)
        cls.command = support.command_for_everybody(cls.room)
        if os.geteuid() == 0:
            os.chown(cls.room, support.NOBODY, support.NOBODY)
        cls.user = support.as_ordinary_user()
        cls.environment = {"PATH": os.environ["PATH"] + ":/usr/sbin", "LC_ALL": "C",
                           "HOME": str(cls.room)}
        probe = cls.sockeye_run("--", "true", check=False)
        if probe.returncode == 125:
            reason = probe.stderr.decode(errors="replace").strip()
            raise unittest.SkipTest(f"interception is not possible here: {reason}")

    @classmethod
    def words(cls, *words):
        return [*cls.user, str(cls.command), "run", *words]

    @classmethod
    def sockeye_run(cls, *words, **options):
        options.setdefault("timeout", 120)
        return support.run(*cls.words(*words), cwd=cls.room, env=cls.environment, **options)

    def complaint(self, *words):
        done = self.sockeye_run(*words, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(done.stdout, b"")
        return done.stderr.decode()

    # Words.

    def test_alone(self):
        """`sockeye run` alone teaches what to type, on standard error, with status 2"""
        text = self.complaint()
        self.assertIn("usage: sockeye run [OPTION …] [--] PROGRAM [ARGUMENT …]", text)
        self.assertGreaterEqual(text.count("\n  sockeye run "), 2)
        self.assertIn("--help", text)

    def test_its_examples_work(self):
        """the first example of the lesson is one that works where there is no network"""
        support.require("curl")
        example = re.search(r"^  sockeye run (curl http\S+)$", self.complaint(), re.M)[1]
        self.assertIn(b"<html", self.sockeye_run(*example.split()).stdout.lower())

    def test_help(self):
        """--help is a page on standard output, and is the program's behind the program"""
        done = self.sockeye_run("--help")
        self.assertIn(b"It is no sandbox", done.stdout)
        self.assertEqual(done.stderr, b"")
        self.assertEqual(self.sockeye_run("echo", "--help", "--loss").stdout, b"--help --loss\n")

    def test_wrong_words(self):
        """a wrong option or value says what was wrong, what was expected, and where to read on"""
        for words, parts in [
            (["--los", "2%", "true"], ["unknown option '--los'", "is it '--loss'?"]),
            (["--loss", "two", "true"], ["--loss: 'two' is not a probability, such as 2%"]),
            (["--publish", "http", "true"], ["'http' is not [ADDRESS:]HOSTPORT:PORT[/udp]"]),
            (["--deny", "out tpc", "true"], ["--deny 'out tpc'", "tpc"]),
            (["--stats=xml", "true"], ["'xml' is not table, json", "--stats=json:run.json"]),
            (["--loss", "2%"], ["the program is missing", "sockeye run --loss 2% curl"]),
        ]:
            text = self.complaint(*words)
            for part in parts:
                self.assertIn(part, text)
            self.assertIn("Try 'sockeye run --help'.", text)

    # Captures.

    def comments(self, name):
        fields = support.run(
            "tshark", "-n", "-r", self.room / name, "-T", "fields", "-e",
            "frame.packet_flags_direction", "-e", "frame.comment", "-e", "frame.len")
        return [line.split("\t") for line in fields.stdout.decode().splitlines()]

    def test_capture_comments(self):
        """a capture tells whose each packet is, which way it went, and why it was dropped"""
        support.require("curl", "tshark")
        self.sockeye_run(
            "--capture", "c.pcapng", "--loss", "5%", "--corrupt", "3%", "--delay", "1ms", "--seed",
            "5", "--", "curl", "-sS", "-o", "page", PAGE + "bytes/300000")
        lines = self.comments("c.pcapng")
        texts = [comment for _, comment, _ in lines]
        self.assertTrue(any("program: curl" in text for text in texts))
        for reason in ["dropped by the link: loss", "dropped by the host: tcp bad checksum"]:
            self.assertTrue(any(reason in text for text in texts), reason)
        self.assertEqual({direction for direction, _, _ in lines}, {"0x00000001", "0x00000002"})
        self.assertLessEqual(max(int(length) for _, _, length in lines), 1514)
        where = support.run(
            "tshark", "-n", "-r", self.room / "c.pcapng", "-T", "fields", "-e",
            "frame.interface_name", "-c", "1").stdout
        self.assertEqual(where.strip(), b"eth0")

    def test_capture_of_merged_packets(self):
        """where nothing is troubled 64 KB packets pass whole, and are captured as a wire has them"""
        support.require("curl", "tshark")
        self.sockeye_run(
            "--capture", "m.pcapng", "--", "curl", "-sS", "-o", "page", PAGE + "bytes/3000000")
        self.assertEqual(support.faults_in_capture(self.room / "m.pcapng"), "")
        lengths = [int(length) for _, _, length in self.comments("m.pcapng")]
        self.assertLessEqual(max(lengths), 1514)
        self.assertGreater(sum(lengths), 3_000_000)

    def test_same_seed(self):
        """the same seed drops the packets with the same numbers"""
        support.require("curl", "tshark")
        runs = []
        for name in ["s1.pcapng", "s2.pcapng"]:
            self.sockeye_run(
                "--capture", name, "--down-loss", "20%", "--seed", "9", "--ipv4", "--", "curl",
                "-sS", "-o", "page", PAGE)
            incoming = [comment for direction, comment, _ in self.comments(name)
                        if direction == "0x00000001"]
            runs.append(["loss" in comment for comment in incoming])
        count = min(map(len, runs))
        self.assertGreater(count, 4)
        self.assertEqual(runs[0][:count], runs[1][:count])

    def test_capture_of_a_killed_run(self):
        """what was captured is in the file when the run is killed"""
        support.require("curl", "tshark")
        process = subprocess.Popen(
            self.words("--capture", "k.pcapng", "--rate", "4mbit", "--", "curl", "-sS", "-o",
                       "page", PAGE + "bytes/30000000"),
            cwd=self.room, env=self.environment, start_new_session=True,
            stdin=subprocess.DEVNULL)
        capture = self.room / "k.pcapng"
        try:
            support.wait_until(
                lambda: capture.exists() and capture.stat().st_size > 100_000, "packets came", 30)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.assertGreater(support.packets_in_capture(capture), 60)

    def test_lines(self):
        """--capture - prints a line for each packet with the program's name, beside a file too"""
        support.require("curl")
        done = self.sockeye_run("--capture", "-", "--capture", "b.pcapng", "--", "curl", "-sS", PAGE)
        self.assertIn(b"<html", done.stdout.lower())
        lines = [line for line in done.stderr.decode().splitlines() if "curl: IP " in line]
        self.assertTrue(any("Flags [S]" in line for line in lines), done.stderr[:500])
        self.assertTrue(any("HTTP: GET / HTTP/1.1" in line for line in lines))
        self.assertGreater((self.room / "b.pcapng").stat().st_size, 1000)

    def test_capture_that_fails(self):
        """a capture that cannot be made is told before the program starts"""
        done = self.sockeye_run("--capture", "absent/c.pcapng", "--", "echo", "ran", check=False)
        self.assertEqual(done.stdout, b"")
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"--capture: cannot write capture file absent/c.pcapng", done.stderr)

    # Statistics.

    def test_statistics_json(self):
        """--stats=json:FILE has every connection: bytes, packets, times, round trips, state"""
        support.require("curl")
        script = (f"curl -sS -o a {PAGE}bytes/200000; curl -sS -o b http://10.0.2.4:81/; "
                  "true")
        self.sockeye_run(
            "--stats=json:s.json", "--delay", "10ms", "--", "sh", "-c", script)
        report = json.loads((self.room / "s.json").read_text())
        first, second = report["connections"]
        self.assertEqual(first["program"], "curl")
        self.assertEqual(first["remote"], "10.0.2.4:80")
        self.assertTrue(first["local"].startswith("10.0.2.15:"))
        self.assertEqual(first["state"], "closed")
        self.assertGreater(first["received_bytes"], 200_000)
        self.assertGreater(first["sent_bytes"], 40)
        self.assertGreater(first["received_packets"], 2)
        # Timestamps count milliseconds.
        self.assertGreaterEqual(first["min_rtt_us"], 18_000)
        self.assertLess(first["min_rtt_us"], 200_000)
        self.assertGreaterEqual(first["duration_us"], 40_000)
        self.assertEqual(second["state"], "refused")
        self.assertGreater(second["start_us"], first["start_us"])
        self.assertGreater(report["link"]["received"]["packets"], 2)

    def test_statistics_table(self):
        """--stats prints a table at the end, with drops by reason, on standard error"""
        support.require("curl")
        done = self.sockeye_run(
            "--stats", "--loss", "10%", "--seed", "3", "--", "curl", "-sS", "-o", "page",
            PAGE + "bytes/100000")
        self.assertEqual(done.stdout, b"")
        table = done.stderr.decode()
        self.assertRegex(table, r"(?m)^Program +Proto +Local +Remote +State")
        # The run does not wait for a peer that has yet to close.
        self.assertRegex(
            table, r"(?m)^curl +tcp +10\.0\.2\.15:\d+ +10\.0\.2\.4:80 +(closed|FIN-WAIT-2) ")
        self.assertRegex(table, r"(?m)^\d+ packets dropped by the link: loss$")

    def test_statistics_on_a_signal(self):
        """SIGUSR1 prints the statistics while the program runs, and does not reach it"""
        process = subprocess.Popen(
            self.words("--stats", "--", "sh", "-c", "echo ready; sleep 3; echo done"),
            cwd=self.room, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL)
        try:
            self.assertEqual(process.stdout.readline(), b"ready\n")
            process.send_signal(signal.SIGUSR1)
            self.assertTrue(process.stderr.readline().startswith(b"Link: "))
            self.assertIsNone(process.poll())
            self.assertEqual(process.communicate(timeout=30)[0], b"done\n")
            self.assertEqual(process.returncode, 0)
        finally:
            process.kill()
            process.wait()

    def test_progress(self):
        """--progress shows throughput on a terminal, and erases it; elsewhere it shows nothing"""
        support.require("curl")
        words = self.words("--progress", "--rate", "8mbit", "--", "curl", "-sS", "-o", "page",
                           PAGE + "bytes/3000000")
        ours, theirs = pty.openpty()
        try:
            process = subprocess.Popen(
                words, cwd=self.room, env=self.environment, stderr=theirs,
                stdin=subprocess.DEVNULL, start_new_session=True)
            os.close(theirs)
            text = b""
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                if not select.select([ours], [], [], 1)[0]:
                    continue
                try:
                    piece = os.read(ours, 4096)
                except OSError:
                    break
                if not piece:
                    break
                text += piece
            self.assertEqual(process.wait(30), 0)
        finally:
            os.close(ours)
        self.assertRegex(text.decode(), r"↑ [\d.]+ \w?bit/s  ↓ [\d.]+ Mbit/s  1 open")
        self.assertTrue(text.endswith(b"\r\x1b[K"), text[-40:])
        quiet = self.sockeye_run("--progress", "--", "sleep", "1.2")
        self.assertEqual(quiet.stderr, b"")

    # The fence.

    def test_deny(self):
        """who is denied is refused at once; the capture and the statistics say by which rule"""
        support.require("curl", "tshark")
        began = time.monotonic()
        done = self.sockeye_run(
            "--deny", "out tcp to 10.0.2.4 port 80", "--capture", "d.pcapng", "--stats", "--",
            "curl", "-sS", "--max-time", "20", PAGE, check=False)
        self.assertEqual(done.returncode, 7)
        self.assertLess(time.monotonic() - began, 10)
        reason = "denied by rule 1: out tcp to 10.0.2.4 port 80"
        self.assertIn(reason, done.stderr.decode())
        self.assertTrue(any(reason in text for _, text, _ in self.comments("d.pcapng")))

    def test_silently(self):
        """a rule with silently leaves who is denied waiting, one with log prints a line"""
        support.require("curl")
        done = self.sockeye_run(
            "--deny", "tcp port 80 program curl silently log", "--", "curl", "-sS", "--max-time",
            "1", PAGE, check=False)
        self.assertEqual(done.returncode, 28)
        self.assertRegex(
            done.stderr.decode(), r"sockeye: denied out tcp 10\.0\.2\.15:\d+ > 10\.0\.2\.4:80 by curl")

    def test_allow(self):
        """once an --allow is given, what none allows is denied; the first rule that fits decides"""
        support.require("curl")
        rules = ["--deny", "out tcp port 13", "--allow", "out tcp to 10.0.2.4"]
        self.sockeye_run(*rules, "--", "curl", "-sS", "-o", "page", PAGE)
        for url in ["telnet://10.0.2.4:13", "http://[fd00:2::4]/"]:
            done = self.sockeye_run(
                *rules, "--", "curl", "-g", "-sS", "--max-time", "5", url, check=False)
            self.assertNotEqual(done.returncode, 0, url)

    def test_ipv6(self):
        """the program's host has IPv6, unless it shall not"""
        support.require("curl")
        page = self.sockeye_run("--", "curl", "-g", "-sS", "http://[fd00:2::4]/").stdout
        self.assertIn(b"<html", page.lower())
        done = self.sockeye_run(
            "--ipv4", "--", "curl", "-g", "-sS", "http://[fd00:2::4]/", check=False)
        self.assertEqual(done.returncode, 7)
